package main

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shell runs the program and returns its exit code and what it printed.
func shell(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var b bytes.Buffer
	env := func(key string) string {
		return map[string]string{"TOCSIN_PASSPHRASE": "a passphrase of some length"}[key]
	}
	code = run(t.Context(), args, &terminal{out: &b, err: &b, in: strings.NewReader(""), env: env})
	return code, b.String()
}

func TestVerifyFindsAChangedLog(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		want       string
	}{
		"nothing is changed":  {nil, "3 audit entries unchanged"},
		"an entry is changed": {[]string{`DROP TRIGGER ledger_entries_no_update`, `UPDATE ledger_entries SET body = REPLACE(body, 'wes', 'eve') WHERE seq = 2`}, "record 2 was edited"},
		"an entry is gone":    {[]string{`DROP TRIGGER ledger_entries_no_delete`, `DELETE FROM ledger_entries WHERE seq = 2`}, "record 2 was deleted"},
		"the end is cut off":  {[]string{`DROP TRIGGER ledger_entries_no_delete`, `DELETE FROM ledger_entries WHERE seq = 3`}, "truncated"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			config := filepath.Join(dir, "tocsin.yaml")
			if err := os.WriteFile(config, []byte("data-dir: "+dir+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, who := range []string{"ada", "wes", "kim"} {
				if code, out := shell(t, "account", "add", who, "--role", "auditor", "--config", config); code != 0 {
					t.Fatal(code, out)
				}
			}
			tamper(t, filepath.Join(dir, "tocsin.db"), c.statements)
			code, out := shell(t, "verify", "--log", "--config", config)
			if !strings.Contains(out, c.want) || (code == 0) != (c.statements == nil) {
				t.Errorf("exit %d, %s", code, out)
			}
		})
	}
}

func tamper(t *testing.T, file string, statements []string) {
	t.Helper()
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		r, err := db.ExecContext(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := r.RowsAffected(); n == 0 && !strings.HasPrefix(s, "DROP") {
			t.Fatalf("nothing was changed by %s", s)
		}
	}
}

func TestVerifyAsksForOneThing(t *testing.T) {
	if code, out := shell(t, "verify"); code != exitUsage || !strings.Contains(out, "hint:") {
		t.Errorf("exit %d, %s", code, out)
	}
}

// A slip of the hand must not read as a log that was tampered with.
func TestVerifyTellsAWrongKeyFromAChangedLog(t *testing.T) {
	dir := t.TempDir()
	config, noKey := filepath.Join(dir, "tocsin.yaml"), filepath.Join(dir, "verifier")
	for name, text := range map[string]string{config: "data-dir: " + dir + "\n", noKey: "<html>\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for key, says := range map[string]string{"nokey": "--key is neither a key nor a file", noKey: "the file of --key holds no public key"} {
		code, out := shell(t, "verify", "--log", "--key", key, "--config", config)
		if code != exitUsage || !strings.Contains(out, says) || strings.Contains(out, "changed") {
			t.Errorf("--key %s: exit %d, %s", key, code, out)
		}
	}
}

func TestWhoAsksWhatThereIsIsShownTheVerbs(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"--help"}} {
		if code, out := shell(t, args...); code != 0 || !strings.Contains(out, "serve") || !strings.Contains(out, "verify") {
			t.Errorf("%v: exit %d, %s", args, code, out)
		}
	}
	if code, out := shell(t, "version"); code != 0 || strings.TrimSpace(out) != version {
		t.Errorf("exit %d, %s", code, out)
	}
}
