package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

// The example is the first thing anybody starts with, as it is.
func TestTheExampleIsCheckedAndServes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tocsin.yaml")
	code, example := shell(t, "config", "example")
	if code != 0 {
		t.Fatal(code, example)
	}
	for port, free := range map[string]string{"127.0.0.1:8470": "127.0.0.1:0", "127.0.0.1:8471": "127.0.0.1:0"} { // others may have these
		example = strings.ReplaceAll(example, "listen: "+port, "listen: "+free)
	}
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := shell(t, "config", "check", path); code != 0 {
		t.Fatalf("check: exit %d, %s", code, out)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &until{text: "console and alert hook on", then: stop}
	env := func(key string) string {
		return map[string]string{"TOCSIN_PASSPHRASE": "a passphrase of some length"}[key]
	}
	code = run(ctx, []string{"serve", "--config", path}, &terminal{out: out, err: out, in: strings.NewReader(""), env: env})
	if code != 0 || !out.seen {
		t.Errorf("serve: exit %d, %s", code, out.all.String())
	}
}

// until calls then once a text was written.
type until struct {
	mu   sync.Mutex // guards what follows: the log and the verb both write
	all  strings.Builder
	text string
	seen bool
	then func()
}

func (u *until) Write(b []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all.Write(b)
	if !u.seen && strings.Contains(u.all.String(), u.text) {
		u.seen = true
		u.then()
	}
	return len(b), nil
}

func TestConfigCheckFindsWhatServeWouldRefuse(t *testing.T) {
	for name, c := range map[string]struct{ config, says string }{
		"a format that is none":            {"sources: [{name: wazuh, format: wazuh, auth: {style: bearer, token: change-this-long-random-value}}]", `there is no format "wazuh"`},
		"no certificate of Amazon's":       {"sources: [{name: aws, format: sns-envelope, auth: {style: sns, topics: [arn], certificate-file: sns.pem}}]", "sns.pem"},
		"a secret that is too short":       {"sources: [{name: splunk, format: splunk-webhook, auth: {style: bearer, token: short}}]", "shorter than"},
		"two listeners on one port":        {"inside: {listen: '127.0.0.1:8470'}\npublic: {listen: '127.0.0.1:8470'}", "public.listen"},
		"one of them on every address":     {"inside: {listen: '127.0.0.1:8470'}\npublic: {listen: ':8470'}", "public.listen"},
		"no certificate":                   {"inside: {tls-cert: nowhere.crt, tls-key: nowhere.key}", "nowhere.crt"},
		"no Maildir":                       {"channels: {email: {bounces: {maildir: nowhere}, smtp: {from: a@example.org}}}", "there is no Maildir"},
		"no such country":                  {"organisation: {name: Ex, country: XX}", "there is no country XX"},
		"a language nothing is written in": {"organisation: {name: Ex, languages: [de]}", "there are no words for the language de"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tocsin.yaml")
			if err := os.WriteFile(path, []byte(c.config+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, verb := range [][]string{{"config", "check", path}, {"serve", "--config", path}} {
				if code, out := shell(t, verb...); code != exitInvalid || !strings.Contains(out, c.says) {
					t.Errorf("%s: exit %d, want %d with %q\n%s", verb[0], code, exitInvalid, c.says, out)
				}
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), "data")); err == nil {
				t.Error("serve touched the data folder before it refused")
			}
		})
	}
}
