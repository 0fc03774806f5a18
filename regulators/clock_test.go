package regulators

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/incidents"
)

func parsed(t testing.TB, iso, unit string, p *Pack, calendar string) span {
	t.Helper()
	s, err := parseSpan(iso, unit)
	if err != nil {
		t.Fatal(err)
	}
	s.calendar = p.calendars[calendar]
	return s
}

func TestSpans(t *testing.T) {
	p := shippedPack(t)
	for _, c := range []struct {
		name, start, iso, unit, calendar, zone, end string
	}{
		{"72 hours over a weekend", "2026-11-20T09:00:00Z", "PT72H", "hours", "", "Europe/Berlin", "2026-11-23T09:00:00Z"},
		{"72 hours over the end of summer time", "2026-10-24T12:00:00Z", "PT72H", "hours", "", "Europe/Berlin", "2026-10-27T12:00:00Z"},
		{"a day in hours", "2026-11-20T09:00:00Z", "P1D", "hours", "", "Europe/Berlin", "2026-11-21T09:00:00Z"},
		{"thirty minutes", "2026-11-20T09:00:00Z", "PT30M", "hours", "", "Asia/Shanghai", "2026-11-20T09:30:00Z"},
		{"days over the end of summer time end at local midnight", "2026-10-24T12:00:00Z", "P3D", "calendar-days", "", "Europe/Berlin", "2026-10-27T22:59:59Z"},
		{"the day begins elsewhere", "2026-11-20T17:00:00Z", "P3D", "calendar-days", "", "Asia/Singapore", "2026-11-24T15:59:59Z"},
		{"the same day", "2026-11-20T23:00:00Z", "P0D", "calendar-days", "", "America/New_York", "2026-11-21T04:59:59Z"},
		{"over a leap day", "2028-02-27T12:00:00Z", "P2D", "calendar-days", "", "UTC", "2028-02-29T23:59:59Z"},
		{"over the year's end", "2026-12-31T23:59:59Z", "P1D", "calendar-days", "", "UTC", "2027-01-01T23:59:59Z"},
		{"a month from the 31st ends on the last day", "2027-01-31T12:00:00Z", "P1M", "calendar-days", "", "UTC", "2027-02-28T23:59:59Z"},
		{"a month into a leap February", "2028-01-31T12:00:00Z", "P1M", "calendar-days", "", "UTC", "2028-02-29T23:59:59Z"},
		{"a month from the 28th", "2027-02-28T12:00:00Z", "P1M", "calendar-days", "", "UTC", "2027-03-28T23:59:59Z"},
		{"a year from a leap day", "2028-02-29T12:00:00Z", "P1Y", "calendar-days", "", "UTC", "2029-02-28T23:59:59Z"},
		{"business days over Thanksgiving", "2026-11-24T12:00:00Z", "P2D", "business-days", "US-federal", "America/New_York", "2026-11-28T04:59:59Z"},
		{"business days over an observed holiday", "2026-07-02T12:00:00Z", "P1D", "business-days", "US-federal", "America/New_York", "2026-07-07T03:59:59Z"},
		{"a make-up Saturday is worked", "2026-05-08T02:00:00Z", "P1D", "business-days", "CN", "Asia/Shanghai", "2026-05-09T15:59:59Z"},
		{"Golden Week is not", "2026-09-30T02:00:00Z", "P1D", "business-days", "CN", "Asia/Shanghai", "2026-10-08T15:59:59Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start, _ := time.Parse(time.RFC3339, c.start)
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			end, words := parsed(t, c.iso, c.unit, p, c.calendar).end(start, zone)
			if got := end.Format(time.RFC3339); got != c.end {
				t.Errorf("ends %s (%s)", got, words)
			}
		})
	}
}

var zones = []string{"UTC", "Europe/Berlin", "Europe/London", "Asia/Shanghai", "Asia/Tokyo", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"}

func drawStart(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(1_577_836_800, 2_208_988_800).Draw(t, "start"), 0).UTC() // 2020 to 2040
}

