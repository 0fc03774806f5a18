package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ownRule = `jurisdiction: XX
name: Somewhere
zone: Europe/Berlin
calendar: EU
rules:
  - id: xx-1
    title: Tell somebody
    title-zh: 告知
    law: Some law
    citation: s. 1
    authority: Somebody
    audience: regulator
    status: in_force
    effective: "2020-01-01"
    confidence: verified
    sources: ["https://example.org/law"]
    checked: "2026-11-23"
    binding: statute
    content: [nature]
    place: DE
    applies:
      - when: residents > 10
        because: More than ten.
        not: Ten or fewer.
    clock: {start: awareness, facts: [aware_at], length: P3D, unit: business-days}
`

func TestConfigCheckReadsRulesAndWords(t *testing.T) {
	for name, c := range map[string]struct {
		config, old, new string
		code             int
		says             string
	}{
		"nothing of our own": {"data-dir: data\n", "", "", 0, "rules-dir: \"\""},
		"good rules":         {"rules-dir: own\n", "", "", 0, "organisation:"},
		"a rule the linter would rather see fuller": {"rules-dir: own\n", `effective: "2020-01-01"`, `effective: ""`, 0, "warning: rules/xx.yaml:13: xx-1: in force since when?"},
		"a rule that loads and says too little":     {"rules-dir: own\n", "title-zh: 告知", `title-zh: ""`, exitInvalid, "error: rules/xx.yaml:6: xx-1: there is no Chinese title"},
		"a broken condition":                        {"rules-dir: own\n", "residents > 10", "residents >", exitInvalid, "error: rules/xx.yaml:22: xx-1: the condition does not compile"},
		"no such folder of rules":                   {"rules-dir: nowhere\n", "", "", exitInvalid, "cannot be read"},
		"a folder that is no pack":                  {"rules-dir: .\n", "", "", exitInvalid, "would not be read"},
		"no such folder of words":                   {"templates-dir: nowhere\n", "", "", exitInvalid, "words"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.MkdirAll(filepath.Join(dir, "own", "rules"), 0o700); err != nil {
				t.Fatal(err)
			}
			write("own/rules/xx.yaml", strings.Replace(ownRule, c.old, c.new, 1))
			write("tocsin.yaml", c.config)
			code, out := shell(t, "config", "check", filepath.Join(dir, "tocsin.yaml"))
			if code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("exit %d, want %d with %q\n%s", code, c.code, c.says, out)
			}
		})
	}
}

func TestConfigCheckForAWorker(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		code   int
		says   string
	}{
		"a worker with SQLite and the embedded bus": {"data-dir: data\n", exitInvalid, "database.url: is needed by a worker"},
		"a worker on the service's own machine":     {"database: {url: 'postgres://db/tocsin'}\nbus: {url: 'nats://bus:4222'}\n", 0, "warning: key-database.url is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tocsin.yaml")
			if err := os.WriteFile(path, []byte(c.config), 0o600); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			env := func(string) string { return "" }
			if code := run(t.Context(), []string{"config", "check", "--worker", path}, &terminal{out: &out, err: &out, env: env}); code != c.code || !strings.Contains(out.String(), c.says) {
				t.Errorf("exit code %d, said %s", code, out.String())
			}
			if c.code == 0 {
				return
			}
			if code := run(t.Context(), []string{"worker", "--config", path}, &terminal{out: &out, err: &out, env: env}); code != c.code {
				t.Errorf("worker ended with %d, said %s", code, out.String())
			}
		})
	}
}
