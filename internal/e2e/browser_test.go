package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/incidents"
	"tocsin/internal/store/storetest"
)

// A browser is one person at a real headless Chromium.
type browser struct {
	t    *testing.T
	h    *house
	ctx  context.Context
	shot int
}

func openBrowser(t *testing.T, h *house) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium: scripts/install-test-deps.sh installs it")
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Headless,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.WindowSize(1440, 1400), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewContext(alloc)
	ctx, end := context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // closes the browser and waits for it
		end()
		cancel()
		stop()
	})
	return &browser{t: t, h: h, ctx: ctx}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// open goes to a page of the console.
func (b *browser) open(path string) {
	b.t.Helper()
	_, port, _ := strings.Cut(b.h.at.Inside, ":")
	b.do(chromedp.Navigate("http://localhost:" + port + path))
}

// js runs a script in the page and reads its result.
func js[T any](b *browser, script string, args ...any) T {
	b.t.Helper()
	for i, a := range args {
		s, err := json.Marshal(a)
		if err != nil {
			b.t.Fatal(err)
		}
		args[i] = string(s)
	}
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](fmt.Sprintf(script, args...), chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%v in %s", err, script)
	}
	return v
}

// fill types into a field; a choice is ticked, a list is chosen from.
func (b *browser) fill(selector, value string) {
	b.t.Helper()
	if !js[bool](b, `(() => { const e = document.querySelector(%s); if (!e) return false; const v = %s;
		if (e.type === "radio" || e.type === "checkbox") { const x = document.querySelector(%s + '[value="' + v + '"]'); if (!x) return false; x.checked = true; }
		else { e.value = v; } e.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`, selector, value, selector) {
		b.t.Fatalf("the page has no field %s\n%s", selector, b.text())
	}
}

// press sends the form of a button and waits for the next page.
func (b *browser) press(selector string) int {
	b.t.Helper()
	resp, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(selector)))
	if err != nil {
		b.t.Fatalf("press %s: %v\n%s", selector, err, b.text())
	}
	return int(resp.Status)
}

// text is what the page says, once it is there.
func (b *browser) text() string {
	return js[string](b, `new Promise(done => document.readyState !== "loading" ? done(document.body.innerText) : addEventListener("DOMContentLoaded", () => done(document.body.innerText)))`)
}

func (b *browser) must(words ...string) {
	b.t.Helper()
	text := b.text()
	for _, w := range words {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(w)) {
			b.t.Fatalf("the page does not say %q:\n%s", w, text)
		}
	}
}

