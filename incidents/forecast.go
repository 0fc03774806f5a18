package incidents

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// PaceStep is how finely outcomes are counted over time.
const PaceStep = 5 * time.Second

// A PaceSample counts what one channel came to the end of in one stretch of
// time: answers of its provider, of whatever kind.
type PaceSample struct {
	Channel Channel
	At      time.Time // the stretch begins
	N       int64
}

// A Wake counts deliveries of one channel that wait for one time.
type Wake struct {
	Channel Channel
	State   DeliveryState // Held or RetryWait
	At      time.Time
	N       int64
}

// A PaceView is what a forecast is made from, of one notice.
type PaceView struct {
	Recent []PaceSample // stretches of PaceStep, of the last quarter of an hour in which anything left
	Curve  []PaceSample // from the beginning, in stretches of Every
	Every  time.Duration
	Wakes  []Wake
	Silent *time.Time // the last time a receipt is waited for; nil: none is
}

// A Pace is what the forecast of one notice needs to know. The zero value of
// what is not known is honest: no rate, no deadline, no wait.
type Pace struct {
	PaceView
	Now     time.Time
	Status  NoticeStatus
	Started *time.Time
	Done    *time.Time
	Since   time.Time // it may go since then: it was released or resumed, or its first wave passed
	Waits   bool      // for the checks of its first wave
	Plan    []Step
	Tallies []Tally // before the release as it would be planned now
	// Limits are the rates the providers' accounts allow, per second; none: unlimited.
	Limits map[Channel]float64
	// Earlier are the rates of the last notice that used a channel, per second.
	Earlier map[Channel]float64
	// Paused is until when a channel's accounts asked to be left alone, all of them.
	Paused map[Channel]time.Time
	// Shut are the quiet hours to come, by channel, in order of time.
	Shut map[Channel][]Shut
	// Affords is how many more messages a channel's spend cap lets go; none: there is no cap.
	Affords map[Channel]int64
	Duties  []ObligationState
}

// Where a rate comes from.
const (
	BasisMeasured = "measured" // of this notice
	BasisEarlier  = "earlier"  // of the last notice that used the channel
	BasisAllowed  = "allowed"  // what the provider's account allows
	BasisWhatIf   = "what-if"  // somebody asked what if
)

// A Rate is how fast a channel goes, per second, and within what it lies in
// about four of five cases.
type Rate struct {
	Low     float64 `json:"low"`
	Likely  float64 `json:"likely"`
	High    float64 `json:"high"`
	Basis   string  `json:"basis,omitempty"`   // "": not known
	Limited bool    `json:"limited,omitempty"` // it went faster, and its accounts no longer allow that
}

// Span is when something ends: at the high rate, the likely and the low one.
// Nil is not known.
type Span struct {
	Early  *time.Time `json:"early,omitempty"`
	Likely *time.Time `json:"likely,omitempty"`
	Late   *time.Time `json:"late,omitempty"`
}

// A ChannelForecast says when a channel has nothing left to send.
type ChannelForecast struct {
	Channel Channel `json:"channel"`
	Planned int64   `json:"planned"` // deliveries, as far as is known
	Handled int64   `json:"handled"` // of them answered, one way or another
	Left    int64   `json:"left"`    // Planned − Handled
	Later   int64   `json:"later"`   // of Left: wait for a time: quiet hours, a retry
	Coming  int64   `json:"coming"`  // may come from the channel before, when that fails
	Short   int64   `json:"short"`   // likely, of Left and Coming: the spend cap holds them up until it is raised
	Rate    Rate    `json:"rate"`    // per second
	Ends    Span    `json:"ends"`
}

// A DeadlineForecast sets the end of the sending against one deadline of a
// duty to the people.
type DeadlineForecast struct {
	Obligations   []string      `json:"obligations"` // ids of the duties that are due then
	Jurisdictions []string      `json:"jurisdictions"`
	Due           time.Time     `json:"due"`
	Soft          bool          `json:"soft"`            // our own target, not the law's number
	Slack         time.Duration `json:"slack_ns"`        // Due − likely end; below zero: missed by that
	Known         bool          `json:"known"`           // Slack is
	Missed        bool          `json:"missed"`          // the likely end is after Due
	AtRisk        bool          `json:"at_risk"`         // the late end is, or a spend cap may be reached before
	Capped        bool          `json:"capped"`          // a spend cap is likely to be reached before; then Slack is not known
	Cause         Channel       `json:"cause,omitempty"` // the channel that ends last, or that a cap stops
	Needs         []RateNeed    `json:"needs,omitempty"` // of the channels that have something left
	Obligation    Obligation    `json:"-"`               // the first of them
}

