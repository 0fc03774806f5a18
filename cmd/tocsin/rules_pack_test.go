package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/regulators"
)

// packFolder writes a whole pack with the rules of one place, so that tests are quick.
func packFolder(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	files, err := regulators.Files(regulators.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	files["vocabulary/pack.yaml"] = []byte("version: \"" + version + "\"\n")
	files["CHANGELOG.md"] = []byte("## " + version + ", 2026-11-29\n\n- A change for tests, because\n  tests want one.\n")
	for name, b := range files {
		if strings.HasPrefix(name, "rules/") && name != "rules/ch.yaml" {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func wants(t *testing.T, code int, says []string, args ...string) string {
	t.Helper()
	got, out := shell(t, args...)
	if got != code {
		t.Errorf("%v ends with %d, want %d: %s", args, got, code, out)
	}
	for _, s := range says {
		if !strings.Contains(out, s) {
			t.Errorf("%v does not say %q: %s", args, s, out)
		}
	}
	return out
}

func TestRulesArePackedSignedAndRead(t *testing.T) {
	dir, rules := t.TempDir(), packFolder(t, "2099.1")
	key, other, pack := filepath.Join(dir, "sign.key"), filepath.Join(dir, "other.key"), filepath.Join(dir, "law.pack")
	public := strings.TrimSpace(strings.Split(wants(t, 0, []string{"keep ", "law.example.org+"}, "rules", "keygen", "--name", "law.example.org", "--out", key), "\n")[0])
	wants(t, 0, nil, "rules", "keygen", "--raw", "--name", "eve", "--out", other)
	wants(t, exitConflict, []string{"already"}, "rules", "keygen", "--name", "law.example.org", "--out", key)

	wants(t, 0, []string{"pack 2099.1+", "signed by " + public}, "rules", "pack", rules, "--out", pack, "--key", key)
	one, err := os.ReadFile(pack)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, 0, nil, "rules", "pack", rules, "--out", pack, "--key", key)
	if two, err := os.ReadFile(pack); err != nil || string(one) != string(two) {
		t.Errorf("equal rules give other bytes: %v", err)
	}
	wants(t, exitInvalid, []string{"no signing key"}, "rules", "pack", rules, "--out", pack, "--key", key+".pub")

	wants(t, 0, []string{"✓ pack 2099.1+", "- A change for tests, because tests want one."}, "rules", "verify", pack, "--key", key+".pub")
	wants(t, 0, []string{`"trusted": true`}, "rules", "verify", pack, "--key", public, "--json")
	wants(t, 0, []string{"compare it with the one its maker publishes"}, "rules", "verify", pack)
	wants(t, exitForbidden, []string{"not among the trusted keys"}, "rules", "verify", pack, "--key", other+".pub")
	wants(t, exitInvalid, []string{"secret signing key"}, "rules", "verify", pack, "--key", other)

	// Wherever a folder goes, a file does. It stands for itself, not over the shipped rules.
	out := wants(t, 0, []string{"pack 2099.1+"}, "rules", "list", "--rules", pack, "--key", public)
	if strings.Contains(out, "eu-gdpr-33") || strings.Contains(out, "own word") {
		t.Errorf("the list is not that of the file: %s", out)
	}
	wants(t, 0, []string{"its own word"}, "rules", "check", pack)
	wants(t, 0, []string{"removed eu-gdpr-33:", "rules differ between"}, "rules", "diff", "shipped", pack, "--key", public)
	wants(t, 0, []string{"is the older pack"}, "rules", "diff", pack, "shipped", "--key", public)
	facts := filepath.Join(dir, "facts.yaml")
	if err := os.WriteFile(facts, []byte(factsOfATest), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, 0, []string{"Pack 2099.1+"}, "rules", "explain", "--rules", pack, "--facts", facts, "--key", public)
	wants(t, exitNotFound, []string{"no folder and no pack file"}, "rules", "list", "--rules", filepath.Join(dir, "none"))

	older := filepath.Join(dir, "older.pack")
	wants(t, 0, nil, "rules", "pack", packFolder(t, "2020.1"), "--out", older, "--key", key)
	wants(t, 0, []string{"warning: the pack 2020.1+", "is older than the rules in this program"}, "rules", "verify", older, "--key", public)

	bad := filepath.Join(dir, "bad.pack")
	if err := os.WriteFile(bad, []byte(strings.Replace(string(one), "jurisdiction: CH", "jurisdiction: CN", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, exitInvalid, []string{"rules/ch.yaml was changed after it was signed"}, "rules", "verify", bad, "--key", public)

	config := filepath.Join(dir, "tocsin.yaml")
	for name, c := range map[string]struct {
		pack, key, says string
		code            int
	}{
		"a good pack":              {"law.pack", public, "rules-pack:", 0},
		"an older pack":            {"older.pack", public, "warning: the pack 2020.1+", 0},
		"a changed pack":           {"bad.pack", public, "rules-pack: the rule pack", exitInvalid},
		"a pack of somebody else":  {"law.pack", strings.Replace(public, "law.", "lax.", 1), "not a public key", exitInvalid},
		"a pack that is not there": {"none.pack", public, "no such file", exitNotFound},
		"a pack without a key":     {"law.pack", "", "rules-keys", exitInvalid},
	} {
		keys := "[]"
		if c.key != "" {
			keys = "['" + c.key + "']"
		}
		if err := os.WriteFile(config, []byte("data-dir: data\nrules-pack: "+c.pack+"\nrules-keys: "+keys+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			wants(t, c.code, []string{c.says}, "config", "check", config)
			if c.code != 0 {
				wants(t, c.code, []string{c.says}, "serve", "--config", config) // it does not start
			}
		})
	}
}

func TestWhatIsPackedHasAVersionOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	key, own := filepath.Join(dir, "sign.key"), filepath.Join(dir, "own")
	wants(t, 0, nil, "rules", "keygen", "--raw", "--name", "law.example.org", "--out", key)
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(own, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rules/xx.yaml", ownRule)
	out := filepath.Join(dir, "law.pack")
	wants(t, exitInvalid, []string{"no version of its own", "--over-shipped"}, "rules", "pack", own, "--out", out, "--key", key)
	write("vocabulary/pack.yaml", "version: \"2099.1\"\n")
	wants(t, exitInvalid, []string{"no whole pack", "--over-shipped"}, "rules", "pack", own, "--out", out, "--key", key)
	wants(t, exitInvalid, []string{"the newest entry is about"}, "rules", "pack", own, "--over-shipped", "--out", out, "--key", key)
	write("CHANGELOG.md", "## 2099.1, 2026-11-29\n\n- Ours.\n")
	wants(t, 0, []string{"pack 2099.1+"}, "rules", "pack", own, "--over-shipped", "--out", out, "--key", key)
	got := wants(t, 0, nil, "rules", "list", "--rules", out, "--key", key+".pub")
	if !strings.Contains(got, "xx-1") || !strings.Contains(got, "eu-gdpr-33") {
		t.Errorf("%s", got)
	}
}

func TestAKeyWantsAPassphrase(t *testing.T) {
	var out strings.Builder
	code := run(t.Context(), []string{"rules", "keygen", "--name", "x", "--out", filepath.Join(t.TempDir(), "k")}, &terminal{out: &out, err: &out, env: func(string) string { return "" }})
	if code != exitInvalid || !strings.Contains(out.String(), "TOCSIN_PASSPHRASE") {
		t.Errorf("%d %s", code, out.String())
	}
}
