package incidents

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Returned says what became of a list of letters the post brought back.
type Returned struct {
	Lines    int            `json:"lines"`    // that name a letter, or should
	Recorded int            `json:"recorded"` // letters known to be returned from now on, or, tried out, that would be
	Again    int            `json:"again"`    // recorded before, or twice on the list
	Problems []ReturnedLine `json:"problems"` // lines that were left out; at most a hundred
	LeftOut  int            `json:"left_out"` // how many there are in all
}

// A ReturnedLine is a line that names no letter of ours. What stands in it is
// not repeated.
type ReturnedLine struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

const (
	maxReturnedLines = 1_000_000
	returnedAtOnce   = 500 // in one transaction
	shownProblems    = 100
	shownUnknown     = 20
)

// returnReasons are what a post writes on an envelope, in our words.
var returnReasons = map[string]string{
	"moved": "the person has moved", "unknown": "no such person at the address", "refused": "the person refused the letter", CodeDeceased: "the person has died",
	"unclaimed": "the letter was not collected", "insufficient": "the address is not complete",
}

// CodeDeceased is the code of a letter that came back as whom it was sent to has died.
const CodeDeceased = "deceased"

// A returnedLetter is one line read.
type returnedLetter struct {
	line int
	id   DeliveryID
	code string // why, a key of returnReasons, or ""
}

// ReturnLetters records letters the post brought back: one on a line, named by
// the delivery's id, by the verification code printed in it, or by the address
// its QR code holds; after a comma, if it is known, why (moved, unknown,
// refused, deceased, unclaimed, insufficient). Each is folded into its
// delivery as not arrived, and its person goes on to the next channel; of who has
// died, their representative does, where the notice allows it. A list
// may be sent twice: nothing counts twice. With commit false nothing is
// written. Lines that name no letter of ours are left out and listed; a reason
// there is not refuses the whole list.
func (d *Desk) ReturnLetters(ctx context.Context, a Actor, r io.Reader, commit bool) (out Returned, err error) {
	if err := a.May(ActRelease); err != nil {
		return out, err
	}
	found, err := d.readReturned(r, &out)
	if err != nil {
		return out, err
	}
	for len(found) > 0 && err == nil {
		n := min(len(found), returnedAtOnce)
		part := found[:n]
		found = found[n:]
		run := d.Store.Read
		if commit {
			run = d.Store.Write
		}
		before := out
		err = run(ctx, func(tx Tx) error {
			out = before // a transaction may run twice
			return d.returnSome(ctx, tx, a, part, commit, &out)
		})
	}
	return out, err
}

func (r *Returned) problem(line int, format string, args ...any) {
	r.LeftOut++
	if len(r.Problems) < shownProblems {
		r.Problems = append(r.Problems[:len(r.Problems):len(r.Problems)], ReturnedLine{Line: line, Reason: fmt.Sprintf(format, args...)})
	}
}

func (d *Desk) readReturned(r io.Reader, out *Returned) (found []returnedLetter, err error) {
	seen := map[DeliveryID]bool{}
	var unknown []string // lines whose reason nobody knows
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), 64<<10)
	for n := 1; lines.Scan(); n++ {
		name, why := cutReturned(lines.Text())
		if name == "" || n == 1 && isReturnedHeader(name) {
			continue
		}
		if out.Lines++; out.Lines > maxReturnedLines {
			return nil, Invalid("the list has more than %d lines", maxReturnedLines).WithHint("send it in parts")
		}
		id, ok := d.letterOf(name)
		switch {
		case !ok:
			out.problem(n, "neither a delivery's id nor a code of ours")
		case why != "" && returnReasons[why] == "":
			unknown = append(unknown, strconv.Itoa(n))
		case seen[id]:
			out.Again++
		default:
			seen[id] = true
			found = append(found, returnedLetter{n, id, why})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, Invalid("the list cannot be read as lines of text").WithHint("send a CSV file: one letter a line, its code first")
	}
	if len(unknown) > 0 {
		return nil, unknownReasons(unknown)
	}
	return found, nil
}

// unknownReasons names the lines, not what stands there, and the reasons there are.
func unknownReasons(lines []string) error {
	more := ""
	if n := len(lines) - shownUnknown; n > 0 {
		lines, more = lines[:shownUnknown], fmt.Sprintf(" and %d more", n)
	}
	return Invalid("lines with an unknown reason: %s%s; nothing was recorded", strings.Join(lines, ", "), more).
		WithHint("the reason is left out, or one of %s", strings.Join(slices.Sorted(maps.Keys(returnReasons)), ", "))
}

// cutReturned takes what names the letter and, after a comma, a semicolon or a
// tab, why it came back.
func cutReturned(line string) (name, why string) {
	fields := strings.FieldsFunc(strings.TrimPrefix(line, "\ufeff"), func(r rune) bool { return strings.ContainsRune(",;\t", r) })
	clean := func(s string) string { return strings.Trim(strings.TrimSpace(s), `"'`) }
	if len(fields) > 0 {
		name = clean(fields[0])
	}
	if len(fields) > 1 {
		why = strings.ToLower(clean(fields[1]))
	}
	return name, why
}