// A RateNeed is the rate a channel needs to be through by a deadline.
type RateNeed struct {
	Channel   Channel `json:"channel"`
	PerSecond float64 `json:"per_second,omitempty"` // 0 when Possible is false
	Possible  bool    `json:"possible"`             // no rate is enough when people wait beyond the deadline
}

// A Forecast says when a sending ends, per channel and against each deadline.
// While a notice is on hold it is what would be if it were resumed now.
type Forecast struct {
	At        time.Time          `json:"at"`
	Status    NoticeStatus       `json:"status"`
	StartedAt *time.Time         `json:"started_at,omitempty"` // nil: not released; counted from now
	DoneAt    *time.Time         `json:"done_at,omitempty"`
	Channels  []ChannelForecast  `json:"channels"`
	Ends      Span               `json:"ends"` // of the whole notice; nothing is known while a channel with work has no rate
	Deadlines []DeadlineForecast `json:"deadlines"`
	Curve     []PaceSample       `json:"-"` // for the picture
	Every     time.Duration      `json:"-"`
}

// Late tells whether a deadline is likely missed.
func (f Forecast) Late() bool {
	return slices.ContainsFunc(f.Deadlines, func(d DeadlineForecast) bool { return d.Missed })
}

// Capped lists the channels that a spend cap is likely to stop.
func (f Forecast) Capped() (out []ChannelForecast) {
	for _, c := range f.Channels {
		if c.Short > 0 && f.DoneAt == nil {
			out = append(out, c)
		}
	}
	return out
}

// ForecastOf works a forecast out. rates are what-ifs, per second; a channel
// that is not among them goes as it goes. It is pure.
//
// A higher rate never makes an end later, and nothing ends before Now.
func ForecastOf(p Pace, rates map[Channel]float64) Forecast {
	f := Forecast{At: p.Now, Status: p.Status, StartedAt: p.Started, DoneAt: p.Done, Channels: []ChannelForecast{}, Deadlines: []DeadlineForecast{}, Curve: p.Curve, Every: p.Every}
	lines := p.lines(rates)
	var cases [casesN]outlook
	for c := range casesN {
		cases[c] = p.run(lines, c)
	}
	for i, l := range lines {
		ch := ChannelForecast{Channel: l.channel, Planned: l.planned, Handled: l.planned - l.left(), Left: l.left(), Later: l.later(), Rate: l.rate}
		ch.Coming, ch.Short = p.coming(lines, i), cases[caseLikely].short[i]
		ch.Ends = Span{cases[caseEarly].ends[i], cases[caseLikely].ends[i], cases[caseLate].ends[i]}
		f.Channels = append(f.Channels, ch)
	}
	f.Ends = Span{cases[caseEarly].end(), cases[caseLikely].end(), cases[caseLate].end()}
	if p.Done != nil {
		f.Ends = Span{p.Done, p.Done, p.Done}
	}
	f.deadlines(p, lines, cases)
	return f
}

// The three cases that are worked through.
const (
	caseEarly = iota
	caseLikely
	caseLate
	casesN
)

// A line is one channel and what stands before it.
type line struct {
	channel Channel
	planned int64
	open    int64 // can leave now
	wakes   []Wake
	rate    Rate
	fails   [casesN]float64 // share that goes on to the next channel, by case
	next    int             // index of the channel tried next; -1: none
	wait    time.Duration   // before silence counts as failure
	silent  int64           // accepted, and waited for
	capped  bool
	affords float64 // messages the spend cap lets go, those under way included
}

func (l line) later() (n int64) {
	for _, w := range l.wakes {
		n += w.N
	}
	return n
}

func (l line) left() int64 { return l.open + l.later() }

// speed is the rate of a case.
func (l line) speed(c int) float64 {
	return [casesN]float64{l.rate.High, l.rate.Likely, l.rate.Low}[c]
}

