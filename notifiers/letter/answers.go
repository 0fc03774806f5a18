package letter

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tocsin/incidents"
)

// The printer's answers, files beside the batch named for it.
const (
	// endAccepted: the printer has the batch and will print it.
	endAccepted = ".accepted"
	// endPosted: it was printed and handed to the post. The PDF is then removed.
	endPosted = ".posted"
	// endRefused: it will not be printed. The first line is the reason; lines that
	// begin with a delivery's id refuse that letter alone.
	endRefused = ".refused"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// Answers reads what the printer put into the folder: for every letter concerned
// it calls put with a receipt whose id is always the same for the same answer,
// so that an answer read twice counts once. An answer is moved aside after all
// of its receipts were taken. It returns how many it took. Answers to batches
// that are not there stay, and are an error the first time.
func (c *Channel) Answers(ctx context.Context, put func(context.Context, incidents.StatusReceipt) error) (taken int, err error) {
	entries, err := os.ReadDir(c.folder.path)
	if err != nil {
		return 0, incidents.Unavailable("the printer's folder cannot be read: %s", cause(err))
	}
	var errs []error
	for _, e := range entries {
		end := filepath.Ext(e.Name())
		batch := strings.TrimSuffix(e.Name(), end)
		switch {
		case e.IsDir() || ctx.Err() != nil:
		case strings.HasPrefix(e.Name(), temporary):
			c.sweep(e)
		case end == endAccepted || end == endPosted || end == endRefused:
			switch err := c.answer(ctx, batch, end, put); {
			case err == nil:
				taken++
			case incidents.KindOf(err) == incidents.KindNotFound && c.known(e.Name()):
			default:
				errs = append(errs, fmt.Errorf("answer to batch %s: %w", batch, err)) // the others are read all the same
			}
		}
	}
	return taken, errors.Join(errs...)
}

// known tells whether an answer to nothing was complained of before.
func (c *Channel) known(name string) bool {
	_, before := c.strays.LoadOrStore(name, true)
	return before
}

// sweep removes what a dead process left half-written.
func (c *Channel) sweep(e fs.DirEntry) {
	if info, err := e.Info(); err == nil && c.printer.now().Sub(info.ModTime()) > time.Hour {
		_ = os.Remove(c.folder.at(e.Name()))
	}
}

func (c *Channel) answer(ctx context.Context, batch, end string, put func(context.Context, incidents.StatusReceipt) error) error {
	m, err := c.folder.manifest(batch)
	if errors.Is(err, fs.ErrNotExist) {
		return incidents.NotFound("there is no such batch").WithHint("the answer is named like the batch's manifest: <batch>%s", end)
	}
	if err != nil {
		return err
	}
	text, err := readUpTo(c.folder.at(batch+end), maxAnswer)
	if err != nil {
		return err
	}
	a := parseAnswer(end, text)
	for i, x := range m.Items {
		why, concerned := a.of(x.Delivery)
		if !concerned {
			continue
		}
		r := incidents.StatusReceipt{ID: "letter:" + batch + end + ":" + x.Delivery.String(), Delivery: x.Delivery, Channel: incidents.Letter, ProviderID: provider(batch, i),
			Status: a.status, Code: strings.TrimPrefix(end, "."), Reason: why, At: c.printer.now().UTC()}
		if err := put(ctx, r); err != nil {
			return err
		}
	}
	return c.aside(batch, end, a)
}

// aside moves an answer out of the way; what will not be printed again, or not
// at all, loses its PDF: it is full of names and addresses.
func (c *Channel) aside(batch, end string, a answer) error {
	if end == endPosted || end == endRefused && len(a.letters) == 0 {
		if err := os.Remove(c.folder.at(batch + endPDF)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.MkdirAll(c.folder.at(answered), 0o750); err != nil {
		return err
	}
	err := os.Rename(c.folder.at(batch+end), filepath.Join(c.folder.at(answered), batch+end))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process took it too
	}
	return errors.Join(err, c.folder.sync())
}

func readUpTo(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, n))
	return b, errors.Join(err, f.Close())
}

// An answer is what the printer says of a batch.
type answer struct {
	status  string
	reason  string
	letters map[incidents.DeliveryID]string // refused alone, with the reason
}

// of says whether the answer concerns a letter, and why it was refused.
func (a answer) of(id incidents.DeliveryID) (why string, concerned bool) {
	if len(a.letters) == 0 {
		return a.reason, true
	}
	why, concerned = a.letters[id]
	return why, concerned
}

func parseAnswer(end string, text []byte) answer {
	switch end {
	case endAccepted:
		return answer{status: "accepted"}
	case endPosted:
		return answer{status: "sent"}
	}
	a := answer{status: "failed", letters: map[incidents.DeliveryID]string{}}
	first := ""
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		word, why, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if id, err := incidents.ParseDeliveryID(word); err == nil {
			a.letters[id] = refusedBecause(why)
		} else if first == "" && len(a.letters) == 0 {
			first = strings.TrimSpace(lines.Text())
		}
	}
	a.reason = refusedBecause(first)
	return a
}

// refusedBecause quotes a printer's reason: one short line of plain characters.
func refusedBecause(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r > 0xFFFF {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))), " ")
	if s == "" {
		return "the printer refused it"
	}
	if runes := []rune(s); len(runes) > 120 {
		s = string(runes[:120]) + "…"
	}
	return "the printer refused it: " + s
}

// refused tells whether the printer has refused a letter of a batch.
func (c *Channel) refused(batch string, id incidents.DeliveryID) (bool, error) {
	for _, path := range []string{c.folder.at(batch + endRefused), filepath.Join(c.folder.at(answered), batch+endRefused)} {
		text, err := readUpTo(path, maxAnswer)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		_, yes := parseAnswer(endRefused, text).of(id)
		return yes, nil
	}
	return false, nil
}

// Waiting counts batches the printer has not answered yet, and since when the
// oldest waits; zero when none does.
func (c *Channel) Waiting() (n int, oldest time.Time, err error) {
	entries, err := os.ReadDir(c.folder.path)
	if err != nil {
		return 0, oldest, incidents.Unavailable("the printer's folder cannot be read: %s", cause(err))
	}
	for _, e := range entries {
		batch, ok := strings.CutSuffix(e.Name(), endManifest)
		if !ok || c.hasAnswer(batch) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it went meanwhile
		}
		if n++; oldest.IsZero() || info.ModTime().Before(oldest) {
			oldest = info.ModTime()
		}
	}
	return n, oldest, nil
}

func (c *Channel) hasAnswer(batch string) bool {
	for _, end := range []string{endAccepted, endPosted, endRefused} {
		for _, path := range []string{c.folder.at(batch + end), filepath.Join(c.folder.at(answered), batch+end)} {
			if _, err := os.Stat(path); err == nil {
				return true
			}
		}
	}
	return false
}
