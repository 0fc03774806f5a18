package app

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/internal/rulepack"
	"tocsin/internal/settings"
	"tocsin/regulators"
)

// smallPack is a signed pack with the rules of one place.
func smallPack(t *testing.T, s *ledger.Signer, version string) []byte {
	t.Helper()
	files, err := regulators.Files(regulators.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	files["vocabulary/pack.yaml"] = []byte("version: \"" + version + "\"\n")
	files["CHANGELOG.md"] = []byte("## " + version + ", 2026-11-29\n\n- For tests.\n")
	m := fstest.MapFS{}
	for name, b := range files {
		if !strings.HasPrefix(name, "rules/") || name == "rules/ch.yaml" {
			m[name] = &fstest.MapFile{Data: b}
		}
	}
	var b bytes.Buffer
	if _, err := rulepack.Write(&b, s, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A watched is a service that looks at a pack file, as a worker does.
type watched struct {
	*App
	t    *testing.T
	path string
	w    *rulesWatch
	log  *bytes.Buffer
	tick time.Time
}

func watch(t *testing.T, first []byte, keys ...string) *watched {
	t.Helper()
	x := &watched{t: t, path: filepath.Join(t.TempDir(), "law.pack"), log: &bytes.Buffer{}, tick: time.Unix(1_800_000_000, 0)}
	x.put(first)
	s := settings.Default()
	s.RulesPack, s.RulesKeys = x.path, keys
	x.App = newApp(Config{Settings: s, Log: slog.New(slog.NewTextHandler(x.log, nil))})
	if err := x.openRules(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.w = &rulesWatch{used: x.rulesStand, seen: x.rulesStand}
	return x
}

func (x *watched) put(b []byte) {
	x.t.Helper()
	if err := os.WriteFile(x.path, b, 0o600); err != nil {
		x.t.Fatal(err)
	}
	x.tick = x.tick.Add(time.Second)
	if err := os.Chtimes(x.path, x.tick, x.tick); err != nil {
		x.t.Fatal(err)
	}
}

// number is the pack in force after so many looks.
func (x *watched) number(looks int) string {
	for range looks {
		x.lookAtRules(context.Background(), x.w)
	}
	return incidents.PackNumber(x.rules.Version())
}

func TestTheWatchOfThePackFile(t *testing.T) {
	_, s, err := ledger.NewSecret("law.example.org")
	if err != nil {
		t.Fatal(err)
	}
	one, two := smallPack(t, s, "2099.1"), smallPack(t, s, "2099.2")
	x := watch(t, one, s.VerifierKey())
	if got := x.number(3); got != "2099.1" {
		t.Errorf("nothing changed and %s is in force", got)
	}
	x.put(two[:len(two)/2]) // somebody copies a file, slowly
	if got := x.number(1); got != "2099.1" || x.rules.Refused() != "" {
		t.Errorf("a file that is being written was read: %s %q", got, x.rules.Refused())
	}
	x.put(two)
	if got := x.number(1); got != "2099.1" {
		t.Errorf("%s is in force before the file stood still", got)
	}
	if got := x.number(1); got != "2099.2" || x.rules.Refused() != "" {
		t.Errorf("%s is in force: %q", got, x.rules.Refused())
	}
	x.put(bytes.Replace(two, []byte("jurisdiction: CH"), []byte("jurisdiction: CN"), 1))
	if got := x.number(3); got != "2099.2" || !strings.Contains(x.rules.Refused(), "was changed after it was signed") || strings.Count(x.log.String(), "was refused") != 1 {
		t.Errorf("%s is in force: %q %s", got, x.rules.Refused(), x.log)
	}
	if err := os.Remove(x.path); err != nil {
		t.Fatal(err)
	}
	if got := x.number(2); got != "2099.2" || !strings.Contains(x.rules.Refused(), "no such file") {
		t.Errorf("%s is in force without a file: %q", got, x.rules.Refused())
	}
	x.put(two)
	if got := x.number(2); got != "2099.2" || x.rules.Refused() != "" || x.w.unspoken != nil {
		t.Errorf("the same pack came back and it says %q", x.rules.Refused())
	}
	x.put(one)
	if got := x.number(2); got != "2099.1" || x.w.unspoken == nil || !x.w.unspoken.older {
		t.Errorf("%s is in force; an older pack: %+v", got, x.w.unspoken)
	}
}

// A pack that does not go with the team's own files is refused as a whole.
func TestAPackThatOurOwnFilesDoNotGoWith(t *testing.T) {
	_, s, err := ledger.NewSecret("law.example.org")
	if err != nil {
		t.Fatal(err)
	}
	x := watch(t, smallPack(t, s, "2099.1"), s.VerifierKey())
	own := filepath.Join(t.TempDir(), "own")
	if err := os.MkdirAll(filepath.Join(own, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "rules", "zz.yaml"), []byte("jurisdiction: ZZ\nname: Z\nrules: [{id: zz-1}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x.settings.RulesDir = own
	x.put(smallPack(t, s, "2099.2"))
	if got := x.number(2); got != "2099.1" || !strings.Contains(x.rules.Refused(), "rules/zz.yaml") {
		t.Errorf("%s is in force: %q", got, x.rules.Refused())
	}
}

func TestAServiceDoesNotStartWithABadPack(t *testing.T) {
	_, s, err := ledger.NewSecret("law.example.org")
	if err != nil {
		t.Fatal(err)
	}
	_, eve, err := ledger.NewSecret("eve")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "law.pack")
	if err := os.WriteFile(path, smallPack(t, eve, "2099.1"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := settings.Default()
	set.RulesPack, set.RulesKeys, set.DataDir = path, []string{s.VerifierKey()}, t.TempDir()
	if _, err := Open(t.Context(), Config{Settings: set}); err == nil || !strings.Contains(err.Error(), "rules-pack") || !strings.Contains(err.Error(), "not among the trusted keys") {
		t.Errorf("%v", err)
	}
	left, err := os.ReadDir(set.DataDir)
	if err != nil || len(left) > 0 {
		t.Errorf("the start touched the data: %v %v", left, err)
	}
}
