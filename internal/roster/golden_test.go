package roster

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// A golden list is a synthetic list with the result expected of every row. All
// addresses and numbers in it are from ranges kept for examples and fiction.
type goldenList struct {
	name     string
	encoding string
}

var goldenLists = []goldenList{
	{"clean.csv", ""},
	{"clean-jsonl.jsonl", ""},
	{"dirty.csv", ""},
	{"dirty-jsonl.jsonl", ""},
	{"dirty-semicolon.csv", ""},
	{"dirty-utf16le.csv", ""},
	{"dirty-utf16be.csv", ""},
	{"dirty-gbk.csv", "gbk"},
}

var day = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func TestEveryRowOfAListComesOutAsExpected(t *testing.T) {
	for _, g := range goldenLists {
		t.Run(g.name, func(t *testing.T) {
			path := filepath.Join("testdata", "lists", g.name+".gz")
			checkList(t, path, g.encoding)
		})
	}
}

// TestListFromOutside compares any list made elsewhere: TOCSIN_LIST names it,
// its truth and expected files stand beside it.
func TestListFromOutside(t *testing.T) {
	path := os.Getenv("TOCSIN_LIST")
	if path == "" {
		t.Skip("TOCSIN_LIST names no list")
	}
	checkList(t, path, os.Getenv("TOCSIN_LIST_ENCODING"))
}

func checkList(t *testing.T, path, encoding string) {
	t.Helper()
	list, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	base := strings.TrimSuffix(path, ".gz")
	base = strings.TrimSuffix(base, filepath.Ext(base))
	truth := openTruth(t, base+".truth.csv")
	c := &checker{t: t, truth: truth, seen: map[string]bool{}, got: map[string]int64{}}
	sum, err := Read(t.Context(), list, Options{Name: filepath.Base(path), Encoding: encoding, AsOf: day}, c.row)
	if err != nil {
		t.Fatal(err)
	}
	want := readExpected(t, base+".expected.json")
	for outcome, n := range want.Expected {
		if c.got[outcome] != n {
			t.Errorf("%s: %d, want %d", outcome, c.got[outcome], n)
		}
	}
	flags := map[string]int64{"deceased": c.deceased}
	if want.Dirty == 0 { // in dirty lists the truth does not count some whose date of birth was written oddly
		flags["under_18"], flags["under_14"], flags["minor_without_guardian_contact"] = c.minors, c.children, c.alone
	}
	for flag, n := range flags {
		if n != want.Flags[flag] {
			t.Errorf("%s: %d, want %d", flag, n, want.Flags[flag])
		}
	}
	if sum.Rows != want.Rows || sum.Rows != sum.Candidates+sum.Rejected || sum.Rejected != want.Expected["reject"] {
		t.Errorf("the sums do not hold: %+v", sum)
	}
	if _, err := truth.Read(); err != io.EOF {
		t.Errorf("the list has more rows than were read: %v", err)
	}
}

type expected struct {
	Rows     int64            `json:"rows"`
	Dirty    float64          `json:"dirty"`
	Expected map[string]int64 `json:"expected"`
	Flags    map[string]int64 `json:"flags_of_persons"`
}

func readExpected(t *testing.T, path string) (e expected) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func openTruth(t *testing.T, path string) *csv.Reader {
	t.Helper()
	var r io.Reader
	if b, err := os.ReadFile(path + ".gz"); err == nil {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		r = z
	} else {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		r = f
	}
	c := csv.NewReader(r)
	c.ReuseRecord = true
	if _, err := c.Read(); err != nil {
		t.Fatal(err)
	}
	return c
}

// A checker compares each row with the truth and counts what the caller of Read counts.
type checker struct {
	t                                 *testing.T
	truth                             *csv.Reader
	seen                              map[string]bool
	got                               map[string]int64
	minors, children, alone, deceased int64
	shown                             int
}

func (c *checker) row(r Row) error {
	want, err := c.truth.Read()
	if err != nil {
		c.t.Fatalf("a row too many: %v", err)
	}
	no, outcome := r.Candidate.Row, c.outcome(r)
	if r.Reject != nil {
		no = r.Reject.Row
	}
	c.got[outcome]++
	if want[0] != strconv.FormatInt(no, 10) || want[1] != outcome {
		c.complain("row %d is %s, want row %s %s (%s)", no, outcome, want[0], want[1], want[2])
		return nil
	}
	if outcome != "reject" && outcome != "duplicate" {
		c.person(r.Candidate, want)
	}
	return nil
}

func (c *checker) outcome(r Row) string {
	if r.Reject != nil {
		return "reject"
	}
	again := false
	for _, k := range r.Candidate.Keys {
		again = again || c.seen[k]
	}
	for _, k := range r.Candidate.Keys {
		c.seen[k] = true
	}
	switch {
	case again:
		return "duplicate"
	case own(r.Candidate.Contact) == 0: // the truth knows no guardians: it judges by the person's own addresses
		c.got["persons"]++
		return "unreachable"
	}
	c.got["persons"]++
	c.got["reachable"]++
	if r.Candidate.Repaired {
		return "repaired"
	}
	return "clean"
}

// own counts the addresses that are the person's own.
func own(c incidents.Contact) (n int) {
	for _, s := range []string{c.Email, c.Phone, c.PushToken, c.Address} {
		if s != "" {
			n++
		}
	}
	return n
}

// person compares the id, the addresses and the number, and counts the flags.
func (c *checker) person(p incidents.Candidate, want []string) {
	emails := strings.Fields(want[4])
	var first string
	if len(emails) > 0 {
		first = emails[0]
	}
	if p.Contact.Email != first || p.Contact.Phone != want[5] {
		c.complain("row %d (%s): e-mail %q and phone %q, want %q and %q", p.Row, want[2], p.Contact.Email, p.Contact.Phone, first, want[5])
	}
	for _, e := range emails {
		if !slices.ContainsFunc(p.Keys, func(k string) bool { return strings.HasSuffix(k, "\n"+e) }) {
			c.complain("row %d (%s): no key for %q", p.Row, want[2], e)
		}
	}
	if want[3] != "" && p.Contact.Ref != want[3] {
		c.complain("row %d (%s): id %q, want %q", p.Row, want[2], p.Contact.Ref, want[3])
	}
	if p.Flags&incidents.FlagMinor != 0 {
		c.minors++
		if p.Flags&incidents.FlagGuardian == 0 {
			c.alone++
		}
	}
	if p.Flags&incidents.FlagChild != 0 {
		c.children++
	}
	if p.Flags&incidents.FlagDeceased != 0 {
		c.deceased++
	}
}

func (c *checker) complain(format string, args ...any) {
	c.t.Helper()
	if c.shown++; c.shown <= 20 {
		c.t.Errorf(format, args...)
	}
}

// readAll reads a list given as text.
func readAll(t testing.TB, text string, o Options) ([]Row, Summary, error) {
	t.Helper()
	if o.AsOf.IsZero() {
		o.AsOf = day
	}
	var rows []Row
	sum, err := Read(context.Background(), strings.NewReader(text), o, func(r Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, sum, err
}
