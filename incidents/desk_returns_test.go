package incidents

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadingReturnedLetters(t *testing.T) {
	d := &Desk{Deps: Deps{Codes: NewCodeBook([]byte("a key of the test")), Now: time.Now}}
	code := d.Codes.Code(12, 345)
	id := DeliveryID{12, 345, Letter}
	for name, c := range map[string]struct {
		text  string
		found string // "id why" of each, joined by ;
		again int
		bad   int
	}{
		"by id":                     {"12-345-l\n", "12-345-l ", 0, 0},
		"by id in capitals":         {"12-345-L", "12-345-l ", 0, 0},
		"by code":                   {code + "\n", "12-345-l ", 0, 0},
		"by code as people type it": {strings.ToLower(strings.ReplaceAll(code, "-", " ")), "12-345-l ", 0, 0},
		"by what the QR code reads": {"https://example.org/verify?code=" + code + "\r\n", "12-345-l ", 0, 0},
		"with a reason":             {`"12-345-l";"Moved"`, "12-345-l moved", 0, 0},
		"header, blanks, a mark":    {"\ufeffcode,reason\n\n  \n12-345-l\trefused\n", "12-345-l refused", 0, 0},
		"the same twice":            {code + "\n12-345-l\n", "12-345-l ", 1, 0},
		"a forged code":             {"FFFF-FFFF-FFFF\n12-345-l", "12-345-l ", 0, 1},
		"an e-mail is no letter":    {"12-345-e", "", 0, 1},
		"nothing of ours":           {"Ada Lovelace, London\n=cmd()\n", "", 0, 2},
		"nothing":                   {"", "", 0, 0},
	} {
		var out Returned
		found, err := d.readReturned(strings.NewReader(c.text), &out)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, x := range found {
			got = append(got, x.id.String()+" "+x.code)
		}
		if s := strings.Join(got, ";"); s != c.found || out.Again != c.again || out.LeftOut != c.bad {
			t.Errorf("%s: %q, %+v", name, s, out)
		}
		for _, p := range out.Problems {
			if strings.Contains(p.Reason, "Ada") {
				t.Errorf("%s: a problem repeats the line: %s", name, p.Reason)
			}
		}
	}
	if r := d.returned(returnedLetter{1, id, "deceased"}); r.Reason != "the post returned the letter: the person has died" || r.Status != "bounced" || r.ID != "returned:12-345-l" {
		t.Errorf("%+v", r)
	}
	_, err := d.readReturned(strings.NewReader("code,why\n12-345-l,moved\n12-346-l,Sent to his mother Ada\n12-347-l,gone\n"), new(Returned))
	if s := fmt.Sprint(err); KindOf(err) != KindInvalid || !strings.Contains(s, "3, 4") || strings.Contains(strings.ToLower(s), "ada") {
		t.Errorf("unknown reasons: %v", err)
	}
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "deceased, insufficient, moved, refused, unclaimed, unknown") {
		t.Errorf("the reasons there are: %+v", e)
	}
	var out Returned
	if _, err := d.readReturned(strings.NewReader(strings.Repeat("x", 1<<17)), &out); KindOf(err) != KindInvalid {
		t.Errorf("a line without end: %v", err)
	}
	for range 3 * shownProblems {
		out.problem(1, "x")
	}
	if len(out.Problems) != shownProblems || out.LeftOut != 3*shownProblems {
		t.Errorf("%d of %d problems are shown", len(out.Problems), out.LeftOut)
	}
}

// A diedTx has one person, and keeps what they are redirected to.
type diedTx struct {
	Tx
	person   Person
	flags    int
	channels []Channel
	called   bool
}

func (t *diedTx) NoticeByNo(int64) (Notice, error) { return Notice{IncidentID: "i1"}, nil }
func (t *diedTx) Person(PersonID) (Person, error)  { return t.person, nil }
func (t *diedTx) Redirect(_ PersonID, flags int, channels []Channel) error {
	t.flags, t.channels, t.called = flags, channels, true
	return nil
}

type oneContact struct {
	Roll
	contact Contact
}

func (r oneContact) OpenContact(context.Context, Person) (Contact, error) { return r.contact, nil }

func TestWhoALetterSaysHasDied(t *testing.T) {
	d := &Desk{Deps: Deps{Roll: oneContact{contact: Contact{Phone: "+1", Email: "own", GuardianTo: "rep@example.com"}}}}
	for name, c := range map[string]struct {
		flags    int
		erased   bool
		want     int
		channels []Channel
	}{
		"a person alone":                   {flags: 0, want: FlagDeceased},
		"a person with a representative":   {flags: FlagGuardian, want: FlagDeceased | FlagGuardian, channels: []Channel{Email}},
		"a minor told directly":            {flags: FlagMinor, want: FlagDeceased | FlagMinor},
		"the guardian of a minor":          {flags: FlagMinor | FlagGuardian, want: FlagMinor | FlagGuardian},
		"the representative of the person": {flags: FlagDeceased | FlagGuardian, want: FlagDeceased | FlagGuardian},
		"somebody erased":                  {erased: true},
	} {
		tx := &diedTx{person: Person{Flags: c.flags, Sealed: []byte("x")}}
		if c.erased {
			tx.person.Sealed = nil
		}
		if err := d.died(t.Context(), tx, DeliveryID{1, 1, Letter}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if tx.called == c.erased || tx.flags != c.want || !slices.Equal(tx.channels, c.channels) {
			t.Errorf("%s: flags %d, channels %v", name, tx.flags, tx.channels)
		}
	}
}
