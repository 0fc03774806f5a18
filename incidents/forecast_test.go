package incidents

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// going is a notice by e-mail, then SMS, whose e-mail leaves at an even rate
// for some minutes.
func going(perSecond float64, minutes int, left int64) Pace {
	began := noon.Add(-time.Duration(minutes) * time.Minute)
	p := Pace{Now: noon, Status: NoticeSending, Started: &began, Plan: []Step{{Email, 0}, {SMS, 24 * time.Hour}}, Limits: map[Channel]float64{SMS: 10}, PaceView: PaceView{Every: PaceStep}}
	var sent int64
	for at := began; at.Before(noon); at = at.Add(PaceStep) {
		n := int64(perSecond * PaceStep.Seconds())
		p.Recent = append(p.Recent, PaceSample{Email, at, n})
		sent += n
	}
	p.Curve = p.Recent
	p.Tallies = []Tally{{Email, map[DeliveryState]int64{Accepted: sent, Ready: left}}}
	return p
}

func duty(id string, due time.Time) ObligationState {
	return ObligationState{Status: DutyOpen, Obligation: Obligation{ID: id, Jurisdiction: "EU", Audience: AudienceIndividuals, Applies: AppliesYes, Due: &due}}
}

// near tells whether two times are within what a forecast rounds.
func near(t *testing.T, what string, got *time.Time, want time.Time) {
	t.Helper()
	if got == nil || got.Sub(want).Abs() > 2*time.Second {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func TestAForecastOfAnEvenRate(t *testing.T) {
	p := going(10, 5, 36_000)
	p.Duties = []ObligationState{duty("early", noon.Add(20*time.Minute)), duty("late", noon.Add(4*time.Hour+20*time.Minute)), duty("same", noon.Add(20*time.Minute))}
	f := ForecastOf(p, nil)
	near(t, "the likely end", f.Ends.Likely, noon.Add(time.Hour))
	if !f.Ends.Early.Before(*f.Ends.Likely) || !f.Ends.Late.After(*f.Ends.Likely) {
		t.Errorf("the range is none: %v %v %v", f.Ends.Early, f.Ends.Likely, f.Ends.Late)
	}
	if len(f.Deadlines) != 2 || len(f.Deadlines[0].Obligations) != 2 {
		t.Fatalf("two duties due together are one deadline: %+v", f.Deadlines)
	}
	first, second := f.Deadlines[0], f.Deadlines[1]
	if !first.Missed || first.Cause != Email || (first.Slack+40*time.Minute).Abs() > 2*time.Second {
		t.Errorf("missed by 40 min because of e-mail: %+v", first)
	}
	if second.Missed || (second.Slack-200*time.Minute).Abs() > 2*time.Second {
		t.Errorf("3 h 20 min before: %+v", second)
	}
	if need := first.Needs[0]; !need.Possible || need.PerSecond < 29.9 || need.PerSecond > 30.2 {
		t.Errorf("36,000 in 20 min need 30 a second: %+v", need)
	}
	if !f.Late() {
		t.Error("nobody is told that it is late")
	}
	// What it needs is enough, and just so.
	enough := ForecastOf(p, map[Channel]float64{Email: first.Needs[0].PerSecond})
	if enough.Deadlines[0].Missed || enough.Deadlines[0].Slack > 2*time.Second {
		t.Errorf("with the rate it needs: %+v", enough.Deadlines[0])
	}
}

// Nothing ends before now, more rate is never later, the range is in order, and
// the channels add up, whatever the notice.
func TestPropertiesOfForecasts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		p := anyPace(rnd)
		rates := map[Channel]float64{Email: 0.01 + rnd.Float64()*50, SMS: 0.01 + rnd.Float64()*5}
		f := ForecastOf(p, rates)
		spans := []Span{f.Ends}
		for _, c := range f.Channels {
			spans = append(spans, c.Ends)
			if c.Handled+c.Left != c.Planned || c.Later > c.Left || c.Left < 0 || c.Handled < 0 {
				t.Fatalf("it does not add up: %+v", c)
			}
		}
		for _, s := range spans {
			for _, at := range []*time.Time{s.Early, s.Likely, s.Late} {
				if at != nil && at.Before(p.Now) {
					t.Fatalf("%v is before now", at)
				}
			}
			if s.Early != nil && s.Likely != nil && s.Early.After(*s.Likely) || s.Likely != nil && s.Late != nil && s.Likely.After(*s.Late) {
				t.Fatalf("out of order: %v %v %v\n%+v", s.Early, s.Likely, s.Late, p)
			}
		}
		ch := []Channel{Email, SMS}[rnd.IntN(2)]
		more := map[Channel]float64{Email: rates[Email], SMS: rates[SMS]}
		more[ch] *= 1 + rnd.Float64()*10
		g := ForecastOf(p, more)
		for i := range f.Channels {
			if later(g.Channels[i].Ends.Likely, f.Channels[i].Ends.Likely) {
				t.Fatalf("a higher rate of %s makes %s later: %v, before %v\n%+v", ch, f.Channels[i].Channel, g.Channels[i].Ends.Likely, f.Channels[i].Ends.Likely, p)
			}
		}
		if later(g.Ends.Likely, f.Ends.Likely) {
			t.Fatalf("a higher rate of %s ends later: %v, before %v", ch, g.Ends.Likely, f.Ends.Likely)
		}
	}
}

