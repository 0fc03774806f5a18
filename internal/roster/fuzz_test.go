package roster

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tocsin/incidents"
)

var phoneForm = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// checkRows is what must hold for whatever a list contains.
func checkRows(t *testing.T, rows []Row, sum Summary) {
	t.Helper()
	var candidates, rejects int64
	for i, r := range rows {
		if r.Reject != nil {
			rejects++
			if r.Reject.Row != int64(i+1) || r.Reject.Reason == "" {
				t.Errorf("row %d: reject of row %d, reason %q", i+1, r.Reject.Row, r.Reject.Reason)
			}
			continue
		}
		candidates++
		if r.Candidate.Row != int64(i+1) {
			t.Errorf("row %d: candidate of row %d", i+1, r.Candidate.Row)
		}
		checkContact(t, r.Candidate)
	}
	if sum.Rows != int64(len(rows)) || sum.Candidates != candidates || sum.Rejected != rejects {
		t.Errorf("the sums do not hold: %+v, %d candidates, %d rejects", sum, candidates, rejects)
	}
}

func checkContact(t *testing.T, c incidents.Candidate) {
	t.Helper()
	k := c.Contact
	if k.Email != "" && (strings.Count(k.Email, "@") != 1 || strings.ContainsAny(k.Email, " \t\r\n<>\",;") || strings.IndexFunc(k.Email, unicode.IsControl) >= 0) {
		t.Errorf("e-mail %q", k.Email)
	}
	if k.Phone != "" && !phoneForm.MatchString(k.Phone) {
		t.Errorf("phone %q", k.Phone)
	}
	for _, s := range []string{k.Ref, k.Name, k.NameLatin, k.Guardian, k.GuardianTo, k.PushToken, k.Zone} {
		if strings.IndexFunc(s, unicode.IsControl) >= 0 || !utf8.ValidString(s) || s != strings.TrimSpace(s) {
			t.Errorf("text %q", s)
		}
	}
	if len(c.Channels) == 0 && (c.Repaired || k.Email != "" || k.Phone != "" || k.Address != "") {
		t.Errorf("unreachable, but repaired or with an address: %v", c.Repaired)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("1,Ann,a@example.com,(202) 555-0123,US\n")
	f.Add("1,\"An\n\"\"n\",\"A <a@example.com>; b@example.net\",'+12025550123,CN\r\n\n,,,,\n")
	f.Add("1,\"Ann,a@example.com\n2,Bob\",b@example.com,007 x 12,DE\n")
	f.Add("\xff,\u202eAnn,用户@münchen.example,＋１２０２,GB")
	f.Fuzz(func(t *testing.T, body string) {
		rows, sum, err := readAll(t, "subject_id,name,email,phone,country\n"+body, Options{Format: CSV, Delimiter: ','})
		if err != nil {
			t.Fatalf("a list with a right header was refused: %v", err)
		}
		checkRows(t, rows, sum)
		if body != "" && len(rows) == 0 {
			t.Error("a row was lost")
		}
	})
}

func FuzzJSONL(f *testing.F) {
	f.Add(`{"name":"Ann","email":["a@example.com",null],"phone":12025550123}`)
	f.Add("{\"name\":\"A\\ud83d\\ude00\",\"zone\":\"UTC\"}\n\n[1]\n\"x\"\n{\"name\":1e5}")
	f.Fuzz(func(t *testing.T, body string) {
		rows, sum, err := readAll(t, body, Options{Format: JSONL})
		if err != nil {
			if incidents.KindOf(err) != incidents.KindInvalid {
				t.Fatal(err)
			}
			return
		}
		checkRows(t, rows, sum)
		if sum.Encoding != UTF8 || sum.Packing != "" {
			return
		}
		lines := strings.Split(strings.TrimSuffix(strings.TrimPrefix(body, "\ufeff"), "\n"), "\n")
		if len(lines) != len(rows) {
			t.Fatalf("%d lines became %d rows", len(lines), len(rows))
		}
		for i, r := range rows {
			if r.Reject == nil && !json.Valid([]byte(lines[i])) {
				t.Errorf("%q is no JSON but became a person", lines[i])
			}
		}
	})
}

// FuzzRead takes anything: packed, encoded, with any header.
func FuzzRead(f *testing.F) {
	f.Add(small, "")
	f.Add(gzipped(f, small), "")
	f.Add(zstded(f, small), "")
	f.Add(utf16Text("\ufeff"+small, true), "")
	f.Add("name,email\n\xcd\xf5,a@example.com\n", "gbk")
	f.Fuzz(func(t *testing.T, text, encoding string) {
		rows, sum, err := readAll(t, text, Options{Encoding: encoding})
		if err != nil && incidents.KindOf(err) != incidents.KindInvalid {
			t.Fatal(err)
		}
		if err == nil {
			checkRows(t, rows, sum)
		}
	})
}
