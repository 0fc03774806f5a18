package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An account's whole life without a browser: added, changed, given a token that
// is taken away again, shut.
func TestAccountsFromTheTerminal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tocsin.yaml")
	if err := os.WriteFile(file, []byte("data-dir: data\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(want int, args ...string) string {
		t.Helper()
		code, out := shell(t, append([]string{"account", args[0], "--config", file}, args[1:]...)...)
		if code != want {
			t.Fatalf("%v: exit %d\n%s", args, code, out)
		}
		return out
	}
	do(0, "add", "olga", "--role", "officer")
	do(0, "token", "olga", "--scope", "read", "--label", "nightly")
	list := do(0, "list")
	id := regexp.MustCompile(`token (\S+) until .* nightly`).FindStringSubmatch(list)
	if id == nil {
		t.Fatalf("the token is not listed:\n%s", list)
	}
	do(0, "revoke", "olga", id[1])
	do(exitNotFound, "revoke", "olga", id[1])
	do(exitNotFound, "set", "nobody", "--disable")
	do(exitInvalid, "set", "olga")
	if out := do(0, "set", "olga", "--role", "comms", "--password", "--second-factor"); !regexp.MustCompile(`(?s)comms now.*password: +\S{20}.*second factor: [A-Z2-7]{16,}`).MatchString(out) {
		t.Errorf("set says:\n%s", out)
	}
	do(0, "set", "olga", "--disable")
	if out := do(0, "list"); !regexp.MustCompile(`olga +comms +disabled`).MatchString(out) || strings.Contains(out, "token ") {
		t.Errorf("the list:\n%s", out)
	}
	do(0, "set", "olga", "--enable")
	if out := do(0, "list"); strings.Contains(out, "disabled") {
		t.Errorf("the list:\n%s", out)
	}
}