// lines sets the channels out in the order of the plan.
func (p Pace) lines(rates map[Channel]float64) (out []line) {
	tallies := map[Channel]Tally{}
	for _, t := range p.Tallies {
		tallies[t.Channel] = t
	}
	order := []Channel{}
	for _, s := range p.Plan {
		order = append(order, s.Channel)
	}
	for _, t := range p.Tallies { // of plans of groups
		if !slices.Contains(order, t.Channel) {
			order = append(order, t.Channel)
		}
	}
	for i, ch := range order {
		l := lineOf(ch, tallies[ch], p.Wakes)
		l.rate = p.rateOf(ch, rates, l.open > 0)
		if n, capped := p.Affords[ch]; capped {
			l.capped, l.affords = true, l.affords+float64(n)
		}
		l.next = -1
		if i+1 < len(p.Plan) {
			l.next = i + 1
			if silenceFails(ch) {
				l.wait = p.Plan[i].Wait
			}
		}
		out = append(out, l)
	}
	return out
}

// silenceFails tells the channels whose provider says later whether the person
// was reached: there silence is a failure, and the next channel is tried.
func silenceFails(c Channel) bool { return c == SMS || c == Phone }

func lineOf(ch Channel, t Tally, wakes []Wake) line {
	s := t.States
	l := line{channel: ch, planned: t.Sum() - s[Suppressed] - s[Cancelled]}
	l.wakes = wakesOf(ch, s, wakes)
	l.affords = float64(s[Attempting])
	l.open = s[Planned] + s[Ready] + s[Attempting] + s[Held] + s[RetryWait] - l.later()
	if silenceFails(ch) {
		l.silent = s[Accepted]
	}
	ended := s[Accepted] + s[Delivered] + s[Rejected] + s[Undelivered] + s[Expired] + s[Escalated]
	l.fails = failing(s[Escalated], ended-l.silent)
	return l
}

// wakesOf are the times a channel's waiting deliveries wait for. There are
// exactly as many as the counters say: what is not in the sample waits as long
// as the last of it.
func wakesOf(ch Channel, s map[DeliveryState]int64, all []Wake) (out []Wake) {
	for _, state := range []DeliveryState{Held, RetryWait} {
		left, last := s[state], len(out)
		for _, w := range all {
			if w.Channel == ch && w.State == state && left > 0 {
				w.N = min(w.N, left)
				left -= w.N
				out = append(out, w)
			}
		}
		if left > 0 && len(out) > last {
			out[len(out)-1].N += left
		}
	}
	slices.SortStableFunc(out, func(a, b Wake) int { return a.At.Compare(b.At) })
	return out
}

// failing is the share of a channel's deliveries that goes on to the next: as
// measured, give or take two standard errors of a proportion. While hardly
// anything is known it is nobody, and in the late case a quarter: our assumption.
func failing(failed, ended int64) [casesN]float64 {
	const enough = 20
	if ended < enough {
		return [casesN]float64{0, 0, 0.25}
	}
	share := min(float64(failed)/float64(ended), 1)
	give := 2*math.Sqrt(share*(1-share)/float64(ended)) + 1/float64(ended)
	return [casesN]float64{max(share-give, 0), share, min(share+give, 1)}
}

// coming is how many may come to a channel from the one before it.
func (p Pace) coming(lines []line, i int) (n int64) {
	for _, l := range lines {
		if l.next == i {
			n += int64(math.Round(float64(l.left()+l.silent) * l.fails[caseLikely]))
		}
	}
	return n
}

// An arrival is work that comes to a channel at a time.
type arrival struct {
	at time.Time
	n  float64
}

// An outlook is one case worked through: when each channel ends, nil where it
// has nothing to do or it is not known, and what comes to it.
type outlook struct {
	ends    []*time.Time
	comes   [][]arrival
	short   []int64 // of whom the spend cap keeps from being told
	unknown bool    // a channel with work has no rate, or not the means
}

func (o outlook) capped() bool {
	return slices.ContainsFunc(o.short, func(n int64) bool { return n > 0 })
}

// end is when the last channel ends.
func (o outlook) end() (last *time.Time) {
	if o.unknown {
		return nil
	}
	for _, at := range o.ends {
		last = laterOf(last, at)
	}
	return last
}