func later(a, b *time.Time) bool { return a != nil && b != nil && a.After(*b) }

func anyPace(rnd *rand.Rand) Pace {
	n := func(most int64) int64 { return rnd.Int64N(most) }
	p := going(1+rnd.Float64()*30, 1+rnd.IntN(8), n(50_000))
	p.Tallies[0].States[Escalated], p.Tallies[0].States[RetryWait] = n(300), n(50)
	p.Tallies = append(p.Tallies, Tally{SMS, map[DeliveryState]int64{Ready: n(500), Held: n(400), Accepted: n(100), Delivered: n(300), Cancelled: n(9), Suppressed: n(9)}})
	for range rnd.IntN(6) {
		p.Wakes = append(p.Wakes, Wake{SMS, Held, noon.Add(time.Duration(n(int64(20*time.Hour))) - time.Hour), 1 + n(200)},
			Wake{Email, RetryWait, noon.Add(time.Duration(n(int64(time.Hour)))), 1 + n(20)})
	}
	silent := noon.Add(time.Duration(n(int64(24 * time.Hour))))
	p.Silent = &silent
	if rnd.IntN(2) == 0 {
		p.Shut = map[Channel][]Shut{SMS: {{noon.Add(-time.Hour), noon.Add(3 * time.Hour)}, {noon.Add(9 * time.Hour), noon.Add(20 * time.Hour)}}}
	}
	if rnd.IntN(3) == 0 {
		p.Paused = map[Channel]time.Time{Email: noon.Add(time.Duration(n(int64(time.Hour))))}
	}
	return p
}

func TestWhatHoldsASendingUp(t *testing.T) {
	plain := ForecastOf(going(10, 5, 6_000), nil) // ten minutes
	near(t, "the plain end", plain.Ends.Likely, noon.Add(10*time.Minute))

	paused := going(10, 5, 6_000)
	paused.Paused = map[Channel]time.Time{Email: noon.Add(time.Hour)}
	near(t, "the end after a pause of the provider", ForecastOf(paused, nil).Ends.Likely, noon.Add(70*time.Minute))

	shut := going(10, 5, 6_000)
	shut.Shut = map[Channel][]Shut{Email: {{noon.Add(4 * time.Minute), noon.Add(9 * time.Hour)}}}
	near(t, "the end after a night", ForecastOf(shut, nil).Ends.Likely, noon.Add(9*time.Hour+6*time.Minute))

	retry := going(10, 5, 6_000)
	retry.Tallies[0].States[RetryWait] = 10
	retry.Wakes = []Wake{{Email, RetryWait, noon.Add(2 * time.Hour), 10}}
	near(t, "the end after a retry", ForecastOf(retry, nil).Ends.Likely, noon.Add(2*time.Hour+time.Second))
	retry.Duties = []ObligationState{duty("d", noon.Add(time.Hour))}
	if need := ForecastOf(retry, nil).Deadlines[0].Needs[0]; need.Possible {
		t.Errorf("no rate makes a deadline somebody waits beyond: %+v", need)
	}

	// On hold it is what would be if it went on now: the end moves with the clock.
	held := going(10, 5, 6_000)
	held.Status = NoticeHeld
	near(t, "the end on hold", ForecastOf(held, nil).Ends.Likely, noon.Add(10*time.Minute))
	held.Now = noon.Add(5 * time.Hour)
	near(t, "the end on hold, later", ForecastOf(held, nil).Ends.Likely, noon.Add(5*time.Hour+10*time.Minute))
}

