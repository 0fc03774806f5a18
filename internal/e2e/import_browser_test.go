package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/incidents"
	"tocsin/internal/store/storetest"
)

// A gate stands before the console, like a slow line: it lets the bodies of
// uploads through as far as a test opens it. While it is shut a few kilobytes
// pass now and then, so that nobody takes the upload for dead.
type gate struct {
	addr string
	mu   sync.Mutex
	left int64
	cut  bool
}

const trickle = 8 << 10

func openGate(t *testing.T, inside string) *gate {
	t.Helper()
	g := &gate{}
	to := &url.URL{Scheme: "http", Host: inside}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		if strings.HasPrefix(r.In.Header.Get("Content-Type"), "multipart/") {
			r.Out.Body = &gatedBody{r.In.Body, g, r.In.Context()}
		}
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) }}
	// A small window, so that what does not pass the gate stays in the browser; much smaller, and it would crawl.
	small := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 256<<10) })
	}}
	l, err := small.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: proxy}}
	srv.Start()
	t.Cleanup(srv.Close)
	g.addr = "http://localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	return g
}

// let lets more bytes through.
func (g *gate) let(n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left += n
}

// shut takes back what is let through and was not used.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = 0
}

// pull ends the line.
func (g *gate) pull() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = true
}

var errPulled = errors.New("the cable was pulled")

// pass takes up to n bytes off what is let through.
func (g *gate) pass(n int) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cut {
		return 0, errPulled
	}
	n = int(min(int64(n), g.left))
	g.left -= int64(n)
	return n, nil
}

type gatedBody struct {
	io.ReadCloser
	g   *gate
	ctx context.Context
}

func (b *gatedBody) Read(p []byte) (int, error) {
	for waited := 0; ; waited++ {
		n, err := b.g.pass(len(p))
		if err == nil && n == 0 && waited == 20 {
			n = min(len(p), trickle)
		}
		if err != nil {
			return 0, err
		}
		if n > 0 {
			return b.ReadCloser.Read(p[:n])
		}
		select {
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// lookBoth takes pictures on a desk and on a telephone.
func (b *browser) lookBoth(name string) {
	b.t.Helper()
	if os.Getenv("TOCSIN_SCREENSHOTS") == "" {
		return
	}
	b.look(name)
	b.do(chromedp.EmulateViewport(390, 844))
	b.look(name + "-phone")
	b.do(chromedp.EmulateViewport(1440, 1400))
}

// wideCSV writes a list that no buffer on the way takes whole.
func wideCSV(n int) string {
	var b strings.Builder
	b.WriteString("subject_id,name,email,address,country,locale\n")
	street := strings.Repeat("Long Winding Lane ", 15)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "P-%05d,Person Number%05d,person.%05d@example.com,\"%s %d, Example Town\",DE,en\n", i, i, i, street, i)
	}
	return b.String()
}

// A responder uploads a list over a slow line. The own page shows how much is
// sent; an officer, who opens the page meanwhile, sees how much is taken in, and
// again after a reload; both end in the outcome. Then the line breaks.
func TestAListIsWatchedOnItsWayIn(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	in, err := h.app.Desk.OpenIncident(context.Background(), h.as("rita"), "Customer table read by a service account", incidents.Drill)
	if err != nil {
		t.Fatal(err)
	}
	g := openGate(t, h.at.Inside)
	rita, olga := openBrowser(t, h), openBrowser(t, h)
	people := "/incidents/" + in.Ref + "/people"
	list := wideCSV(40_000) + "broken\n"
	file := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	olga.signIn("olga")
	olga.open(people)
	olga.must("Nobody is on the list yet")
	rita.signIn("rita")
	upload := func() {
		t.Helper()
		rita.do(chromedp.Navigate(g.addr+people), chromedp.SetUploadFiles(chromedp.CSS(`input[type="file"]`), []string{file}))
		js[bool](rita, `(addEventListener("beforeunload", e => e.stopImmediatePropagation(), true), true)`) // a test that fails must not be asked whether to leave
		rita.do(chromedp.Click(chromedp.CSS(`form[data-upload] button`)))
	}
	upload()
	sent := func() float64 { return js[float64](rita, `document.querySelector(".sent progress").value`) }
	read := func() int {
		return js[int](olga, `Number(document.querySelector('[role="progressbar"]')?.getAttribute("aria-valuenow") ?? -1)`)
	}
	g.let(int64(len(list)) / 3)
	h.eventually("the bar on the officer's page, by itself", func() bool { return read() > 0 && strings.Contains(olga.text(), "Being taken in") })
	h.eventually("the bar on the responder's page", func() bool { return sent() > 0 })
	if s := sent(); s >= 1 {
		t.Errorf("%v of the file is sent through a gate that is shut", s)
	}
	if !js[bool](rita, `document.querySelector("form[data-upload] button").disabled`) {
		t.Error("the list can be sent twice")
	}
	first := read()
	g.let(int64(len(list)) / 3)
	h.eventually("the bar to move", func() bool { return read() > max(first, 50) })
	h.eventually("people stored", func() bool { return !strings.Contains(olga.text(), "People added\n0") })
	olga.lookBoth("import-running")
	rita.lookBoth("import-sending")
	second := read()
	olga.open(people) // the bar is of the import, not of a page
	if now := read(); now < second || now >= 100 {
		t.Errorf("after a reload the bar is at %d, it was at %d", now, second)
	}
	g.let(int64(len(list)) * 2)
	h.eventually("the outcome on the responder's page", func() bool { return strings.Contains(rita.text(), "40,000 people added out of 40,001 rows.") })
	h.eventually("the outcome on the officer's page, by itself", func() bool {
		text := olga.text()
		return strings.Contains(text, "40,000 people on the list") && strings.Contains(text, "Taken in") && read() < 0
	})
	olga.lookBoth("import-done")

	g.shut()
	g.let(int64(len(list)) / 2)
	upload()
	h.eventually("the second list", func() bool { return read() > 30 })
	g.pull()
	h.eventually("what to do, on the officer's page", func() bool {
		text := olga.text()
		return strings.Contains(text, "customers.csv broke off after ") && strings.Contains(text, "Send the same list again")
	})
	h.eventually("what to do, on the responder's page", func() bool { return strings.Contains(rita.text(), "The upload broke off") })
	olga.lookBoth("import-broken")
	rita.lookBoth("import-broken-sender")
}