// look takes a picture of the page, for people who want to see it.
func (b *browser) look(name string) {
	b.t.Helper()
	dir := os.Getenv("TOCSIN_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	b.shot++
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d-%s.png", b.shot, name)), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) signIn(name string) {
	b.t.Helper()
	if js[bool](b, `location.protocol !== "about:" && !!document.querySelector('form[action="/sign-out"]')`) {
		b.press(`form[action="/sign-out"] button`)
	}
	b.open("/sign-in")
	b.fill("#name", name)
	b.fill("#password", b.h.team[name].password)
	b.fill("#code", b.h.freshCode(name))
	b.press(`form[action="/sign-in"] button.main`)
	b.must("Overview", "Burning clocks")
}

// fetched downloads an address with the session of the page.
func (b *browser) fetched(path string) (status int, head string, size int) {
	b.t.Helper()
	got := js[struct {
		Status int
		Head   string
		Size   int
	}](b, `fetch(%s).then(async r => { const a = new Uint8Array(await r.arrayBuffer()); return {Status: r.status, Head: String.fromCharCode(...a.slice(0, 5)), Size: a.length}; })`, path)
	return got.Status, got.Head, got.Size
}

// A responder signs in with a second factor, triages, assesses, imports and
// drafts, and is refused the own approval; an officer approves; the responder
// releases, watches, publishes, and takes the report and the evidence.
func TestInARealBrowser(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	b := openBrowser(t, h)
	if status, answer := h.post(`{"id":"A-1","title":"Customer table read <script>alert(1)</script>","severity":"high","user":"svc-backup","host":"db-1"}`); status != 202 {
		t.Fatalf("%d %s", status, answer)
	}

	b.open("/incidents")
	b.must("Sign in") // nobody sees anything before
	b.signIn("rita")
	b.look("overview")

	ref := fmt.Sprintf("INC-%d-0001", time.Now().UTC().Year())
	h.eventually("the incident", func() bool { b.open("/incidents"); return strings.Contains(b.text(), ref) })
	b.open("/alerts")
	b.must("Customer table read <script>alert(1)</script>")
	b.look("alerts")
	b.open("/incidents/" + ref)
	b.must("Next best question", "Timeline")
	b.fill("#status", "containing")
	b.press(`form[action$="/act"] button.btn`)
	b.must("Containing")

	b.open("/incidents/" + ref + "/facts")
	for field, value := range map[string]string{"confidentiality": "true", "integrity": "false", "availability": "false", "malicious": "true", "encrypted": "false", "misuse_likely": "true",
		"law_enforcement_hold": "false", "data_categories": "basic", "establishments": "EEA"} {
		b.fill(`[name="f.`+field+`"]:not([type="hidden"])`, value)
	}
	for field, value := range map[string]string{"role": "controller", "identifiability": "maximum", "confidentiality_effect": "unknown_recipients", "lead_authority": "DE", "persons_total": "many",
		"aware_at": time.Now().UTC().Add(-time.Hour).Format("2006-01-02T15:04:05")} {
		b.fill(`[name="f.`+field+`"]`, value)
	}
	if status := b.press(`form[action$="/facts"] button.main`); status != 422 {
		t.Fatalf("a count of “many” was answered %d", status)
	}
	b.must("whole number")
	if kept := js[string](b, `document.querySelector('[name="f.lead_authority"]').value`); kept != "DE" {
		t.Errorf("the form forgot what was typed: %q", kept)
	}
	b.fill(`[name="f.persons_total"]`, "2")
	b.press(`form[action$="/facts"] button.main`)
	b.must("Saved as revision")
	b.look("facts-saved")
	b.open("/incidents/" + ref + "/obligations")
	b.must("GDPR Art. 33", "72 h", "counsel decides")
	b.look("obligations")
	b.open("/rules")
	b.must("Jurisdictions", "European Union")
	b.look("rules")
	b.open("/rules?place=JP")
	b.must("What would trigger this", "Send the Personal Information Protection Commission")
	b.look("rules-japan")
	b.open("/incidents/" + ref)
	b.look("room")

	upload(b, ref)
	notice := draftInBrowser(b, ref)
	approveInBrowser(b, notice)
	releaseInBrowser(b, ref, notice)
	publishInBrowser(b, ref)
	evidenceInBrowser(b, ref)
}

func upload(b *browser, ref string) {
	b.t.Helper()
	list := filepath.Join(b.t.TempDir(), "people.csv")
	if err := os.WriteFile(list, []byte("subject_id,name,email,country,locale,data_categories\nC-1,Ada Example,ada@example.com,DE,en,basic\nC-2,何霞,xia@example.com,DE,zh-CN,basic\nbroken\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.open("/incidents/" + ref + "/people")
	b.do(chromedp.SetUploadFiles(chromedp.CSS(`input[type="file"]`), []string{list}))
	b.press(`form[enctype="multipart/form-data"] button`)
	b.open("/incidents/" + ref + "/people")
	b.must("2")
	if strings.Contains(b.text(), "ada@example.com") {
		b.t.Error("the list shows an address")
	}
	b.look("people")
}

func draftInBrowser(b *browser, ref string) incidents.Notice {
	b.t.Helper()
	b.open("/incidents/" + ref + "/notices")
	if _, err := chromedp.RunResponse(b.ctx, chromedp.DoubleClick(chromedp.CSS(`form[action$="/notices"] button.main`))); err != nil { // an impatient hand
		b.t.Fatal(err)
	}
	if n, err := b.h.app.Desk.NoticeByNo(b.ctx, incidents.System, 2); err == nil {
		b.t.Errorf("pressing twice drafted %s as well", n.ID)
	}
	b.must("Drafted from the facts", "As people will read it", "简体中文")
	if got := js[string](b, `fetch("/notices/1/preview/zh-Hans").then(r => r.text())`); !strings.Contains(got, "发生了什么") {
		b.t.Errorf("the Chinese preview reads %.300q", got)
	}
	b.look("notice")
	b.fill("#title", "Notice to customers")
	b.press(`form:has(#title) button.main`)
	b.must("Saved")
	b.press(`form[action$="/submit"] button.main`)
	b.must("Handed to the privacy officers")
	n, err := b.h.app.Desk.NoticeByNo(b.ctx, incidents.System, 1)
	if err != nil {
		b.t.Fatal(err)
	}
	b.open("/approvals/notice/" + string(n.ID))
	b.must("Somebody else has to decide")
	status := js[int](b, `fetch(location.pathname, {method: "POST", headers: {"Content-Type": "application/x-www-form-urlencoded"},
		body: new URLSearchParams({version: %s, hash: %s, decision: "approve", code: "000000"})}).then(r => r.status)`, fmt.Sprint(n.Version), n.Hash)
	if status != 403 {
		b.t.Errorf("the author's own approval was answered %d", status)
	}
	return n
}

func approveInBrowser(b *browser, n incidents.Notice) {
	b.t.Helper()
	b.signIn("olga")
	b.must("Waits for me", "notice N-1")
	b.open("/approvals/notice/" + string(n.ID))
	b.must("Sends 1 notice to 2 people", "Exactly what goes out")
	b.look("approval")
	b.fill("#code", "000000")
	b.fill("#comment", "Read in both languages")
	b.press(`button[name="decision"][value="approve"]`)
	if kept := js[string](b, `document.querySelector("#comment").value`); kept != "Read in both languages" {
		b.t.Errorf("a wrong code lost the comment: %q", kept)
	}
	b.fill("#code", b.h.freshCode("olga"))
	b.press(`button[name="decision"][value="approve"]`)
	b.must("Approved")
}

func releaseInBrowser(b *browser, ref string, n incidents.Notice) {
	b.t.Helper()
	b.signIn("rita")
	b.open("/notices/1")
	b.must("Sends the notice to 2 people")
	b.fill("#ref", ref)
	b.fill("#persons", "3")
	if status := b.press(`form[action$="/release"] button.danger`); status != 422 {
		b.t.Errorf("a wrong number of persons was answered %d", status)
	}
	b.fill("#ref", ref)
	b.fill("#persons", "2")
	b.press(`form[action$="/release"] button.danger`)
	b.must("Released", "Where everybody is")
	// The page moves on by itself.
	b.h.eventually("the live page", func() bool {
		return strings.Contains(b.text(), "Sum holds") && js[bool](b, `document.querySelector(".figures").innerText.includes("Done")`)
	})
	b.look("delivery")
	if b.h.mail.Count() != 2 {
		b.t.Errorf("%d mails left", b.h.mail.Count())
	}
}

// publishInBrowser publishes what was written and approved by others meanwhile.
func publishInBrowser(b *browser, ref string) {
	b.t.Helper()
	ctx, desk := context.Background(), b.h.app.Desk
	in, err := desk.Find(ctx, incidents.System, ref)
	if err != nil {
		b.t.Fatal(err)
	}
	carla := b.h.as("carla")
	a, err := desk.DraftAnnouncement(ctx, carla, in.ID, incidents.AnnouncementText{})
	if err == nil {
		a, err = desk.SubmitAnnouncement(ctx, carla, a.ID)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	s := incidents.Subject{Kind: incidents.SubjectAnnouncement, ID: string(a.ID), Version: a.Version, Hash: a.Hash}
	oscar := b.h.as("oscar")
	olga := oscar // a second officer with a factor proved just now
	olga.ID, olga.Name = "olga-2", "Olga"
	for _, officer := range []incidents.Actor{oscar, olga} {
		if err := desk.Decide(ctx, officer, s, "approve", ""); err != nil {
			b.t.Fatal(err)
		}
	}
	b.open("/announcements/" + string(a.ID))
	b.look("announcement")
	for _, field := range []string{`form[action$="/publish"] [name="ref"]`, `form[action$="/publish"] [name="typed"]`} {
		if js[bool](b, `!!document.querySelector(%s)`, field) {
			b.fill(field, ref)
		}
	}
	b.press(`form[action$="/publish"] button`)
	b.do(chromedp.Navigate("http://localhost:" + strings.Split(b.h.at.Public, ":")[1] + "/announcements/" + a.Slug))
	b.must("Example Retail Ltd")
	b.look("public")
	b.open("/")
}

func evidenceInBrowser(b *browser, ref string) {
	b.t.Helper()
	ctx, desk := context.Background(), b.h.app.Desk
	in, err := desk.Find(ctx, incidents.System, ref)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := desk.DraftReport(ctx, b.h.team["oscar"].actor, in.ID, due(b.t, b.h, in, "gdpr33").ID, incidents.PhaseInitial)
	if err != nil {
		b.t.Fatal(err)
	}
	b.open("/reports/" + string(r.ID))
	b.look("report")
	b.open("/reports/" + string(r.ID) + "/copy")
	b.must("No officer has approved this version")
	b.look("copysheet")
	b.open("/incidents/" + ref + "/reports")
	b.look("reports")
	if status, head, size := b.fetched("/reports/" + string(r.ID) + "/render.pdf"); status != 200 || head != "%PDF-" || size < 1000 {
		b.t.Errorf("the report answers %d with %q, %d bytes", status, head, size)
	}
	if status, head, size := b.fetched("/incidents/" + ref + "/evidence"); status != 200 || !strings.HasPrefix(head, "PK") || size < 1000 {
		b.t.Errorf("the evidence answers %d with %q, %d bytes", status, head, size)
	}
	b.open("/audit")
	b.must("evidence.taken", "notice.released")
	b.look("audit")
}
