package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tocsin/internal/ledger"
)

// A screen is a terminal of its own, and what was drawn on it.
type screen struct {
	tty *os.File
	mu  sync.Mutex
	b   bytes.Buffer
}

func openScreen(t *testing.T) *screen {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no terminals here:", err)
	}
	fd := int(outer.Fd())
	if err := errors.Join(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0), unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 120})); err != nil {
		t.Fatal(err)
	}
	no, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{}
	if s.tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", no), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p := make([]byte, 4096)
		for {
			n, err := outer.Read(p) // fails once nobody has the terminal open
			s.mu.Lock()
			s.b.Write(p[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _, _, _ = s.tty.Close(), <-done, outer.Close() })
	return s
}

func (s *screen) drawn() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// shows waits until something is drawn.
func (s *screen) shows(t *testing.T, what string) {
	t.Helper()
	for range 200 {
		if strings.Contains(s.drawn(), what) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("the terminal does not show %q but %q", what, s.drawn())
}

// left is what a person sees in the end, after the last line was cleared; it
// waits for a terminal that is behind.
func (s *screen) left() (out string) {
	for range 100 {
		lines := strings.Split(s.drawn(), "\x1b[J")
		if out = strings.TrimSpace(lines[len(lines)-1]); out == "" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return out
}

func TestABarIsForTerminalsAlone(t *testing.T) {
	for name, c := range map[string]struct {
		says      string // what it shows halfway
		ends      string // what is left on a terminal
		elsewhere string // what a file gets
		make      func(w io.Writer) *progress
	}{
		"steps that stay":           {"5000 / 10000", "10000 / 10000", "… persons\n", func(w io.Writer) *progress { return newProgress(t.Context(), w) }},
		"beside an answer":          {"5000 / 10000", "", "", func(w io.Writer) *progress { return newPassing(t.Context(), w, false) }},
		"beside a program's answer": {"", "", "", func(w io.Writer) *progress { return newPassing(t.Context(), w, true) }},
		"of bytes": {"4.9 KiB / 9.8 KiB", "", "", func(w io.Writer) *progress {
			p := newPassing(t.Context(), w, false)
			p.bytes = true
			return p
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := openScreen(t)
			p := c.make(s.tty)
			p.tell("persons", 5000, 10000)
			if c.says != "" {
				s.shows(t, "persons")
				s.shows(t, c.says)
			}
			p.tell("persons", 10000, 10000)
			p.end()
			if c.ends != "" {
				s.shows(t, c.ends)
			} else if got := s.left(); got != "" {
				t.Errorf("it leaves %q of %q", got, s.drawn())
			}
			var file bytes.Buffer
			p = c.make(&file)
			p.tell("persons", 5000, 10000)
			p.end()
			if file.String() != c.elsewhere {
				t.Errorf("a file gets %q", file.String())
			}
		})
	}
}

func TestVerifyShowsABarBesideItsAnswer(t *testing.T) {
	bundle := filepath.Join(t.TempDir(), "evidence.zip")
	f, err := os.Create(bundle)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.NewSigner("tocsin", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	large := bytes.Repeat([]byte("one line of a delivery\n"), 1<<20)
	b := ledger.Bundle{Incident: "i1", Ref: "INC-2026-0001", Created: time.Now(), Signer: signer, Checkpoint: ledger.Checkpoint{Origin: "tocsin", Root: (&ledger.Tree{}).Root()},
		Files: []ledger.File{ledger.Bytes("notices/N-1/deliveries.jsonl", large)}}
	if err := ledger.WriteBundle(f, b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args  []string
		drawn bool
		says  string
	}{
		"for a person":  {nil, true, "✓ INC-2026-0001"},
		"for a program": {[]string{"--json"}, false, `"ok":true`},
	} {
		t.Run(name, func(t *testing.T) {
			s := openScreen(t)
			var out bytes.Buffer
			code := run(t.Context(), append([]string{"verify", bundle}, c.args...), &terminal{out: &out, err: s.tty, env: os.Getenv})
			if code != 0 || !strings.Contains(out.String(), c.says) {
				t.Errorf("exit %d, %s", code, out.String())
			}
			if c.drawn {
				s.shows(t, "bundle")
			}
			if got := s.left(); got != "" || !c.drawn && s.drawn() != "" {
				t.Errorf("the terminal is left with %q, after %q", got, s.drawn())
			}
			var both bytes.Buffer
			if code := run(t.Context(), append([]string{"verify", bundle}, c.args...), &terminal{out: &both, err: &both, env: os.Getenv}); code != 0 || strings.Contains(both.String(), "MiB") {
				t.Errorf("a file gets %q", both.String())
			}
		})
	}
}