// What fails by e-mail goes on to SMS: the second channel's end counts the
// share that was measured.
func TestWhatFailsGoesOn(t *testing.T) {
	p := going(10, 5, 6_000)
	p.Tallies[0].States = map[DeliveryState]int64{Accepted: 2700, Escalated: 300, Ready: 6_000}
	p.Limits = nil
	f := ForecastOf(p, map[Channel]float64{SMS: 1})
	if f.Channels[1].Coming != 600 {
		t.Errorf("a tenth of 6,000 goes on, not %d", f.Channels[1].Coming)
	}
	near(t, "the end by SMS", f.Channels[1].Ends.Likely, noon.Add(20*time.Minute))
	if f.Ends.Early.Equal(*f.Ends.Late) {
		t.Error("the share is taken as certain")
	}
	if f := ForecastOf(p, nil); f.Ends.Likely != nil {
		t.Errorf("nobody knows the rate of SMS, and yet it ends %v", f.Ends.Likely)
	}
}

func TestWhereARateComesFrom(t *testing.T) {
	fresh := Pace{Now: noon, Status: NoticeApproved, Plan: []Step{{Email, 0}}, Tallies: []Tally{{Email, map[DeliveryState]int64{Planned: 3600}}}}
	if f := ForecastOf(fresh, nil); f.Ends.Likely != nil || f.Channels[0].Left != 3600 {
		t.Errorf("before the release, with no rate: %+v", f)
	}
	fresh.Limits = map[Channel]float64{Email: 1}
	if f := ForecastOf(fresh, nil); f.Channels[0].Rate.Basis != BasisAllowed {
		t.Errorf("what the account allows: %+v", f.Channels[0])
	}
	fresh.Earlier = map[Channel]float64{Email: 0.5}
	f := ForecastOf(fresh, nil)
	near(t, "the end as the last notice went", f.Ends.Likely, noon.Add(2*time.Hour))
	if f.Channels[0].Rate.Basis != BasisEarlier {
		t.Errorf("as the last notice: %+v", f.Channels[0])
	}

	// A pause is not slowness: the rate before and after it counts.
	p := going(10, 5, 6_000)
	for i := range p.Recent {
		if age := noon.Sub(p.Recent[i].At); age > time.Minute && age < 4*time.Minute {
			p.Recent[i].N = 0
		}
	}
	near(t, "the end after a hold", ForecastOf(p, nil).Ends.Likely, noon.Add(10*time.Minute))

	// Stillness while something could leave is slowness.
	p = going(10, 5, 6_000)
	p.Now = noon.Add(2 * time.Minute)
	if f := ForecastOf(p, nil); f.Ends.Likely.Before(noon.Add(30 * time.Minute)) {
		t.Errorf("nothing left for two minutes, and it ends %v", f.Ends.Likely)
	}

	// An uneven rate is a wide range.
	even, uneven := going(10, 5, 6_000), going(10, 5, 6_000)
	for i := range uneven.Recent {
		uneven.Recent[i].N = []int64{5, 95}[i%2]
	}
	a, b := ForecastOf(even, nil).Channels[0].Rate, ForecastOf(uneven, nil).Channels[0].Rate
	if (b.High-b.Low)/b.Likely <= (a.High-a.Low)/a.Likely {
		t.Errorf("uneven %+v is no wider than even %+v", b, a)
	}
}

func TestRatesThatMeanNothing(t *testing.T) {
	for _, rates := range []map[Channel]float64{{Email: 0}, {Email: -1}, {Email: 2e6}, {"pigeon": 1}} {
		if KindOf(CheckRates(rates)) != KindInvalid {
			t.Errorf("%v is taken", rates)
		}
	}
	if err := CheckRates(map[Channel]float64{Email: 0.5, SMS: 100}); err != nil {
		t.Error(err)
	}
}

// Nights are found where they begin and end by the clock of the place.
func TestNightsToCome(t *testing.T) {
	q := QuietHours{From: 21 * 60, To: 8 * 60, Channels: []Channel{SMS}}
	got := q.ShutFor(SMS, "DE", noon, 24*time.Hour) // 13:00 in Berlin
	if len(got) != 1 || !got[0].From.Equal(noon.Add(8*time.Hour)) || !got[0].To.Equal(noon.Add(19*time.Hour)) {
		t.Errorf("the night in Berlin: %v", got)
	}
	if q.ShutFor(Email, "DE", noon, 36*time.Hour) != nil {
		t.Error("e-mail disturbs nobody")
	}
}

