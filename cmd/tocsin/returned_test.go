package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A list of returned letters is tried out first; lines of nobody are named by
// their number. What a list does to deliveries is tested with the service.
func TestReturnedFromTheTerminal(t *testing.T) {
	dir := t.TempDir()
	config, list, unknown := filepath.Join(dir, "tocsin.yaml"), filepath.Join(dir, "back.csv"), filepath.Join(dir, "unknown.csv")
	for file, text := range map[string]string{config: "data-dir: data\n", list: "code,why\n7-1-l,moved\nAda Lovelace\n", unknown: "7-1-l,moved\n7-2-l,Lovelace\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{list}, 0, []string{"2 lines: 0 returned letters would be recorded (add --commit), 0 known before, 2 left out", "line 2: no such letter has left", "line 3: neither"}},
		{[]string{list, "--commit"}, 0, []string{"0 returned letters recorded"}},
		{[]string{unknown, "--commit"}, exitInvalid, []string{"unknown reason: 2", "deceased, insufficient, moved"}},
		{[]string{"-"}, 0, []string{"0 lines"}},
		{[]string{filepath.Join(dir, "nowhere")}, exitInvalid, []string{"cannot be read"}},
	} {
		code, out := shell(t, append([]string{"returned", "--config", config}, c.args...)...)
		if code != c.code || strings.Contains(out, "Lovelace") {
			t.Errorf("%v: exit %d\n%s", c.args, code, out)
		}
		for _, s := range c.says {
			if !strings.Contains(out, s) {
				t.Errorf("%v lacks %q:\n%s", c.args, s, out)
			}
		}
	}
}
