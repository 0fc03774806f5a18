package roster

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

func TestEmails(t *testing.T) {
	for _, c := range []struct {
		cell, want string
		mended     bool
	}{
		{"", "", false},
		{"ann@example.com", "ann@example.com", false},
		{"ANN@Example.COM", "ann@example.com", true},
		{"mailto:ann@example.com?subject=x", "ann@example.com", true},
		{"ann@example.com.", "ann@example.com", true},
		{`"Ann, B" <ann@example.com>`, "ann@example.com", true},
		{"Doe, Ann <ann@example.com>", "ann@example.com", true},
		{"Ann <ann@example.com>; Bob <bob@example.net>", "ann@example.com bob@example.net", true},
		{"ann@example.com, Bob <bob@example.net>", "ann@example.com bob@example.net", true},
		{"ann@example.com;bob@example.net", "ann@example.com bob@example.net", true},
		{"ann@example.com / bob@example.net", "ann@example.com bob@example.net", true},
		{"ann@example.com，bob@example.net；ann@example.com", "ann@example.com bob@example.net", true},
		{"ann＠example．com", "ann@example.com", true},
		{"用户@münchen.example", "用户@xn--mnchen-3ya.example", true},
		{"n/a; ann@example.com", "ann@example.com", true},
		{"a,b@example.com", "", true}, // b is somebody else
		{"a b@example.com", "", true},
		{"x@exam ple.com", "", true},
		{"two@@example.com", "", true},
		{"a@b@example.com", "", true},
		{"unknown@unknown", "", true},
		{"@example.com", "", true},
		{"a@", "", true},
		{"x@example..com", "", true},
		{"x@-example.com", "", true},
		{"x@192.0.2.1", "", true},
		{".x@example.com", "", true},
		{`"x y"@example.com`, "", true},
		{"x@example.com\r\nBcc: y@example.com", "", true},
		{"无", "", true},
		{strings.Repeat("x", 65) + "@example.com", "", true},
	} {
		got, mended := emails(c.cell)
		if strings.Join(got, " ") != c.want || mended != c.mended {
			t.Errorf("%q: %q (mended %t), want %q (%t)", c.cell, got, mended, c.want, c.mended)
		}
	}
}

func TestPhones(t *testing.T) {
	for _, c := range []struct {
		cell, country, want string
		mended              bool
	}{
		{"(202) 555-0123", "US", "+12025550123", false},
		{"1.202.555.0123", "US", "+12025550123", false},
		{"(202) 555-0123", "CN", "+12025550123", false},
		{"1.303.555.0123", "CN", "+13035550123", false},
		{"130 3555 0123", "CN", "+8613035550123", false},
		{"13035550123", "CN", "+8613035550123", false},
		{"020-25550123", "CN", "+862025550123", false},
		{"07700 900123", "GB", "+447700900123", false},
		{"+44 (0)7700 900123", "", "+447700900123", false},
		{"0176/04069012", "DE", "+4917604069012", false},
		{"+4917604069012 / 07700 900123", "DE", "+4917604069012", true},
		{"004917604069012", "US", "+4917604069012", true},
		{"+12025550123 ext. 45", "US", "+12025550123", true},
		{"+12025550123x45", "US", "+12025550123", true},
		{"＋１２０２５５５０１２３", "", "+12025550123", true},
		{`="+12025550123"`, "", "+12025550123", true},
		{"'+12025550123", "", "+12025550123", true},
		{"+33 6 39 98 12 34", "", "+33639981234", false},
		{"8.61E+12", "CN", "", true},
		{"1.20256E+10", "US", "", true},
		{"12000000000", "US", "", true},
		{"12000000000", "CN", "", true},
		{"12000000000", "DE", "", true},
		{"123", "SE", "", true},
		{"110", "CN", "", true},
		{"call me", "US", "", true},
		{"+999 000", "", "", true},
		{"1380000000x", "CN", "", true},
		{"(900) 555-0123", "US", "", true},
		{"0900 1234567", "DE", "", true}, // premium
		{"0000000000", "US", "", true},
		{"0171 3920012", "", "", true}, // of no country
		{strings.Repeat("1", 400), "US", "", true},
	} {
		got, mended := phone(c.cell, c.country)
		if got != c.want || mended != c.mended {
			t.Errorf("%q (%s): %q (mended %t), want %q (%t)", c.cell, c.country, got, mended, c.want, c.mended)
		}
	}
}

