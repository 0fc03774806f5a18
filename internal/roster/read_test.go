package roster

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/simplifiedchinese"

	"tocsin/incidents"
)

const small = "subject_id,name,email,address\n1,王伟,wang@example.com,示例省示例市样本区测试路\n2,Bob,bob@example.com,\n"

func TestPackingsAndEncodings(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(small)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text, encoding string
		want                 Summary
	}{
		{"plain", small, "", Summary{Encoding: UTF8}},
		{"gzip", gzipped(t, small), "", Summary{Encoding: UTF8, Packing: "gzip"}},
		{"zstd", zstded(t, small), "", Summary{Encoding: UTF8, Packing: "zstd"}},
		{"UTF-16LE with mark", utf16Text("\ufeff"+small, false), "", Summary{Encoding: UTF16}},
		{"UTF-16BE with mark", utf16Text("\ufeff"+small, true), "", Summary{Encoding: UTF16}},
		{"UTF-16BE without mark, named", utf16Text(small, true), "utf-16", Summary{Encoding: UTF16}},
		{"UTF-16LE without mark, named", utf16Text(small, false), "UTF-16", Summary{Encoding: UTF16}},
		{"GBK, named", gbk, "gb18030", Summary{Encoding: GBK}},
		{"GBK, named and packed", gzipped(t, gbk), "gbk", Summary{Encoding: GBK, Packing: "gzip"}},
		{"UTF-8 though GBK was named", small, "gbk", Summary{Encoding: UTF8}},
		{"mark wins over the name", "\ufeff" + small, "gbk", Summary{Encoding: UTF8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, sum, err := readAll(t, c.text, Options{Encoding: c.encoding})
			if err != nil {
				t.Fatal(err)
			}
			if got := outcomes(rows); got != "王伟\nBob" {
				t.Errorf("got %s", got)
			}
			if sum.Encoding != c.want.Encoding || sum.Packing != c.want.Packing || sum.Bytes != int64(len(c.text)) {
				t.Errorf("got %+v of %d bytes", sum, len(c.text))
			}
		})
	}
}

