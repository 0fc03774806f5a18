package regulators

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func date(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

// A due time that ran through days nobody knows for sure says so, and why.
func TestADueTimeThatIsNotCertainSaysSo(t *testing.T) {
	p := shippedPack(t)
	for _, c := range []struct {
		name, calendar, zone, from, add string
		wants                           string // empty: certain
	}{
		{"a year on file", "CN", "Asia/Shanghai", "2026-12-29T10:00:00+08:00", "P2D", ""},
		{"into a year whose arrangement is not published", "CN", "Asia/Shanghai", "2026-12-30T10:00:00+08:00", "P3D",
			"; not certain: not all holidays of 2027 are on file: only the days the law fixes"},
		{"wholly in it", "CN", "Asia/Shanghai", "2027-08-02T10:00:00+08:00", "P5D", "not all holidays of 2027"},
		{"begun in it", "CN", "Asia/Shanghai", "2027-01-01T00:30:00+08:00", "P1D", "not all holidays of 2027"},
		{"through two such years", "CN", "Asia/Shanghai", "2027-12-30T10:00:00+08:00", "P5D", "; not all holidays of 2028"},
		{"begun in a year before them all", "UK", "Europe/London", "2024-12-30T10:00:00Z", "P3D", "the holidays of 2024 are not on file, only weekends were counted"},
		{"into a year after them all", "US-federal", "America/New_York", "2028-12-28T10:00:00-05:00", "P4D", "the holidays of 2029 are not on file, only weekends were counted"},
		{"by the last day on file", "US-federal", "America/New_York", "2028-12-28T10:00:00-05:00", "P1D", ""},
		{"past a day of the almanac", "JP", "Asia/Tokyo", "2028-03-17T10:00:00+09:00", "P2D", "Vernal Equinox Day is expected on 2028-03-20 and can come a day earlier or later"},
		{"up to the day before it", "JP", "Asia/Tokyo", "2028-09-20T10:00:00+09:00", "P1D", "Autumnal Equinox Day is expected on 2028-09-22"},
		{"from the day itself", "JP", "Asia/Tokyo", "2028-03-20T10:00:00+09:00", "P1D", "Vernal Equinox Day"},
		{"far from it", "JP", "Asia/Tokyo", "2028-03-21T10:00:00+09:00", "P3D", ""},
		{"past a feast of the moon", "AE", "Asia/Dubai", "2027-03-08T10:00:00+04:00", "P2D", "Eid al-Fitr is expected on 2027-03-09 and can come a day earlier or later"},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			from, err := time.Parse(time.RFC3339, c.from)
			if err != nil {
				t.Fatal(err)
			}
			_, words := parsed(t, c.add, "business-days", p, c.calendar).end(from, zone)
			if c.wants == "" && strings.Contains(words, "certain") || !strings.Contains(words, c.wants) {
				t.Error(words)
			}
		})
	}
}

// A feast of several days moves as a whole and is one reason.
func TestAFeastIsOneDoubt(t *testing.T) {
	c := shippedPack(t).calendars["AE"]
	const fitr = "Eid al-Fitr is expected on 2027-03-09 and can come a day earlier or later"
	for _, d := range []struct{ from, to, wants string }{
		{"2027-03-08", "2027-03-12", fitr},
		{"2027-03-08", "2027-03-08", fitr},
		{"2027-03-10", "2027-03-12", strings.Replace(strings.Replace(fitr, "09", "10", 1), "Fitr", "Fitr Holiday", 1)},
		{"2027-03-12", "2027-03-15", ""},
		{"2027-03-08", "2027-05-17", fitr + "; Arafat Day is expected on 2027-05-15 and can come a day earlier or later"},
	} {
		if got := c.doubt(date(d.from), date(d.to)); got != d.wants {
			t.Errorf("%s to %s: %s", d.from, d.to, got)
		}
	}
}

// The doubt reaches whoever reads the duty.
func TestADutyWhoseDueTimeIsNotCertainSaysSo(t *testing.T) {
	f := knownFacts(t, map[string]any{"confidentiality": true, "role": "controller", "establishments": []string{"KZ"},
		"persons_by_place": map[string]int{"KZ": 5}, "detected_at": "2026-12-31T03:00:00Z"})
	a, err := shippedPack(t).Assess(f, judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	o := dutyOf(t, a, "kz-pdl-25-regulator")
	if dueText(o.Due) != "2027-01-05T18:59:59Z" || !strings.Contains(o.Arithmetic, "not certain: not all holidays of 2027 are on file") {
		t.Errorf("due %s: %s", dueText(o.Due), o.Arithmetic)
	}
}

// An expected holiday is one, and moving it by a day moves a due time by no more
// than the days of the feast: the count itself adds nothing for a doubt.
func TestAnExpectedHolidayIsNoBusinessDay(t *testing.T) {
	for name, c := range shippedPack(t).calendars {
		for i, d := range c.expected {
			if c.works(d) {
				t.Errorf("%s works on %s", name, d.Format(time.DateOnly))
			}
			if i > 0 && !c.expected[i-1].Before(d) {
				t.Errorf("%s: %s is out of order", name, d.Format(time.DateOnly))
			}
		}
	}
}

func TestACalendarWithMistakes(t *testing.T) {
	const head = "name: XX\ntitle: Days of X\nweekend: [saturday, sunday]\nchecked: \"2026-11-29\"\n"
	for _, c := range []struct{ name, text, wants string }{
		{"whole", "confidence: verified\ncovers: [2026]\nuncertain:\n  2027: nobody knows\n", ""},
		{"a year both known and not", "confidence: verified\ncovers: [2026]\nuncertain:\n  2026: nobody knows\n", "2026 is uncertain for a reason and not in covers, or it is in covers"},
		{"no reason", "confidence: verified\ncovers: [2026]\nuncertain:\n  2027: \"\"\n", "2027 is uncertain for a reason"},
		{"a word of its own", "confidence: perhaps\ncovers: [2026]\n", `confidence is "perhaps"; it wants one of verified, recalled`},
		{"a day twice", "confidence: verified\ncovers: [2026]\nholidays:\n  \"2026-05-01\": Labour Day\nexpected:\n  \"2026-05-01\": Feast\n", "2026-05-01 is a holiday and an expected one"},
		{"no such day", "confidence: verified\ncovers: [2026]\nexpected:\n  \"2026-02-30\": Feast\n", `"2026-02-30" is no date`},
		{"a key nobody knows", "confidence: verified\ncovers: [2026]\nmaybe: {}\n", "maybe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(fstest.MapFS{"calendars/xx.yaml": {Data: []byte(head + c.text)}}, Options{})
			switch {
			case c.wants == "" && err != nil:
				t.Error(err)
			case c.wants != "" && (err == nil || !strings.Contains(err.Error(), c.wants)):
				t.Errorf("it says %v", err)
			}
		})
	}
}
