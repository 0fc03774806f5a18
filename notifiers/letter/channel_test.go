package letter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/channeltest"
	"tocsin/templates"
)

func channel(t testing.TB, dir string, batch int) *Channel {
	t.Helper()
	c, err := New(Options{Printer: printer(t, form(DIN5008B)), Folder: dir, Batch: batch})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// manifests reads every manifest of a folder, by sequence.
func manifests(t testing.TB, dir string) map[int64]Manifest {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "n*"+endManifest))
	if err != nil {
		t.Fatal(err)
	}
	out := map[int64]Manifest{}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		var m Manifest
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if _, twice := out[m.Sequence]; twice {
			t.Errorf("the number %d is there twice", m.Sequence)
		}
		out[m.Sequence] = m
	}
	return out
}

// message is one letter of notice 7.
func message(t testing.TB, seq int64) notifiers.Message {
	t.Helper()
	m := channeltest.Message(incidents.Letter, "", seq)
	s := *german()
	s.Drill, s.DrillBanner = "", ""
	s.Code = templates.Labelled{Label: "Code", Value: m.Code}
	m.To = fmt.Sprintf("Ada Canary %d\nCanarystraße %d\n10115 Berlin", seq, seq)
	m.Text = templates.Rendered{Lang: "de", Letter: &s}
	return m
}

func outcomes(rs []incidents.Receipt) (out []incidents.Outcome) {
	for _, r := range rs {
		out = append(out, r.Outcome)
	}
	return out
}

func letters(t testing.TB, dir string) (n int) {
	for _, m := range manifests(t, dir) {
		n += m.Letters
	}
	return n
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, incidents.Letter, func(t *testing.T) *channeltest.Bench {
		dir := t.TempDir()
		away := channel(t, filepath.Join(dir, "away"), 1)
		return &channeltest.Bench{Channel: worded{t, channel(t, dir, 1)}, Unreachable: worded{t, away}, To: "Ada Canary\nCanarystraße 1", Taken: func() int { return letters(t, dir) }, Mute: true,
			Cases: []channeltest.Case{
				{Name: "a folder that takes it is accepted", Want: incidents.OutcomeAccepted, Taken: 1},
				{Name: "a folder that went is a retry", Arm: func() { _ = os.RemoveAll(dir) }, Want: incidents.OutcomeRetry},
			}}
	})
}

// worded gives the suite's messages the words of a letter.
type worded struct {
	t *testing.T
	*Channel
}

func (w worded) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	m.Text.Letter = message(w.t, m.Delivery.Seq).Text.Letter
	return w.Channel.Send(ctx, m)
}

