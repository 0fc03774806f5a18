package e2e

import (
	"bytes"
	"context"
	"io/fs"
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
	"tocsin/internal/store/storetest"
	"tocsin/regulators"
)

// packOf is a signed pack of the shipped rules under another version, in which
// the first rule of the European file has another length.
func packOf(t *testing.T, s *ledger.Signer, version, length string) []byte {
	t.Helper()
	eu, err := fs.ReadFile(regulators.Shipped(), "rules/eu.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	_, err = rulepack.Write(&b, s, regulators.Shipped(), fstest.MapFS{
		"rules/eu.yaml":        {Data: bytes.Replace(eu, []byte("length: PT72H"), []byte("length: "+length), 1)},
		"vocabulary/pack.yaml": {Data: []byte("version: \"" + version + "\"\n")},
		"CHANGELOG.md":         {Data: []byte("## " + version + ", 2026-11-29\n\n- The clock of Art. 33 is " + length + ".\n")}})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// put writes a file the way docs/rules.md says: whole, then renamed.
func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// A service takes up a new pack while it runs, judges open incidents again and
// says what changed; a bad one leaves the law as it is and is told to the team;
// an older one is taken and said to be older.
func TestANewRulePackWhileTheServiceRuns(t *testing.T) {
	_, signer, err := ledger.NewSecret("law.example.org")
	if err != nil {
		t.Fatal(err)
	}
	_, eve, err := ledger.NewSecret("law.example.org")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "law.pack")
	first := packOf(t, signer, "2027.1", "PT72H")
	put(t, path, first)
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.RulesPack, s.RulesKeys = path, []string{signer.VerifierKey()}
		s.Escalation.Email = []string{"team@example.com"}
	})
	aware := time.Now().UTC().Truncate(time.Minute)
	in := h.incident(aware)
	h.judgedBy(in, "2027.1", aware.Add(72*time.Hour))

	put(t, path, packOf(t, eve, "2027.2", "PT1H"))
	h.told("A new rule pack was refused")
	h.judgedBy(in, "2027.1", aware.Add(72*time.Hour))

	put(t, path, packOf(t, signer, "2027.2", "PT48H"))
	h.judgedBy(in, "2027.2", aware.Add(48*time.Hour))
	h.timeline(in, "instead of 2027.1", "Moved: “Report the breach to the lead supervisory authority”")

	put(t, path, first)
	h.judgedBy(in, "2027.1", aware.Add(72*time.Hour))
	h.told("An older rule pack is in force")
	h.timeline(in, "which is newer")

	events := map[string]int{}
	h.eventually("the audit entries", func() bool {
		var list struct {
			Items []struct{ Event string }
		}
		clear(events)
		h.call("ada", "GET", "/audit?event=rules.&limit=50", nil, &list)
		for _, e := range list.Items {
			events[e.Event]++
		}
		return events["rules.replaced"] == 2 && events["rules.refused"] == 1 && events["rules.changed"] == 2
	})
	h.lookAtRules(in)
}

// judgedBy waits until the incident is judged by a pack, and its report due.
func (h *house) judgedBy(in incidents.Incident, number string, due time.Time) {
	h.t.Helper()
	h.eventually("a judgement by pack "+number, func() bool {
		d, err := h.app.Desk.Dossier(context.Background(), h.as("rita"), string(in.ID))
		if err != nil || incidents.PackNumber(d.Assessment.Pack) != number {
			return false
		}
		for _, o := range d.Obligations {
			if o.ID == "eu-gdpr-33" {
				return o.Due != nil && o.Due.Equal(due)
			}
		}
		return false
	})
}

// told waits until the team has a mail.
func (h *house) told(subject string) {
	h.t.Helper()
	h.eventually("the mail “"+subject+"”", func() bool {
		for _, m := range h.mail.Letters() {
			if strings.Contains(string(m.Data), "Subject: "+subject) {
				return true
			}
		}
		return false
	})
}

func (h *house) timeline(in incidents.Incident, words ...string) {
	h.t.Helper()
	d, err := h.app.Desk.Dossier(context.Background(), h.as("rita"), string(in.ID))
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for _, e := range d.Timeline {
		all = append(all, e.Text)
	}
	for _, w := range words {
		if !strings.Contains(strings.Join(all, "\n"), w) {
			h.t.Errorf("the timeline does not say %q: %q", w, all)
		}
	}
}

// lookAtRules takes pictures for people who want to see the pages.
func (h *house) lookAtRules(in incidents.Incident) {
	if os.Getenv("TOCSIN_SCREENSHOTS") == "" {
		return
	}
	b := openBrowser(h.t, h)
	b.signIn("rita")
	for name, at := range map[string]string{"rules": "/rules", "obligations-repacked": "/incidents/" + in.Ref + "/obligations", "judgements": "/incidents/" + in.Ref + "/judgements",
		"judgement": "/incidents/" + in.Ref + "/judgements/2", "timeline-repacked": "/incidents/" + in.Ref + "/timeline"} {
		b.open(at)
		b.look(name)
	}
}