// run works the lines through one after the other, in one case.
func (p Pace) run(lines []line, c int) outlook {
	o := outlook{ends: make([]*time.Time, len(lines)), comes: make([][]arrival, len(lines)), short: make([]int64, len(lines))}
	for i, l := range lines {
		for _, w := range l.wakes {
			o.comes[i] = append(o.comes[i], arrival{w.At, float64(w.N)})
		}
		all := float64(l.open) + sumOf(o.comes[i])
		end, known := p.work(l.channel, l.speed(c), float64(l.open), o.comes[i])
		if l.capped && all-l.affords >= 0.5 {
			o.short[i], known = int64(math.Round(all-l.affords)), false
		}
		switch {
		case !known:
			o.unknown = true
		case all > 0:
			o.ends[i] = &end
		}
		if l.next < 0 {
			continue
		}
		// Who is not reached here goes on when the channel is through and the
		// wait for a receipt is over.
		if n := all * l.fails[c]; n >= 0.5 && known {
			o.comes[l.next] = append(o.comes[l.next], arrival{end.Add(l.wait), n})
		}
		if n := float64(l.silent) * l.fails[c]; n >= 0.5 && p.Silent != nil {
			o.comes[l.next] = append(o.comes[l.next], arrival{*p.Silent, n})
		}
	}
	return o
}

func sumOf(as []arrival) (n float64) {
	for _, a := range as {
		n += a.n
	}
	return n
}

// work is when a channel is through with what is open now and what comes
// later: first come, first served, at an even speed whenever it may leave.
func (p Pace) work(ch Channel, speed, open float64, comes []arrival) (end time.Time, known bool) {
	t := p.Now
	if until := p.Paused[ch]; until.After(t) {
		t = until
	}
	if open+sumOf(comes) <= 0 {
		return p.Now, true
	}
	if speed <= 0 {
		return t, false
	}
	comes = slices.Clone(comes)
	slices.SortStableFunc(comes, func(a, b arrival) int { return a.at.Compare(b.at) })
	t = p.spend(ch, t, open/speed)
	for _, a := range comes {
		if a.at.After(t) {
			t = a.at
		}
		t = p.spend(ch, t, a.n/speed)
	}
	if limit := p.Now.AddDate(50, 0, 0); t.After(limit) {
		return limit, true // a rate near nothing
	}
	return t.Truncate(time.Second).Add(time.Second), true
}

// spend is when a number of seconds of work is done that begins at t and rests
// in quiet hours.
func (p Pace) spend(ch Channel, t time.Time, seconds float64) time.Time {
	left := lasting(seconds)
	for _, q := range p.Shut[ch] {
		if !q.To.After(t) {
			continue
		}
		if until := q.From.Sub(t); until > 0 {
			if left <= until {
				break
			}
			left -= until
		}
		t = q.To
	}
	return t.Add(left)
}

// A Shut is a time in which nothing may leave by a channel.
type Shut struct{ From, To time.Time }

// ShutFor lists the quiet hours of a channel in a place, from a time on. What
// is further away than the list reaches is counted without nights.
func (q QuietHours) ShutFor(c Channel, p Place, from time.Time, length time.Duration) (out []Shut) {
	if !q.Covers(c) {
		return nil
	}
	for t := from; t.Before(from.Add(length)); {
		if open, at := q.Open(c, "", p, t); !open {
			out = append(out, Shut{t, at})
			t = at
			continue
		}
		t = t.Truncate(searchStep).Add(searchStep)
	}
	return out
}

// lasting is a length of time, at most a hundred years.
func lasting(s float64) time.Duration {
	const most = 100 * 365 * 24 * 3600
	return time.Duration(min(s, most) * float64(time.Second))
}

func laterOf(a, b *time.Time) *time.Time {
	if a == nil || (b != nil && b.After(*a)) {
		return b
	}
	return a
}

// deadlines sets the end against what is due to the people.
func (f *Forecast) deadlines(p Pace, lines []line, cases [casesN]outlook) {
	for _, duty := range p.Duties {
		o := duty.Obligation
		if o.Audience != AudienceIndividuals || o.Applies != AppliesYes || o.Due == nil || duty.Status == DutyWaived {
			continue
		}
		if p.Started != nil && o.Due.Before(*p.Started) {
			continue
		}
		i := slices.IndexFunc(f.Deadlines, func(d DeadlineForecast) bool { return d.Due.Equal(*o.Due) && d.Soft == o.Soft })
		if i < 0 {
			i = len(f.Deadlines)
			f.Deadlines = append(f.Deadlines, f.against(p, lines, cases, o))
		}
		d := &f.Deadlines[i]
		d.Obligations = append(d.Obligations, o.ID)
		if !slices.Contains(d.Jurisdictions, o.Jurisdiction) {
			d.Jurisdictions = append(d.Jurisdictions, o.Jurisdiction)
		}
	}
	slices.SortStableFunc(f.Deadlines, func(a, b DeadlineForecast) int { return a.Due.Compare(b.Due) })
}

