package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/store/storetest"
)

// A batch is what a printer finds in its folder.
type batch struct {
	Batch    string `json:"batch"`
	Sequence int    `json:"sequence"`
	Letters  int    `json:"letters"`
	SHA256   string `json:"sha256"`
	Items    []struct {
		Delivery incidents.DeliveryID `json:"delivery"`
	} `json:"items"`
}

// batches reads the manifests of the printer's folder.
func batches(t *testing.T, dir string) (out []batch) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		raw, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"Post", "Berlin", "何霞"} {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("the manifest names %q", secret)
			}
		}
		var b batch
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// answer is the printer's: an empty file named for the batch.
func answer(t *testing.T, dir string, all []batch, end string) {
	t.Helper()
	for _, b := range all {
		if err := os.WriteFile(filepath.Join(dir, b.Batch+end), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Who has no e-mail address gets a letter; who cannot be printed, neither. The
// printer takes the letters and posts them; the post brings two back, and their
// people count as told no more.
func TestByLetterAndBack(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Channels.Letter.Mode = settings.ModeFolder
		s.Channels.Letter.Sender = []string{"Example Retail Ltd", "Invalidenstr. 112", "10115 Berlin"}
	})
	dir := h.set.LetterFolder()
	ctx := context.Background()
	in := h.incident(time.Now().UTC().Add(-2 * time.Hour))
	h.list(in, "subject_id,name,email,address,country,locale\n"+
		"C-1,Ada Mail,ada@example.com,,DE,en\n"+
		"C-2,Bo Post,,\"Poststraße 2, 10115 Berlin\",DE,en\n"+
		"C-3,Łukasz Post,,\"Poststraße 3, 10115 Berlin\",DE,en\n"+
		"C-4,何霞,,上海市浦东新区世纪大道100号,CN,zh-CN\n"+
		"C-5,محمد,,\"Poststraße 5, 10115 Berlin\",DE,en\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.Letter}}})
	p := h.released(in, n)
	if r := p.Reconciliation; r.List != 5 || r.Sent != 4 || r.Unreachable != 1 {
		t.Fatalf("the reconciliation says %+v", r)
	}
	if got := h.mail.Letters(); len(got) != 1 || got[0].To != "ada@example.com" {
		t.Errorf("%d mails", len(got))
	}

	all := batches(t, dir)
	letters, text := 0, ""
	for _, b := range all {
		letters += b.Letters
		out, err := exec.Command(tool, "-enc", "UTF-8", filepath.Join(dir, b.Batch+".pdf"), "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		text += string(out)
	}
	if letters != 3 {
		t.Fatalf("%d letters in %d batches", letters, len(all))
	}
	for _, want := range []string{"Bo Post", "Łukasz Post", "Poststraße 3", "10115 Berlin", "何霞", "CHINA", "/verify", in.Ref} {
		if !strings.Contains(text, want) {
			t.Errorf("no letter says %q", want)
		}
	}
	for _, other := range []string{"Ada Mail", "محمد"} {
		if strings.Contains(text, other) {
			t.Errorf("%q got a letter", other)
		}
	}

	answer(t, dir, all, ".accepted")
	h.eventually("the printer's acceptance", func() bool { return answeredWith(dir, all, ".accepted") })
	answer(t, dir, all, ".posted")
	h.eventually("that the letters were posted", func() bool { return answeredWith(dir, all, ".posted") })
	if left, _ := filepath.Glob(filepath.Join(dir, "*.pdf")); len(left) != 0 {
		t.Errorf("addresses are kept after the letters were posted: %v", left)
	}
	if got, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID); err != nil || got.Reconciliation.Sent != 4 {
		t.Errorf("posted: %+v, %v", got.Reconciliation, err)
	}

	codes := slices.Compact(regexp.MustCompile(`\b[0-9A-Z]{4}(?:-[0-9A-Z]{1,4}){2,4}\b`).FindAllString(text, -1))
	codes = slices.DeleteFunc(codes, func(s string) bool { return strings.HasPrefix(s, "INC") })
	slices.Sort(codes)
	if codes = slices.Compact(codes); len(codes) != 3 {
		t.Fatalf("codes in the letters: %d", len(codes))
	}
	list := "code,why\n" + codes[0] + ",moved\n" + h.set.Public.URL + "/verify?code=" + codes[1] + ",unknown\nFFFF-FFFF-FFFF,\n" + codes[0] + "\n"
	recorded := false
	for _, commit := range []string{"", "?commit=true", "?commit=true"} {
		var r incidents.Returned
		h.call("rita", http.MethodPost, "/letters/returned"+commit, list, &r)
		want := incidents.Returned{Lines: 4, Recorded: 2, Again: 1, LeftOut: 1}
		if len(r.Problems) != 1 || r.Problems[0].Line != 4 {
			t.Errorf("problems %+v", r.Problems)
		}
		if r.Problems = nil; commit != "" && recorded {
			want.Recorded, want.Again = 0, 3
		}
		recorded = commit != ""
		if r.Lines != want.Lines || r.Recorded != want.Recorded || r.Again != want.Again || r.LeftOut != want.LeftOut {
			t.Errorf("commit %q: %+v, want %+v", commit, r, want)
		}
	}
	h.eventually("that the two count as told no more", func() bool {
		got, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		return err == nil && got.Reconciliation.Unreachable == 3 && got.Reconciliation.Sent == 2 && got.Reconciliation.Unaccounted() == 0
	})
	if status := h.call("ada", http.MethodPost, "/letters/returned?commit=true", list, nil); status != http.StatusForbidden {
		t.Errorf("an auditor may record returned letters: %d", status)
	}
	lines, err := h.app.Desk.AuditLog(ctx, h.as("ada"), incidents.AuditFilter{Event: "letters.returned"})
	if err != nil || len(lines) != 1 || lines[0].Data["letters"] != "2" {
		t.Errorf("the audit log says %+v, %v", lines, err)
	}
}

func answeredWith(dir string, all []batch, end string) bool {
	for _, b := range all {
		if _, err := os.Stat(filepath.Join(dir, "answered", b.Batch+end)); err != nil {
			return false
		}
	}
	return true
}

// A letter the printer refuses sends its person on to the next channel.
func TestAPrinterThatRefuses(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Channels.Letter.Mode = settings.ModeFolder
		s.Channels.Letter.Sender = []string{"Example Retail Ltd", "10115 Berlin"}
	})
	dir := h.set.LetterFolder()
	in := h.incident(time.Now().UTC().Add(-2 * time.Hour))
	h.list(in, "subject_id,name,email,address,country,locale\nC-1,Bo Post,bo@example.com,\"Poststraße 2, 10115 Berlin\",DE,en\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Letter}, {Channel: incidents.Email}}})
	h.released(in, n)
	answer(t, dir, batches(t, dir), ".refused")
	h.eventually("an e-mail instead", func() bool { return len(h.mail.Letters()) == 1 })
	h.eventually("that the notice is done again", func() bool {
		p, err := h.app.Desk.Progress(context.Background(), h.as("rita"), n.ID)
		return err == nil && p.Notice.Status == incidents.NoticeDone && p.Reconciliation.Sent == 1 && p.Reconciliation.Unaccounted() == 0
	})
}

// A drill's letters stay in the sandbox; the printer's folder stays empty.
func TestADrillByLetter(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Channels.Letter.Mode = settings.ModeFolder
		s.Channels.Letter.Sender = []string{"Example Retail Ltd", "10115 Berlin"}
	})
	ctx := context.Background()
	in, err := h.app.Desk.OpenIncident(ctx, h.as("rita"), "Exercise", incidents.Drill)
	if err != nil {
		t.Fatal(err)
	}
	h.facts(in, time.Now().UTC().Add(-time.Hour))
	h.list(in, "subject_id,name,address,country,locale\nC-1,Bo Post,\"Poststraße 2, 10115 Berlin\",DE,en\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Letter}}})
	h.released(in, n)
	if left, _ := os.ReadDir(h.set.LetterFolder()); len(left) != 0 {
		t.Errorf("the printer's folder holds %v", left)
	}
	var got struct {
		Items []struct {
			ID      string            `json:"id"`
			Channel incidents.Channel `json:"channel"`
		} `json:"items"`
	}
	h.call("rita", http.MethodGet, "/outbox", nil, &got)
	if len(got.Items) != 1 || got.Items[0].Channel != incidents.Letter {
		t.Errorf("the sandbox holds %+v", got)
	}
}
