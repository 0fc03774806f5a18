//go:build race

package notifiers_test

const raceEnabled = true