func TestASpendCapThatIsTooLowIsForeseen(t *testing.T) {
	p := going(10, 5, 36_000)
	p.Duties = []ObligationState{duty("late", noon.Add(4*time.Hour))}
	p.Affords = map[Channel]int64{Email: 30_000}
	f := ForecastOf(p, nil)
	d := f.Deadlines[0]
	if f.Channels[0].Short != 6_000 || f.Ends.Likely != nil || f.Channels[0].Ends.Likely != nil {
		t.Errorf("6,000 are not paid for, so nothing ends: %+v", f.Channels[0])
	}
	if !d.Capped || !d.AtRisk || d.Known || d.Missed || d.Cause != Email || len(d.Needs) != 0 {
		t.Errorf("no rate helps where the cap does not: %+v", d)
	}
	if f = ForecastOf(p, map[Channel]float64{Email: 1000}); f.Channels[0].Short != 6_000 {
		t.Errorf("a higher rate changed what is paid for: %+v", f.Channels[0])
	}

	// What is under way is paid for.
	p.Affords[Email] = 36_000
	p.Tallies[0].States[Attempting] = 64
	if f = ForecastOf(p, nil); f.Channels[0].Short != 0 || f.Deadlines[0].Capped || f.Deadlines[0].AtRisk {
		t.Errorf("the cap is just enough: %+v", f)
	}

	// Some may come to the next channel, and nobody pays for them: that is a risk, not the likely case.
	p.Affords = map[Channel]int64{SMS: 0}
	f = ForecastOf(p, nil)
	if d = f.Deadlines[0]; f.Ends.Likely == nil || f.Ends.Late != nil || d.Capped || d.Missed || !d.AtRisk {
		t.Errorf("a few may come to a channel without means: %+v", f)
	}
	p.Tallies[0].States[Escalated] = 3_000 // half of what was sent
	f = ForecastOf(p, nil)
	if d = f.Deadlines[0]; f.Channels[1].Short == 0 || f.Channels[1].Short != f.Channels[1].Coming || !d.Capped || d.Cause != SMS {
		t.Errorf("half of all come to a channel without means: %+v", f)
	}

	// Before the release it is known as well.
	p = Pace{Now: noon, Status: NoticeApproved, Tallies: []Tally{{Letter, map[DeliveryState]int64{Planned: 500}}}, Plan: []Step{{Letter, 0}}, Limits: map[Channel]float64{Letter: 1}, Affords: map[Channel]int64{Letter: 200}}
	if f = ForecastOf(p, nil); f.Channels[0].Short != 300 {
		t.Errorf("before the release: %+v", f.Channels[0])
	}
}