func isReturnedHeader(s string) bool {
	switch strings.ToLower(s) {
	case "id", "delivery", "delivery_id", "code", "letter":
		return true
	}
	return false
}

// letterOf reads what a scanner or a person took from a returned envelope.
func (d *Desk) letterOf(s string) (DeliveryID, bool) {
	if id, err := ParseDeliveryID(strings.ToLower(s)); err == nil {
		return id, id.Channel == Letter
	}
	if u, err := url.Parse(s); err == nil && u.Query().Has("code") {
		s = u.Query().Get("code")
	}
	notice, seq, ok := d.Codes.Check(s)
	return DeliveryID{Notice: notice, Seq: seq, Channel: Letter}, ok
}

// returnSome records a part of a list: the receipts and, for each notice, an
// entry of the audit log, in one transaction.
func (d *Desk) returnSome(ctx context.Context, tx Tx, a Actor, part []returnedLetter, commit bool, out *Returned) error {
	counts, dead := map[int64]int{}, map[int64]int{}
	var order []int64
	for _, x := range part {
		left, err := letterLeft(tx, x.id)
		if err != nil {
			return err
		}
		if !left {
			out.problem(x.line, "no such letter has left")
			continue
		}
		fresh := true
		if commit {
			if fresh, err = tx.PutReceipt(d.returned(x)); err != nil {
				return err
			}
		}
		if !fresh {
			out.Again++
			continue
		}
		if commit && x.code == CodeDeceased {
			if err := d.died(ctx, tx, x.id); err != nil {
				return err
			}
			dead[x.id.Notice]++
		}
		out.Recorded++
		if counts[x.id.Notice]++; counts[x.id.Notice] == 1 {
			order = append(order, x.id.Notice)
		}
	}
	if !commit {
		return nil
	}
	for _, no := range order {
		n, err := tx.NoticeByNo(no)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("The post returned %d letters of notice N-%d.", counts[no], no)
		data := map[string]string{"notice": strconv.FormatInt(no, 10), "letters": strconv.Itoa(counts[no])}
		if n := dead[no]; n > 0 {
			line += fmt.Sprintf(" Of these, %d came back because whom they were sent to has died.", n)
			data["deceased"] = strconv.Itoa(n)
		}
		if err := d.record(tx, a, event{name: "letters.returned", incident: n.IncidentID, subject: string(n.ID), line: line, data: data}); err != nil {
			return err
		}
	}
	return nil
}

// died has nothing more go to whom a letter was sent to. If that is the person of
// the list, they stand from now on as if the list had said so: their
// representative, if one is known, has the channels. Nobody takes the place of a
// guardian or a representative who has died.
func (d *Desk) died(ctx context.Context, tx Tx, letter DeliveryID) error {
	n, err := tx.NoticeByNo(letter.Notice)
	if err != nil {
		return err
	}
	p, err := tx.Person(NewPersonID(n.IncidentID, letter.Seq))
	if err != nil || p.Sealed == nil {
		return err
	}
	var channels []Channel
	if r := ReaderOf(p.Flags); r == ReaderPerson || r == ReaderMinor {
		p.Flags |= FlagDeceased
		if channels, err = d.representative(ctx, p); err != nil {
			return err
		}
	}
	return tx.Redirect(p.ID, p.Flags, channels)
}

// representative lists the channels of a dead person's representative.
func (d *Desk) representative(ctx context.Context, p Person) (out []Channel, err error) {
	if p.Flags&FlagGuardian == 0 {
		return nil, nil
	}
	c, err := d.Roll.OpenContact(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("open person %s: %w", p.ID, err)
	}
	reader := c.OfGuardian()
	for _, ch := range Channels() {
		if reader.Reaches(ch) {
			out = append(out, ch)
		}
	}
	return out, nil
}

func (d *Desk) returned(x returnedLetter) StatusReceipt {
	r := StatusReceipt{ID: "returned:" + x.id.String(), Delivery: x.id, Channel: Letter, Status: "bounced", Code: x.code, Reason: "the post returned the letter", At: d.Now().UTC().Truncate(time.Second)}
	if why := returnReasons[x.code]; why != "" {
		r.Reason += ": " + why
	}
	return r
}

// letterLeft tells whether a delivery is a letter that was attempted.
func letterLeft(tx Tx, id DeliveryID) (bool, error) {
	got, err := tx.Deliveries(DeliveryFilter{Notice: id.Notice, Seq: id.Seq, Limit: 10})
	if isNotFound(err) {
		return false, nil
	}
	for _, x := range got {
		if x.ID == id {
			return x.Attempts > 0, err
		}
	}
	return false, err
}