func drawZone(t *rapid.T) *time.Location {
	zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestClockProperties(t *testing.T) {
	p := shippedPack(t)
	t.Run("hours are elapsed hours whatever the zone does", rapid.MakeCheck(func(t *rapid.T) {
		start, h := drawStart(t), rapid.IntRange(1, 5000).Draw(t, "hours")
		s := span{iso: "x", unit: "hours", hours: time.Duration(h) * time.Hour}
		if end, _ := s.end(start, drawZone(t)); end.Sub(start) != time.Duration(h)*time.Hour {
			t.Fatal(end)
		}
	}))
	t.Run("days end in the last second of the n-th local day", rapid.MakeCheck(func(t *rapid.T) {
		start, zone, n := drawStart(t), drawZone(t), rapid.IntRange(1, 400).Draw(t, "days")
		end, _ := span{iso: "x", unit: "calendar-days", days: n}.end(start, zone)
		if got := civil(end, zone).Sub(civil(start, zone)); got != time.Duration(n)*24*time.Hour {
			t.Fatalf("%v days", got.Hours()/24)
		}
		if !civil(end.Add(time.Second), zone).After(civil(end, zone)) {
			t.Fatal("not the last second of the day")
		}
	}))
	t.Run("months keep the date or end on the month's last day", rapid.MakeCheck(func(t *rapid.T) {
		day, n := civil(drawStart(t), time.UTC), rapid.IntRange(1, 60).Draw(t, "months")
		end := addMonths(day, n)
		if months := (end.Year()-day.Year())*12 + int(end.Month()-day.Month()); months != n {
			t.Fatalf("%d months on", months)
		}
		if end.Day() != day.Day() && (end.Day() > day.Day() || end.AddDate(0, 0, 1).Day() != 1) {
			t.Fatal(end)
		}
	}))
	t.Run("business days end on one, with exactly n in between", rapid.MakeCheck(func(t *rapid.T) {
		c := p.calendars[rapid.SampledFrom([]string{"US-federal", "CN", "JP", "SG", "UK", "EU"}).Draw(t, "calendar")]
		day, n := civil(drawStart(t), time.UTC), rapid.IntRange(1, 60).Draw(t, "days")
		end := c.add(day, n)
		count := 0
		for d := day.AddDate(0, 0, 1); !d.After(end); d = d.AddDate(0, 0, 1) {
			if c.works(d) {
				count++
			}
		}
		if count != n || !c.works(end) {
			t.Fatalf("%d business days to %s", count, end)
		}
	}))
	t.Run("a later start is never due sooner", rapid.MakeCheck(func(t *rapid.T) {
		start, zone := drawStart(t), drawZone(t)
		later := start.Add(time.Duration(rapid.Int64Range(0, 1e6).Draw(t, "later")) * time.Second)
		s := rapid.SampledFrom([]span{
			{iso: "x", unit: "hours", hours: 72 * time.Hour}, {iso: "x", unit: "calendar-days", days: 30},
			{iso: "x", unit: "calendar-days", months: 1}, {iso: "x", unit: "business-days", days: 5, calendar: p.calendars["CN"]},
		}).Draw(t, "length")
		a, _ := s.end(start, zone)
		if b, _ := s.end(later, zone); b.Before(a) {
			t.Fatalf("%s before %s", b, a)
		}
	}))
}

func TestTheEarliestOfSeveralLimits(t *testing.T) {
	c := clock{facts: []string{"aware_at"}, zone: time.UTC, length: span{iso: "P30D", unit: "calendar-days", days: 30},
		limits: []clock{{facts: []string{"determined_at"}, zone: time.UTC, length: span{iso: "PT72H", unit: "hours", hours: 72 * time.Hour}}}}
	none := func(string) (started, bool) { return started{}, false }
	f := knownFacts(t, map[string]any{"aware_at": "2026-11-01T00:00:00Z"})
	if r := c.read(f, none, 0); dueText(r.due) != "2026-12-01T23:59:59Z" {
		t.Error(r.arithmetic)
	}
	f = knownFacts(t, map[string]any{"aware_at": "2026-11-01T00:00:00Z", "determined_at": "2026-11-05T00:00:00Z"})
	if r := c.read(f, none, 0); dueText(r.due) != "2026-11-08T00:00:00Z" {
		t.Error(r.arithmetic)
	}
}

// What follows a duty counts from its last moment, and once it was done from then.
func TestAFollowingClockStartsWhenTheFirstDutyWasDone(t *testing.T) {
	f := knownFacts(t, map[string]any{"confidentiality": true, "role": "controller", "encrypted": false, "data_items": []string{"ssn"},
		"persons_by_place": map[string]int{"US-CA": 501}, "aware_at": "2026-11-20T09:00:00Z"})
	for _, c := range []struct {
		done map[string]time.Time
		due  string
		says string
	}{
		{nil, "2027-01-05T07:59:59Z", "last moment for us-ca-individuals"},
		{map[string]time.Time{"us-ca-individuals": time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC)}, "2026-12-11T07:59:59Z", "us-ca-individuals done 2026-11-25 18:00 UTC + 15 days"},
	} {
		f.Done = c.done
		a, err := shippedPack(t).Assess(f, judgedAt)
		if err != nil {
			t.Fatal(err)
		}
		if o := dutyOf(t, a, "us-ca-ag"); dueText(o.Due) != c.due || !strings.Contains(o.Arithmetic, c.says) {
			t.Errorf("due %s: %s", dueText(o.Due), o.Arithmetic)
		}
	}
}