func TestSegmentsMultiplyThePrice(t *testing.T) {
	c := Content{Default: "en", SMSSegments: map[Lang]int{"en": 1, "zh-Hans": 3}}
	for _, x := range []struct {
		name   string
		c      Content
		ch     Channel
		people map[Lang]int64
		want   float64
	}{
		{"by language", c, SMS, map[Lang]int64{"en": 50, "zh-Hans": 50}, 2},
		{"a language of no list as the longest", c, SMS, map[Lang]int64{"fr": 10}, 3},
		{"nobody known: the default language", c, SMS, nil, 1},
		{"no other channel", c, Phone, map[Lang]int64{"zh-Hans": 50}, 1},
		{"a version of before they were counted", Content{}, SMS, map[Lang]int64{"zh-Hans": 50}, 1},
	} {
		if got := x.c.MeanParts(x.ch, x.people); got != x.want {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
}

func TestWhatACapAffords(t *testing.T) {
	tariff := Tariff{Price: 10, Prices: map[Place]int64{"DE": 4, "US": 1}}
	if got := tariff.MeanPrice(map[Place]int64{"DE": 100, "US-CA": 100, "FR": 100}); got != 5 {
		t.Errorf("a message costs %v on average", got)
	}
	if got := tariff.MeanPrice(nil); got != 10 {
		t.Errorf("to nobody known a message costs %v", got)
	}
	for _, c := range []struct {
		s     Spend
		price float64
		want  int64
	}{
		{Spend{Cap: SpendCap{Messages: 100}, Messages: 40}, 5, 60},
		{Spend{Cap: SpendCap{Money: 100}, Money: 40}, 5, 12},
		{Spend{Cap: SpendCap{Money: 100}, Money: 41}, 5, 11},
		{Spend{Cap: SpendCap{Messages: 100, Money: 100}, Messages: 95, Money: 0}, 5, 5},
		{Spend{Cap: SpendCap{Messages: 100, Money: 100}, Messages: 1, Money: 90}, 5, 2},
		{Spend{Cap: SpendCap{Money: 100}, Money: 105}, 5, 0},
		{Spend{Cap: SpendCap{Money: 100}}, 0, math.MaxInt64},
		{Spend{Cap: SpendCap{Money: 9}}, 9.0 / 7, 7}, // seven people cost it to the cent
	} {
		if got := c.s.Affords(c.price); got != c.want {
			t.Errorf("%+v affords %d more at %v, not %d", c.s, got, c.price, c.want)
		}
	}
}

// A few messages say nothing of a rate: what is known besides counts, or nothing is.
func TestAFewMessagesAreNoRate(t *testing.T) {
	began := noon.Add(-7 * time.Second)
	p := Pace{Now: noon, Status: NoticeSending, Started: &began, Plan: []Step{{Email, 0}}, PaceView: PaceView{Every: PaceStep}}
	p.Recent = []PaceSample{{Email, noon.Add(-2 * PaceStep), 1}, {Email, noon.Add(-PaceStep), 2}}
	p.Curve = p.Recent
	p.Tallies = []Tally{{Email, map[DeliveryState]int64{Accepted: 3, Ready: 6_000}}}
	if f := ForecastOf(p, nil); f.Ends.Likely != nil || f.Channels[0].Rate.Basis != "" {
		t.Errorf("three messages are taken for a rate: %+v", f.Channels[0].Rate)
	}
	p.Limits = map[Channel]float64{Email: 10}
	if f := ForecastOf(p, nil); f.Channels[0].Rate.Basis != BasisAllowed {
		t.Errorf("three messages count more than the account: %+v", f.Channels[0].Rate)
	}
	p.Recent = p.Recent[1:]
	p.Recent[0].N = 300 // many, and in one stretch
	p.Curve = p.Recent
	if f := ForecastOf(p, nil); f.Channels[0].Rate.Basis != BasisAllowed {
		t.Errorf("one stretch is taken for a rate: %+v", f.Channels[0].Rate)
	}
	p.Recent = append(p.Recent, PaceSample{Email, noon.Add(-2 * PaceStep), 30})
	if f := ForecastOf(p, nil); f.Channels[0].Rate.Basis != BasisMeasured {
		t.Errorf("two stretches and hundreds are enough: %+v", f.Channels[0].Rate)
	}
}

// On hold nothing could leave: that is not slowness, neither right after the
// resumption nor later, however short it was.
func TestAHoldIsNotSlowness(t *testing.T) {
	p := going(10, 5, 6_000)
	p.Now = noon.Add(30 * time.Minute)
	p.Since = p.Now.Add(-2 * time.Second)
	near(t, "the end right after a resumption", ForecastOf(p, nil).Ends.Likely, p.Now.Add(10*time.Minute))

	p = going(10, 5, 6_000)
	p.Since = noon.Add(-20 * time.Second)
	for i := range p.Recent {
		if age := noon.Sub(p.Recent[i].At); age > 20*time.Second && age <= time.Minute {
			p.Recent[i].N = 0
		}
	}
	near(t, "the end after a short hold", ForecastOf(p, nil).Ends.Likely, noon.Add(10*time.Minute))

	p.Since = noon.Add(-10 * time.Minute) // no hold: it was slow
	if f := ForecastOf(p, nil); f.Ends.Likely.Before(noon.Add(11 * time.Minute)) {
		t.Errorf("forty seconds in which nothing left, and it ends %v", f.Ends.Likely)
	}

	// Nor is the wait for the checks of a first wave.
	p = going(10, 5, 6_000)
	p.Now, p.Waits = noon.Add(3*time.Minute), true
	near(t, "the end while the first wave is checked", ForecastOf(p, nil).Ends.Likely, p.Now.Add(10*time.Minute))
}

// What the accounts allow now is what it goes at, and it says so.
func TestALimitLoweredSinceCounts(t *testing.T) {
	p := going(10, 5, 6_000)
	p.Limits[Email] = 1
	f := ForecastOf(p, nil)
	near(t, "the end at the lower limit", f.Ends.Likely, noon.Add(100*time.Minute))
	if r := f.Channels[0].Rate; !r.Limited || r.High > 1 || r.Basis != BasisMeasured {
		t.Errorf("the rate: %+v", r)
	}
	p.Limits[Email] = 9.5 // within what a measurement is off
	if r := ForecastOf(p, nil).Channels[0].Rate; r.Limited || r.High > 9.5 {
		t.Errorf("the rate: %+v", r)
	}
}
