package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// window keeps what came of the attempts of one window, a line for each.
func (t *tx) window(notice, chunk, turn int64, all []Attempt) error {
	return t.later(nil, `INSERT INTO delivery_windows (notice_no, chunk, turn, lines) VALUES ($1, $2, $3, $4)`, notice, chunk, turn, encodeWindow(all))
}

// encodeWindow writes a line for each attempt:
// [delivery, attempt, started, ended, outcome, provider's id, code, reason,
// provider's account]. One that begins with + says only what is other than in the
// line before: by how much the place and the times went on, what stands before the
// delivery in the provider's id, and the reason.
func encodeWindow(all []Attempt) string {
	b := make(jsonRows, 0, 160+64*len(all))
	var w windowed
	for _, a := range all {
		id := a.Delivery.String()
		if own, ok := w.short(a, id); ok {
			b = append(b, "\n+"...)
			b = appendNumbers(b, a.Delivery.Seq-w.last.Delivery.Seq, a.StartedAt-w.last.StartedAt, a.EndedAt-w.last.EndedAt)
			b = append(b, own...)
			if a.Reason != w.last.Reason {
				b = append(append(b, ' '), a.Reason...)
			}
			w.last = a
			continue
		}
		b = b.line().text(id).num(int64(a.Attempt)).num(a.StartedAt).num(a.EndedAt).text(a.Outcome).text(a.ProviderID).text(a.Code).text(a.Reason).text(a.Provider).shut()
		w.whole(a)
	}
	return string(b)
}

// windowed is where one is in the lines of a window.
type windowed struct {
	last  Attempt
	named bool   // providers' ids are made of something, the delivery, and tail
	tail  string // else: of tail alone
}

// whole takes in a line that says everything.
func (w *windowed) whole(a Attempt) {
	w.last = a
	if _, w.tail, w.named = strings.Cut(a.ProviderID, a.Delivery.String()); !w.named {
		w.tail = a.ProviderID
	}
}

// short tells whether an attempt can be a short line, and what its provider's id
// begins with.
func (w *windowed) short(a Attempt, id string) (own string, ok bool) {
	o := w.last
	o.Delivery.Seq, o.StartedAt, o.EndedAt, o.ProviderID = a.Delivery.Seq, a.StartedAt, a.EndedAt, a.ProviderID
	if a.Reason != o.Reason {
		if a.Reason == "" || !isPlain(a.Reason, ' ') {
			return "", false
		}
		o.Reason = a.Reason
	}
	if a != o {
		return "", false
	}
	own, ok = strings.CutSuffix(a.ProviderID, w.tail)
	if ok && w.named {
		own, ok = strings.CutSuffix(own, id)
	}
	return own, ok && (w.named || own == "") && isPlain(own, '!')
}

// isPlain tells whether a text is of ASCII's characters from one to ~.
func isPlain(s string, from byte) bool {
	for i := range len(s) {
		if s[i] < from || s[i] > '~' {
			return false
		}
	}
	return true
}

// decodeWindow reads the lines of a window.
func decodeWindow(text string, yield func(Attempt)) error {
	var w windowed
	for line := range strings.SplitSeq(text, "\n") {
		if err := w.read(line); err != nil {
			return fmt.Errorf("a line of a window is not readable: %w", err)
		}
		yield(w.last)
	}
	return nil
}

func (w *windowed) read(line string) error {
	rest, short := strings.CutPrefix(line, "+")
	if !short {
		var a Attempt
		err := json.Unmarshal([]byte(line), &[]any{&a.Delivery, &a.Attempt, &a.StartedAt, &a.EndedAt, &a.Outcome, &a.ProviderID, &a.Code, &a.Reason, &a.Provider})
		w.whole(a)
		return err
	}
	if w.last == (Attempt{}) {
		return strconv.ErrSyntax
	}
	c := cells{rest: rest}
	a := w.last
	a.Delivery.Seq, a.StartedAt, a.EndedAt = a.Delivery.Seq+c.number(), a.StartedAt+c.number(), a.EndedAt+c.number()
	a.ProviderID = c.text()
	if w.named {
		a.ProviderID += a.Delivery.String()
	}
	a.ProviderID += w.tail
	if c.rest != "" {
		a.Reason = c.rest
	}
	w.last = a
	return c.err
}

// outcomesOf counts the lines of windows by their outcome, which is the fifth cell
// of a whole line; none before it holds a comma.
func outcomesOf(lines string) map[string]int {
	counts := map[string]int{}
	outcome := ""
	for line := range strings.SplitSeq(lines, "\n") {
		if !strings.HasPrefix(line, "+") {
			outcome = ""
			if cells := strings.SplitN(line, ",", 6); len(cells) == 6 {
				outcome = strings.Trim(cells[4], `"`)
			}
		}
		counts[outcome]++
	}
	return counts
}
