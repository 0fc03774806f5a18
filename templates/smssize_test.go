package templates

import (
	"maps"
	"strings"
	"testing"

	"tocsin/incidents"
)

// What an SMS takes at most is measured on what is sent: to the reader who gets
// the longest, with the longest code, in the language each person is written to.
func TestWhatAnSMSTakesAtMost(t *testing.T) {
	b := newBook(t)
	const ref, code = "INC-2026-0147", "04H2-9K3M-QX7A-C1"
	long := strings.Repeat("x", 160)
	zh := func(n int) string { return strings.Repeat("字", n) }
	for _, tc := range []struct {
		sentence string
		sms      map[incidents.Lang]string
		people   []incidents.Lang
		want     map[incidents.Lang]int
	}{
		{"people are counted in the language they are written to", map[incidents.Lang]string{"en": "short", "zh-Hans": zh(150)}, []incidents.Lang{"zh", "fr", "en"},
			map[incidents.Lang]int{"en": 1, "fr": 1, "zh": 3, "zh-Hans": 3}},
		{"the mark for a guardian counts", map[incidents.Lang]string{"en": long}, nil, map[incidents.Lang]int{"en": 2}},
		{"the code counts as long as it is, twice where the address has it too", map[incidents.Lang]string{"zh-Hans": zh(10) + "{{verify_url}} {{code}}"}, nil, map[incidents.Lang]int{"zh-Hans": 2}},
		{"a name of letters that are not GSM-7", map[incidents.Lang]string{"en": "Dear {{name}}, please read"}, nil, map[incidents.Lang]int{"en": 2}},
		{"no text, no segments", map[incidents.Lang]string{"en": ""}, []incidents.Lang{"en"}, map[incidents.Lang]int{}},
		{"a text that cannot be made", map[incidents.Lang]string{"en": "{{nobody}}"}, []incidents.Lang{"en"}, nil},
	} {
		c := incidents.Content{Kind: incidents.NoticeBreach, Mode: incidents.Live, Default: "en", Layout: b.Layout(), Langs: map[incidents.Lang]incidents.Words{}}
		for l, s := range tc.sms {
			c.Langs[l] = incidents.Words{SMS: s}
			c.Default = l
		}
		if _, ok := tc.sms["en"]; ok {
			c.Default = "en"
		}
		if got := b.SMSSegments(c, ref, code, tc.people); !maps.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.sentence, got, tc.want)
		}
	}
}

// Nobody's SMS takes more segments than were counted when it was approved.
func TestNoSMSTakesMoreThanWasCounted(t *testing.T) {
	b := newBook(t)
	const ref, code = "INC-2026-0147", "04H2-9K3M-QX7A-C1"
	for _, kind := range noticeKinds {
		c := content(t, b, kind, stolenBackup())
		most := b.SMSSegments(c, ref, code, nil)
		compiled, err := b.compile(c, true)
		if err != nil {
			t.Fatal(err)
		}
		for l := range c.Langs {
			for _, reader := range append(incidents.Readers(), incidents.ReaderPerson) {
				to, err := compiled.For(reader)
				if err != nil {
					t.Fatal(err)
				}
				r, err := to.Render(incidents.SMS, l, Slots{Name: "Łucja", Data: b.DataWords(l, []string{"basic"}), Code: code, Ref: ref, VerifyURL: b.org.VerifyURL(code)})
				if err != nil {
					t.Fatal(err)
				}
				if n := MeasureSMS(r.SMS).Segments; n > most[l] || most[l] > n+1 {
					t.Errorf("%s in %s to %s takes %d segments, counted were %d", kind, l, reader, n, most[l])
				}
			}
		}
	}
}