func TestBirths(t *testing.T) {
	for _, c := range []struct{ cell, country, want string }{
		{"2010-01-02", "", "2010-01-02"},
		{"2010/1/2", "", "2010-01-02"},
		{"02.01.2010", "", "2010-01-02"},
		{"20100102", "", "2010-01-02"},
		{"2010年1月2日", "CN", "2010-01-02"},
		{"2010-01-02 00:00:00", "", "2010-01-02"},
		{"40180", "", "2010-01-02"},
		{"40180.0", "", "2010-01-02"},
		{"1/2/2010", "US", "2010-01-02"},
		{"1/2/2010", "GB", "2010-02-01"},
		{"13/2/2010", "US", "2010-02-13"},
		{"1985", "", ""},
		{"2030-01-01", "", ""},
		{"1880-01-01", "", ""},
		{"2010-02-30", "", ""},
		{"soon", "", ""},
	} {
		d, ok, _ := birth(c.cell, c.country, day)
		got := ""
		if ok {
			got = d.Format(time.DateOnly)
		}
		if got != c.want {
			t.Errorf("%q (%s): %q, want %q", c.cell, c.country, got, c.want)
		}
	}
}

func TestLanguages(t *testing.T) {
	for locale, want := range map[string]incidents.Lang{"": "", "zh-CN": "zh-Hans", "zh": "zh-Hans", "zh_SG": "zh-Hans", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant",
		"zh-Hant-CN": "zh-Hant", "en-US": "en", "EN": "en", "pt-BR": "pt", "sr-Latn-RS": "sr-Latn", "iw": "he", "de_DE.UTF-8": "de", "english": "", "x": ""} {
		if got := lang(locale); got != want {
			t.Errorf("%q: %q, want %q", locale, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct{ country, region, want string }{
		{"US", "", "US"}, {"us", "", "US"}, {"USA", "", "US"}, {"Germany", "", "DE"}, {"nowhere", "", "FR"}, {"", "", "FR"},
		{"US", "CA", "US-CA"}, {"US", "us-ca", "US-CA"}, {"US", "California", "US-CA"}, {"", "US-NY", "US-NY"}, {"US", "Narnia", "US"},
	} {
		rows, _, err := readAll(t, "name,email,country,region\nAnn,ann@example.com,"+c.country+","+c.region+"\n", Options{DefaultPlace: "FR"})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(rows[0].Candidate.Place); got != c.want {
			t.Errorf("%q %q: %q, want %q", c.country, c.region, got, c.want)
		}
	}
}

func TestSamePersonHasAnEqualKey(t *testing.T) {
	const head = "subject_id,name,email,phone\n"
	shared := func(a, b string) bool {
		rows, _, err := readAll(t, head+a+"\n"+b+"\n", Options{Format: CSV})
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(rows[0].Candidate.Keys, func(k string) bool { return slices.Contains(rows[1].Candidate.Keys, k) })
	}
	for _, c := range []struct {
		name, a, b string
		want       bool
	}{
		{"the id in another case, with blanks", "TEST-1,Ann,a@example.com,", " test - 1,Bob,b@example.com,", true},
		{"the id as a spreadsheet's number", "1001,Ann,a@example.com,", "1001.0,Ann,b@example.com,", true},
		{"an id with a dot and zero is no number", "V1.0,Ann,a@example.com,", "V1,Ann,b@example.com,", false},
		{"name and address in another case", "1,Ann,a@example.com,", "2, ANN ,A@EXAMPLE.com,", true},
		{"the second address is the first of another row", "1,Ann,a@example.com; b@example.com,", "2,Ann,b@example.com,", true},
		{"decomposed name", "1,José,a@example.com,", "2,Jose\u0301,a@example.com,", true},
		{"a household shares an address", "1,Ann,a@example.com,", "2,Bob,a@example.com,", false},
		{"equal telephone numbers identify nobody", "1,Ann,,+12025550123", "2,Ann,,+12025550123", false},
		{"no id and no name", ",,a@example.com,", ",,a@example.com,", false},
	} {
		if got := shared(c.a, c.b); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
	if IDKey(" Test-1 ") != "id:test-1" || IDKey("7.0") != "id:7" {
		t.Error("IDKey does not make the key of the row")
	}
}

func TestChannelsComeInOrderOfPreference(t *testing.T) {
	const head = "name,email,phone,push_token,address,preferred_channel\n"
	for row, want := range map[string]string{
		"Ann,a@example.com,+12025550123,tok,1 Sample Street,":  "email push sms phone letter",
		"Ann,a@example.com,+12025550123,,1 Sample Street,Post": "letter email sms phone",
		"Ann,a@example.com,+12025550123,,,phone":               "phone email sms",
		"Ann,a@example.com,,,,push":                            "email",
		"Ann,bad,,,n/a,email":                                  "",
	} {
		rows, _, err := readAll(t, head+row+"\n", Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range rows[0].Candidate.Channels {
			got = append(got, string(c))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", row, got, want)
		}
	}
}

func TestFlags(t *testing.T) {
	const head = "name,email,date_of_birth,guardian_contact,deceased\n"
	for row, want := range map[string]int{
		"Ann,a@example.com,2000-01-01,,":                    0,
		"Ann,a@example.com,2010-01-01,,no":                  incidents.FlagMinor,
		"Ann,a@example.com,2020-01-01,g@example.org,":       incidents.FlagMinor | incidents.FlagChild | incidents.FlagGuardian,
		"Ann,a@example.com,2020-01-01,ask her mother,":      incidents.FlagMinor | incidents.FlagChild,
		"Ann,a@example.com,1950-01-01,,是":                   incidents.FlagDeceased,
		"Ann,a@example.com,1950-01-01,,2020-05-01":          incidents.FlagDeceased,
		"Ann,a@example.com,1950-01-01,,perhaps, who knows?": -1,
		"Ann,a@example.com,1950-01-01,,perhaps":             -1,
	} {
		rows, _, err := readAll(t, head+row+"\n", Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := rows[0].Candidate.Flags
		if rows[0].Reject != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%s: %d, want %d", row, got, want)
		}
	}
}

func TestTheQuickLookAtATextOverlooksNothing(t *testing.T) {
	for r := rune(1); r < 0x11000; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		for _, s := range []string{string(r), "a" + string(r) + "b", "王" + string(r), "e" + string(r) + "\u0301"} {
			if isTidy(s) && tidyRunes(s) != s {
				t.Fatalf("%+q would be left as it is", s)
			}
		}
	}
}

func TestTextsAreTidied(t *testing.T) {
	for in, want := range map[string]string{
		"  Ann\u00a0 B ": "Ann B", "\u200bAnn\ufeff": "Ann", "\u202eAnn\u202c": "Ann", "Ann\x00\x07B": "Ann B", "Ann\tB\r\nC": "Ann B C",
		"山田\u3000太郎": "山田 太郎", "می\u200cخواهم": "می\u200cخواهم", "\u200dAnn\u200c": "Ann", "Jose\u0301": "José", "\u00ad": "",
	} {
		got, changed := tidy(in)
		if got != want || changed != (in != want) {
			t.Errorf("%q: %q (changed %t), want %q", in, got, changed, want)
		}
	}
}
