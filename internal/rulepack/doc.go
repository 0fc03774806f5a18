// Package rulepack makes a rule pack one signed file and reads it back, so that
// the law can change without the program.
//
// A pack file is an archive of the pack's folders and its changelog, with a
// manifest (version, format number, SHA-256 of each file) and an Ed25519
// signature over it. Equal rules and an equal key give equal bytes. Nothing in a
// file is believed before its signature is checked, nothing is unpacked to disk,
// and a pack the linter finds errors in is not read.
package rulepack
