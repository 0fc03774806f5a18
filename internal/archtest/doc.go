// Package archtest keeps the house in order: which package may import which,
// which one package is the door to a third-party module, and what nobody may
// call. Each rule is a line in a table with its reason; to change the house,
// change the table, and say why in docs/decisions.
//
// It reads the source, not the build, so that a file behind a build tag counts
// too, and a package that does not compile yet can be checked.
package archtest