// A batch is a PDF that is what its manifest says, and the manifest names nobody.
func TestBatch(t *testing.T) {
	dir := t.TempDir()
	c := channel(t, dir, 10)
	ms := []notifiers.Message{message(t, 11), message(t, 12), message(t, 13)}
	ms[1].To = "محمد\nHauptstr. 1" // cannot be printed
	got := c.SendAll(t.Context(), t.Context(), ms)
	if want := fmt.Sprint([]incidents.Outcome{"accepted", "refused", "accepted"}); fmt.Sprint(outcomes(got)) != want {
		t.Fatalf("%v, want %v", outcomes(got), want)
	}
	if got[0].ProviderID == got[2].ProviderID || !strings.Contains(got[1].Reason, "fonts") {
		t.Errorf("%+v", got)
	}
	m := manifests(t, dir)[1]
	pdf, err := os.ReadFile(filepath.Join(dir, m.Batch+endPDF))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(pdf)
	all, pages := words(t, pdf)
	if m.Letters != 2 || len(m.Items) != 2 || m.Pages != pages || m.SHA256 != hex.EncodeToString(sum[:]) || m.Bytes != int64(len(pdf)) || m.MadeAt != clock {
		t.Errorf("%+v", m)
	}
	if x := m.Items[1]; x.Delivery != ms[2].Delivery || x.Attempt != 1 || x.Pages < 1 {
		t.Errorf("%+v", x)
	}
	for _, w := range all {
		if w.page == m.Items[1].FirstPage && w.text == "13" && w.y0 < 200 {
			all = nil
			break
		}
	}
	if all != nil {
		t.Error("the second letter is not where the manifest says")
	}
	raw, _ := os.ReadFile(filepath.Join(dir, m.Batch+endManifest))
	for _, secret := range []string{"Canary", "Berlin", "CODE-"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("the manifest shows %q", secret)
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, temporary+"*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The same deliveries at the same attempt are the same batch, written once.
func TestABatchIsWrittenOnce(t *testing.T) {
	dir := t.TempDir()
	ms := []notifiers.Message{message(t, 1), message(t, 2)}
	first := channel(t, dir, 10).SendAll(t.Context(), t.Context(), ms)
	was := manifests(t, dir)[1]
	clock = clock.Add(1e9 * 3600)
	defer func() { clock = clock.Add(-1e9 * 3600) }()
	again := channel(t, dir, 10).SendAll(t.Context(), t.Context(), ms)
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("%v, then %v", first, again)
	}
	if now := manifests(t, dir); len(now) != 1 || fmt.Sprint(now[1]) != fmt.Sprint(was) {
		t.Errorf("written again: %+v", now)
	}
	ms[0].Attempt = 2
	channel(t, dir, 10).SendAll(t.Context(), t.Context(), ms)
	if n := len(manifests(t, dir)); n != 2 {
		t.Errorf("another attempt makes %d batches", n)
	}
}

// A crash anywhere leaves no batch, or the whole one; the next try makes it,
// and no number is lost.
func TestAfterACrash(t *testing.T) {
	for name, crash := range map[string]func(dir, batch string) error{
		"after the PDF": func(dir, batch string) error {
			return os.Remove(filepath.Join(dir, batch+endManifest))
		},
		"before the PDF": func(dir, batch string) error {
			if err := os.Remove(filepath.Join(dir, batch+endManifest)); err != nil {
				return err
			}
			return os.Remove(filepath.Join(dir, batch+endPDF))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := channel(t, dir, 10)
			ms := []notifiers.Message{message(t, 1)}
			c.SendAll(t.Context(), t.Context(), ms)
			if err := crash(dir, manifests(t, dir)[1].Batch); err != nil {
				t.Fatal(err)
			}
			if _, found, err := c.Find(t.Context(), ms[0], 0); found || err != nil {
				t.Fatalf("a batch without manifest was found, %v", err)
			}
			ms[0].Attempt++
			if got := c.SendAll(t.Context(), t.Context(), ms); got[0].Outcome != incidents.OutcomeAccepted {
				t.Fatalf("%+v", got)
			}
			if m := manifests(t, dir); len(m) != 1 || m[1].Letters != 1 {
				t.Errorf("%+v", m)
			}
		})
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	c := channel(t, dir, 10)
	sent := c.SendAll(t.Context(), t.Context(), []notifiers.Message{message(t, 1), message(t, 2)})
	r, found, err := c.Find(t.Context(), message(t, 2), 0)
	if err != nil || !found || r.ProviderID != sent[1].ProviderID {
		t.Errorf("%+v, %v, %v", r, found, err)
	}
	if _, found, err = c.Find(t.Context(), message(t, 3), 0); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	batch := manifests(t, dir)[1].Batch
	drop(t, dir, batch+endRefused, "7-2-l torn\n")
	for seq, want := range map[int64]bool{1: true, 2: false} {
		if _, found, err = c.Find(t.Context(), message(t, seq), 0); found != want || err != nil {
			t.Errorf("letter %d after a refusal: found %v, %v", seq, found, err)
		}
	}
	drop(t, dir, batch+endManifest, "{")
	if _, _, err = c.Find(t.Context(), message(t, 3), 0); incidents.KindOf(err) != incidents.KindUnavailable {
		t.Errorf("a broken manifest proves nothing: %v", err)
	}
	if _, _, err = channel(t, filepath.Join(dir, "away"), 1).Find(t.Context(), message(t, 3), 0); incidents.KindOf(err) != incidents.KindUnavailable {
		t.Errorf("a folder that is away proves nothing: %v", err)
	}
}

func TestADrillNeverReachesTheFolder(t *testing.T) {
	dir := t.TempDir()
	m := message(t, 1)
	m.Mode = incidents.Drill
	if r, err := channel(t, dir, 1).Send(t.Context(), m); err != nil || r.Outcome != incidents.OutcomeRefused {
		t.Errorf("%+v, %v", r, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%v", files)
	}
}

func TestWhatIsHaltedStays(t *testing.T) {
	dir := t.TempDir()
	leave, stop := context.WithCancel(t.Context())
	stop()
	got := channel(t, dir, 2).SendAll(t.Context(), leave, []notifiers.Message{message(t, 1), message(t, 2)})
	if fmt.Sprint(outcomes(got)) != "[kept kept]" {
		t.Errorf("%v", outcomes(got))
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%v", files)
	}
}

// Letters of two notices in one go are two batches.
func TestNoticesDoNotShareABatch(t *testing.T) {
	dir := t.TempDir()
	other := message(t, 1)
	other.Delivery.Notice = 8
	got := channel(t, dir, 5).SendAll(t.Context(), t.Context(), []notifiers.Message{message(t, 1), other, message(t, 2)})
	if fmt.Sprint(outcomes(got)) != "[accepted accepted accepted]" {
		t.Errorf("%v", outcomes(got))
	}
	if m := manifests(t, dir); len(m) != 2 || m[1].Letters != 2 || m[2].Items[0].Delivery.Notice != 8 {
		t.Errorf("%+v", m)
	}
}

// Many at once are numbered without a gap.
func TestNumbersHaveNoGap(t *testing.T) {
	dir := t.TempDir()
	done := make(chan incidents.Outcome)
	for i := range 12 {
		c := channel(t, dir, 1) // as another process would
		m := message(t, int64(i+1))
		go func() {
			r, _ := c.Send(t.Context(), m)
			done <- r.Outcome
		}()
	}
	for range 12 {
		if o := <-done; o != incidents.OutcomeAccepted {
			t.Error(o)
		}
	}
	all := manifests(t, dir)
	for n := int64(1); n <= 12; n++ {
		if all[n].Letters != 1 {
			t.Errorf("number %d is missing", n)
		}
	}
}

func drop(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