func (f *Forecast) against(p Pace, lines []line, cases [casesN]outlook, o Obligation) DeadlineForecast {
	likely := cases[caseLikely]
	d := DeadlineForecast{Due: *o.Due, Soft: o.Soft, Obligation: o, Capped: likely.capped(), AtRisk: cases[caseLate].capped()}
	if end := f.Ends.Likely; end != nil {
		d.Known, d.Slack, d.Missed = true, o.Due.Sub(*end), end.After(*o.Due)
	}
	if end := f.Ends.Late; end != nil {
		d.AtRisk = d.AtRisk || end.After(*o.Due)
	}
	var last *time.Time
	for _, ch := range f.Channels {
		if ch.Short > 0 {
			d.Cause = ch.Channel
			break
		}
		if ch.Ends.Likely != nil && (last == nil || ch.Ends.Likely.After(*last)) {
			last, d.Cause = ch.Ends.Likely, ch.Channel
		}
	}
	if p.Done == nil {
		d.Needs = p.needs(lines, likely, *o.Due)
	}
	return d
}

// needs finds, for each channel with work, the least rate that has it through
// by a time, the other channels as they are.
func (p Pace) needs(lines []line, likely outlook, due time.Time) (out []RateNeed) {
	for i, l := range lines {
		if float64(l.open)+sumOf(likely.comes[i]) < 0.5 || likely.short[i] > 0 {
			continue
		}
		inTime := func(rate float64) bool {
			end, known := p.work(l.channel, rate, float64(l.open), likely.comes[i])
			return known && !end.After(due)
		}
		const most = 1e6 // nothing sends faster
		need := RateNeed{Channel: l.channel, Possible: inTime(most)}
		if need.Possible {
			low, high := 0.0, most
			for range 50 {
				if mid := (low + high) / 2; inTime(mid) {
					high = mid
				} else {
					low = mid
				}
			}
			need.PerSecond = high
		}
		out = append(out, need)
	}
	return out
}

// rateOf is how fast a channel goes: as somebody asks, else as measured, else
// as the last notice went, else as its accounts allow.
func (p Pace) rateOf(ch Channel, rates map[Channel]float64, busy bool) Rate {
	measured, seen := p.measured(ch, busy)
	if r, asked := rates[ch]; asked {
		low, high := 0.9, 1.1
		if seen && measured.Likely > 0 {
			low, high = measured.Low/measured.Likely, measured.High/measured.Likely
		}
		return Rate{Low: r * low, Likely: r, High: r * high, Basis: BasisWhatIf}
	}
	limit := p.Limits[ch]
	switch {
	case seen:
		return measured.under(limit)
	case p.Earlier[ch] > 0:
		r := p.Earlier[ch]
		return Rate{Low: r * 0.5, Likely: r, High: r * 1.5, Basis: BasisEarlier}.under(limit)
	case limit > 0:
		return Rate{Low: limit * 0.5, Likely: limit, High: limit, Basis: BasisAllowed}
	}
	return Rate{}
}

// under keeps a rate at what the accounts allow now.
func (r Rate) under(limit float64) Rate {
	const off = 1.25 // by which a measurement of a rate at its limit may be above it
	if limit > 0 {
		r.Limited = r.Likely > limit*off
		r.Low, r.Likely, r.High = min(r.Low, limit), min(r.Likely, limit), min(r.High, limit)
	}
	return r
}

const (
	halfLife = time.Minute // of what a stretch says of the present rate
	pauseGap = time.Minute // without any outcome, and then again: that was a pause, not slowness
	likely80 = 1.28        // standard errors that hold four of five cases of a normal distribution

	fewSent      = 10 // messages: fewer are no measurement
	fewStretches = 2  // in which something left: one is the burst of a beginning
)

