// Package settings reads what an operator decides: one strict YAML file, and
// secrets from the environment or from files of their own.
//
// It refuses what it does not know: an unknown key, a wrong type or a value out
// of range stops the start with the place and the reason. Every provider's base
// address is a setting of the file alone, so that nobody who can set a variable
// or fill in a form can redirect notices.
package settings