// The Secretary is told when the patients are, and not only within the 60 days.
func TestTheSecretaryIsToldWithThePatients(t *testing.T) {
	f := knownFacts(t, map[string]any{"hipaa_role": "covered_entity", "unsecured_phi": true, "establishments": []string{"US"},
		"persons_by_place": map[string]int{"US-TX": 500}, "detected_at": "2026-11-20T10:00:00Z"})
	for _, c := range []struct {
		done map[string]time.Time
		due  string
	}{
		{nil, "2027-01-20T04:59:59Z"},
		{map[string]time.Time{"us-hipaa-individuals": time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC)}, "2026-12-01T18:00:00Z"},
	} {
		f.Done = c.done
		a, err := shippedPack(t).Assess(f, judgedAt)
		if err != nil {
			t.Fatal(err)
		}
		if o := dutyOf(t, a, "us-hipaa-hhs-500"); dueText(o.Due) != c.due {
			t.Errorf("due %s: %s", dueText(o.Due), o.Arithmetic)
		}
	}
}

func TestSoftWordsGetOurOwnTarget(t *testing.T) {
	p, err := Load(Options{IndividualsTarget: 72 * time.Hour, RegulatorTarget: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	f := knownFacts(t, map[string]any{"confidentiality": true, "role": "controller", "establishments": []string{"CN"}, "aware_at": "2026-11-20T09:00:00Z"})
	a, err := p.Assess(f, judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	for id, due := range map[string]string{"cn-pipl-57-regulator": "2026-11-21T09:00:00Z", "cn-pipl-57-individuals": "2026-11-23T09:00:00Z"} {
		o := dutyOf(t, a, id)
		if dueText(o.Due) != due || !o.Soft || o.Qualifier != "immediately" || o.Length != "" {
			t.Errorf("%s: due %s, soft %v, %q, %s", id, dueText(o.Due), o.Soft, o.Qualifier, o.Arithmetic)
		}
	}
	if o := dutyOf(t, a, "cn-pipl-57-regulator"); o.Applies != incidents.AppliesYes {
		t.Error(o.Reasons)
	}
}
