package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a report looks like is tested where it is made; here a number nobody has
// and a format nobody knows.
func TestReportFromTheTerminal(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "tocsin.yaml")
	if err := os.WriteFile(config, []byte("data-dir: data\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"4"}, exitNotFound, "there is no report R-4"},
		{[]string{"4", "--format", "odt"}, exitUsage, "odt"},
		{[]string{"four"}, exitUsage, "four"},
	} {
		code, out := shell(t, append([]string{"report", "--config", config}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%v: exit %d, wanted %d and %q\n%s", c.args, code, c.code, c.says, out)
		}
	}
}