// measured is the rate of a channel over the last stretches: an average in
// which a stretch counts half as much for each minute of its age, and how far
// that average may be off. Stretches with nothing count as slowness only while
// something could have left. Fewer than fewSent messages, or a single stretch in
// which any left, are too few to be a rate: then what else is known counts.
func (p Pace) measured(ch Channel, busy bool) (Rate, bool) {
	values := p.stretches(ch, busy)
	var sum, weights, squares, sent float64
	moved := 0
	for age, v := range values {
		w := weightOf(age)
		sum, weights, squares = sum+w*v, weights+w, squares+w*w
		if sent += v * PaceStep.Seconds(); v > 0 {
			moved++
		}
	}
	if sent < fewSent || moved < fewStretches {
		return p.average(ch)
	}
	mean := sum / weights
	const few, least, most = 4, 0.05, 0.5
	off := most // of few stretches nobody can tell more
	if len(values) >= few {
		dev := 0.0
		for age, v := range values {
			dev += weightOf(age) * (v - mean) * (v - mean)
		}
		off = min(max(likely80*math.Sqrt(dev*squares/weights)/weights/mean, least), most)
	}
	return Rate{Low: mean * (1 - off), Likely: mean, High: mean * (1 + off), Basis: BasisMeasured}, true
}

func weightOf(age int) float64 {
	return math.Exp2(-float64(age) * float64(PaceStep) / float64(halfLife))
}

// stretches are a channel's outcomes per second in its last stretches, the
// newest first, without pauses: while it was on hold or waited for the checks of
// its first wave, nothing could leave. The present stretch is not over and left out.
func (p Pace) stretches(ch Channel, busy bool) (out []float64) {
	counts := map[int64]int64{}
	for _, s := range p.Recent {
		if s.Channel == ch && s.N > 0 && !s.At.Add(PaceStep).After(p.Now) {
			counts[s.At.UnixNano()/int64(PaceStep)] += s.N
		}
	}
	ats := make([]int64, 0, len(counts))
	for at := range counts {
		ats = append(ats, at)
	}
	slices.Sort(ats)
	since := p.Since.Unix() / int64(PaceStep/time.Second)
	for i, at := range ats {
		if gap := at - ats[max(i-1, 0)] - 1; i > 0 && time.Duration(gap)*PaceStep < pauseGap && !(since > ats[i-1] && since <= at) {
			out = append(out, make([]float64, gap)...)
		}
		out = append(out, float64(counts[at])/PaceStep.Seconds())
	}
	if n := len(ats); n > 0 && busy && p.Status == NoticeSending && !p.Waits && !p.Paused[ch].After(p.Now) {
		if still := p.Now.UnixNano()/int64(PaceStep) - max(ats[n-1], since) - 1; still > 0 {
			out = append(out, make([]float64, min(still, 1000))...)
		}
	}
	slices.Reverse(out)
	return out
}

// average is the rate over everything a channel did, for one that has been
// still for long.
func (p Pace) average(ch Channel) (Rate, bool) {
	var n, busy int64
	for _, s := range p.Curve {
		if s.Channel == ch && s.N > 0 {
			n, busy = n+s.N, busy+1
		}
	}
	if n < fewSent || busy < fewStretches || p.Every <= 0 {
		return Rate{}, false
	}
	r := float64(n) / (float64(busy) * p.Every.Seconds())
	return Rate{Low: r * 0.5, Likely: r, High: r * 1.5, Basis: BasisMeasured}, true
}

// CheckRates refuses what-ifs that mean nothing.
func CheckRates(rates map[Channel]float64) error {
	for _, ch := range sortedChannels(rates) {
		r := rates[ch]
		if !slices.Contains(Channels(), ch) {
			return Invalid("there is no channel %q to send by", ch).On("rate").WithHint("use email, sms, push, phone or letter")
		}
		if !(r > 0) || r > 1e6 {
			return Invalid("a rate is messages a second, above 0 and at most 1,000,000").On("rate").WithHint("write it like rate[%s]=25", ch)
		}
	}
	return nil
}

func sortedChannels(rates map[Channel]float64) []Channel {
	out := make([]Channel, 0, len(rates))
	for ch := range rates {
		out = append(out, ch)
	}
	slices.SortFunc(out, func(a, b Channel) int { return cmp.Compare(a, b) })
	return out
}