func TestDamagedTextIsRejectedNeverShown(t *testing.T) {
	head, bob := "name,email\n", "Bob,bob@example.com\n"
	half := utf16Text("\ufeff"+head, false) + "\x3d\xd8" + utf16Text("x,x@example.com\n"+bob, false)
	odd := utf16Text("\ufeff"+head+bob, false) + "x"
	for _, c := range []struct{ name, text, encoding, want string }{
		{"half a surrogate pair", half, "", "reject: not valid UTF-16\nBob"},
		{"half a unit at the end", odd, "", "Bob\nreject: not valid UTF-16"},
		{"bytes GBK does not know", head + "\xff\xff,x@example.com\n" + bob, "gbk", "reject: not valid GBK\nBob"},
		{"GBK in a list not said to be so", head + "\xcd\xf5\xce\xb0,x@example.com\n" + bob, "", "reject: not valid UTF-8\nBob"},
	} {
		rows, _, err := readAll(t, c.text, Options{Encoding: c.encoding})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := outcomes(rows); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestListsThatCannotBeRead(t *testing.T) {
	packed := gzipped(t, strings.Repeat(small, 2000))
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "the list is empty"},
		{"no header but a person", "1,Ann,ann@example.com\n", "names none of the columns"},
		{"unknown columns", "name,email,shoe size,secret\n", `unknown columns: "shoe size", "secret"`},
		{"an unknown column that is somebody's data", "name,email,ann@example.com,555-0100\n", "unknown columns: number 3, number 4"},
		{"a column twice", "name,email,E-Mail,email\n", "email is there twice"},
		{"no name", "subject_id,email\n", "the column name is missing"},
		{"no contact", "subject_id,name\n", "no column to reach anybody by"},
		{"quotes wrong in the header", "\"name,email\n", "quotes in the first row"},
		{"cut off gzip", packed[:len(packed)/2], "damaged or cut off"},
		{"broken zstd", "\x28\xb5\x2f\xfd\x00\x00", "damaged or cut off"},
		{"UTF-16 without a mark", utf16Text(small, false), "looks like UTF-16"},
		{"unknown names in JSONL", `{"name":"Ann","e_mail":"x"}` + "\n", `unknown names in the first object: "e_mail"`},
	} {
		_, _, err := readAll(t, c.text, Options{})
		if err == nil || incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an invalid error with %q", c.name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "ann@") || strings.Contains(err.Error(), "555")) {
			t.Errorf("%s: personal data in the error %q", c.name, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for field, o := range map[string]Options{
		"format":    {Format: "xls", AsOf: day},
		"encoding":  {Encoding: "latin-1", AsOf: day},
		"delimiter": {Delimiter: 'x', AsOf: day},
		"as_of":     {},
	} {
		_, err := Read(t.Context(), strings.NewReader(small), o, func(Row) error { return nil })
		var e *incidents.Error
		if !errors.As(err, &e) || e.Field != field || e.Kind != incidents.KindInvalid {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

func TestReadingStopsWhenCalledOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := io.MultiReader(strings.NewReader("name,email\n"), forever("Ann,ann@example.com\n"))
	n := 0
	_, err := Read(ctx, r, Options{AsOf: day}, func(Row) error {
		if n++; n == 5000 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n > 5000+stepRows {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestAnErrorOfTheReceiverEndsTheReading(t *testing.T) {
	stop := errors.New("the disk is full")
	sum, err := Read(t.Context(), strings.NewReader(small), Options{AsOf: day}, func(Row) error { return stop })
	if !errors.Is(err, stop) || sum.Rows != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestAPackedBombIsStopped(t *testing.T) {
	pr, pw := io.Pipe()
	go func() {
		z := gzip.NewWriter(pw)
		_, err := io.Copy(z, forever("x"))
		pw.CloseWithError(err)
	}()
	defer pr.Close()
	_, err := Read(t.Context(), pr, Options{Format: JSONL, AsOf: day}, func(Row) error { return nil })
	if incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), "grows") {
		t.Errorf("got %v", err)
	}
}

func TestProgressEndsWithTheWholeList(t *testing.T) {
	var rows, size int64
	calls := 0
	text := "name,email\n" + strings.Repeat("Ann,ann@example.com\n", 3000)
	_, _, err := readAll(t, text, Options{Progress: func(r, b int64) { rows, size, calls = r, b, calls+1 }})
	if err != nil || rows != 3000 || size != int64(len(text)) || calls < 3 {
		t.Errorf("%d rows, %d bytes, %d calls, %v", rows, size, calls, err)
	}
}

func TestListsIsAListReader(t *testing.T) {
	var lists incidents.ListReader = Lists{DefaultPlace: "DE"}
	var got []string
	err := lists.Read(t.Context(), strings.NewReader("name,phone\nAnn,0171 3920012\n\n"), incidents.ListOptions{AsOf: day}, func(c incidents.Candidate, r *incidents.Reject) error {
		if r != nil {
			got = append(got, r.Reason)
		} else {
			got = append(got, c.Contact.Phone+" "+string(c.Place))
		}
		return nil
	})
	if err != nil || strings.Join(got, "|") != "+491713920012 DE|an empty line" {
		t.Errorf("%q, %v", got, err)
	}
}

func forever(s string) io.Reader { return &repeater{text: strings.Repeat(s, 1000)} }

type repeater struct {
	text string
	at   int
}

func (r *repeater) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstded(t testing.TB, s string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return string(z.EncodeAll([]byte(s), nil))
}

func utf16Text(s string, big bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

func TestAgeTurnsOnTheBirthday(t *testing.T) {
	for born, want := range map[string]int{"2008-11-23": 18, "2008-11-24": 17, "2012-11-22": 14, "2008-02-29": 18, "2026-11-23": 0} {
		d, err := time.Parse(time.DateOnly, born)
		if err != nil {
			t.Fatal(err)
		}
		if got := age(d, day); got != want {
			t.Errorf("born %s: %d, want %d", born, got, want)
		}
	}
}
