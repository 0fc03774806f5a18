package incidents

import (
	"context"
	"slices"
	"time"
)

// Accounts tells how the providers' accounts are.
type Accounts interface {
	ProviderHealth(ctx context.Context) ([]ProviderHealth, error)
}

// nightsAhead is how far nights are counted.
const nightsAhead = 14 * 24 * time.Hour

// A ForecastView is the forecast of a notice as it goes, and what would be if
// channels went at other rates.
type ForecastView struct {
	Forecast
	WhatIf *Forecast `json:"what_if,omitempty"`
}

// Forecast says when the sending of a notice ends, against each deadline to its
// people; before the release as if it were released now. rates are what-ifs,
// per second and channel; they change nothing.
func (d *Desk) Forecast(ctx context.Context, a Actor, id NoticeID, rates map[Channel]float64) (v ForecastView, err error) {
	if err := CheckRates(rates); err != nil {
		return v, err
	}
	accounts, err := d.accounts(ctx)
	if err != nil {
		return v, err
	}
	return read(ctx, d, a, ActRead, func(tx Tx) (ForecastView, error) {
		n, err := tx.Notice(id)
		if err != nil {
			return v, err
		}
		p, err := d.pace(tx, n, accounts)
		if err != nil {
			return v, err
		}
		v.Forecast = ForecastOf(p, nil)
		if len(rates) > 0 {
			f := ForecastOf(p, rates)
			v.WhatIf = &f
		}
		return v, nil
	})
}

func (d *Desk) accounts(ctx context.Context) ([]ProviderHealth, error) {
	if d.Accounts == nil {
		return nil, nil
	}
	return d.Accounts.ProviderHealth(ctx)
}

// pace gathers what the forecast of a notice needs.
func (d *Desk) pace(tx Tx, n Notice, accounts []ProviderHealth) (p Pace, err error) {
	p = Pace{Now: d.Now().UTC(), Status: n.Status, Started: n.ReleasedAt, Done: n.DoneAt, Plan: n.Content.Plan,
		Limits: map[Channel]float64{}, Earlier: map[Channel]float64{}, Paused: map[Channel]time.Time{}, Shut: map[Channel][]Shut{}, Affords: map[Channel]int64{}}
	if p.Duties, err = tx.Obligations(n.IncidentID); err != nil {
		return p, err
	}
	if n.ReleasedAt == nil {
		ahead, err := tx.PlanAhead(n)
		if err != nil {
			return p, err
		}
		p.Tallies = slices.DeleteFunc(ahead, func(t Tally) bool { return t.Channel == "" })
	} else {
		if p.Tallies, err = tx.Tallies(n.No); err != nil {
			return p, err
		}
		if err := p.sends(tx, n); err != nil {
			return p, err
		}
		if p.PaceView, err = tx.Pace(n.No); err != nil {
			return p, err
		}
	}
	people, langs, err := peopleOf(tx, n.IncidentID)
	if err != nil {
		return p, err
	}
	if n.Content.Mode == Live && n.DoneAt == nil {
		spends, err := tx.Spends(n.IncidentID)
		if err != nil {
			return p, err
		}
		for _, s := range spends {
			p.Affords[s.Channel] = s.Affords(s.Tariff.MeanPrice(people) * n.Content.MeanParts(s.Channel, langs))
		}
	}
	home := mostPeople(people, d.Quiet.Home)
	for _, ch := range n.Content.Channels() {
		if n.Content.Mode == Live {
			p.Limits[ch], p.Paused[ch] = d.allowed(ch, accounts), pausedUntil(ch, accounts)
			if n.Content.QuietOverride == "" {
				p.Shut[ch] = d.Quiet.ShutFor(ch, home, p.Now, nightsAhead)
			}
		}
		if !slices.ContainsFunc(p.Curve, func(s PaceSample) bool { return s.Channel == ch }) {
			if p.Earlier[ch], err = tx.LastRate(ch); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

// sends says since when a notice may go, and whether it waits for the checks of
// its first wave. A hold is put down and lifted by a change of the notice.
func (p *Pace) sends(tx Tx, n Notice) error {
	p.Since = lastOf(*n.ReleasedAt, &n.UpdatedAt)
	w, err := tx.FirstWave(n.No)
	if isNotFound(err) {
		return nil
	}
	p.Waits = w.State == WaveOpen
	p.Since = lastOf(p.Since, w.JudgedAt)
	return err
}

func lastOf(a time.Time, b *time.Time) time.Time { return *laterOf(&a, b) }

// An Ahead says whom a notice would tell if it were released now. The sum is
// whom it chooses.
type Ahead struct {
	Told        int64 `json:"told"`
	Barred      int64 `json:"barred"`      // excluded, erased, or kept out by a rule of the content
	Unreachable int64 `json:"unreachable"` // no usable address on a channel of the plan
}

// Chosen is everybody the notice chooses.
func (a Ahead) Chosen() int64 { return a.Told + a.Barred + a.Unreachable }

// Ahead counts whom a notice would tell now, by the plan of the release; a
// correction is not counted.
func (d *Desk) Ahead(ctx context.Context, a Actor, n Notice) (out Ahead, err error) {
	tallies, err := read(ctx, d, a, ActRead, func(tx Tx) ([]Tally, error) { return tx.PlanAhead(n) })
	for _, t := range tallies {
		out.Told += t.States[Planned]
		out.Barred += t.States[Suppressed]
		out.Unreachable += t.States[Rejected]
	}
	return out, err
}

// allowed is the rate of a channel's accounts that can be used, together; 0: no limit.
func (d *Desk) allowed(ch Channel, accounts []ProviderHealth) float64 {
	var usable, sum float64
	for _, h := range accounts {
		if h.Channel != ch || h.State == ProviderAway {
			continue
		}
		if h.PerSecond == 0 {
			return 0
		}
		usable, sum = usable+1, max(sum, h.PerSecond) // one account is used at a time
	}
	if usable == 0 {
		return d.Rates[ch]
	}
	return sum
}

// pausedUntil is when the first of a channel's accounts may be used again, when
// all of them asked to be left alone.
func pausedUntil(ch Channel, accounts []ProviderHealth) (first time.Time) {
	for _, h := range accounts {
		switch {
		case h.Channel != ch:
		case h.PausedUntil == nil:
			return time.Time{}
		case first.IsZero() || h.PausedUntil.Before(first):
			first = *h.PausedUntil
		}
	}
	return first
}

// peopleOf counts the people of an incident's list by where they live, and by their language.
func peopleOf(tx Tx, in IncidentID) (places map[Place]int64, langs map[Lang]int64, err error) {
	imports, err := tx.Imports(in)
	places, langs = map[Place]int64{}, map[Lang]int64{}
	for _, im := range imports {
		for p, n := range im.ByPlace {
			places[p] += n
		}
		for l, n := range im.ByLang {
			langs[l] += n
		}
	}
	return places, langs, err
}

// mostPeople is where most of them live: the nights there stand for all.
func mostPeople(counts map[Place]int64, home Place) Place {
	most := home
	for p, n := range counts {
		if p != "" && (n > counts[most] || (n == counts[most] && p < most)) {
			most = p
		}
	}
	return most
}

// A Lateness is a forecast that passes the deadline of a duty, to be told to the team.
type Lateness struct {
	Incident Incident
	Notice   Notice
	Duty     ObligationState
	Rate     Rate     // of the cause
	Need     RateNeed // what it would take
}

// Foresee looks at every notice that is being sent. A forecast whose likely end
// passes the deadline of an open duty the notice answers, or that has no end as a
// spend cap is too low, is written down once for each notice and due time, and
// returned until LatenessTold says that the team knows; one process tells at a
// time. A rate that was not measured alarms nobody.
func (d *Desk) Foresee(ctx context.Context) (out []Lateness, err error) {
	accounts, err := d.accounts(ctx)
	if err != nil {
		return nil, err
	}
	late, err := read(ctx, d, System, ActRead, func(tx Tx) (late []Lateness, err error) {
		sending, err := tx.Notices(NoticeFilter{Status: []NoticeStatus{NoticeSending}})
		for _, n := range sending {
			if err != nil {
				return nil, err
			}
			var some []Lateness
			some, err = d.lateness(tx, n, accounts)
			late = append(late, some...)
		}
		return late, err
	})
	for _, l := range late {
		if err != nil {
			return out, err
		}
		err = d.Store.Write(ctx, func(tx Tx) error {
			tell, err := d.foreseen(tx, &l)
			if tell && err == nil {
				out = append(out, l)
			}
			return err
		})
	}
	return out, err
}

// lateness lists the duties a notice is likely to miss.
func (d *Desk) lateness(tx Tx, n Notice, accounts []ProviderHealth) (out []Lateness, err error) {
	if len(n.Content.Answers) == 0 {
		return nil, nil
	}
	p, err := d.pace(tx, n, accounts)
	if err != nil {
		return nil, err
	}
	p.Duties = slices.DeleteFunc(p.Duties, func(o ObligationState) bool {
		return o.Status != DutyOpen || !slices.Contains(n.Content.Answers, o.ID) || o.Due == nil || !o.Due.After(p.Now) // what is overdue is said by the clock
	})
	f := ForecastOf(p, nil)
	for _, due := range f.Deadlines {
		i := slices.IndexFunc(f.Channels, func(c ChannelForecast) bool { return c.Channel == due.Cause })
		if !due.Capped && (!due.Missed || f.Channels[i].Rate.Basis != BasisMeasured) {
			continue
		}
		l := Lateness{Notice: n, Rate: f.Channels[i].Rate}
		said := Foreseen{Notice: n.No, Due: due.Due, Cause: due.Cause, Short: f.Channels[i].Short}
		if !due.Capped {
			said.Likely = *f.Ends.Likely
		}
		for _, need := range due.Needs {
			if need.Channel == due.Cause {
				l.Need = need
			}
		}
		for _, o := range p.Duties {
			if slices.Contains(due.Obligations, o.ID) {
				foreseen := said
				l.Duty = o
				l.Duty.Foreseen = &foreseen
				out = append(out, l)
			}
		}
	}
	return out, nil
}

// foreseen writes one down the first time and tells whether the team is to be told now.
func (d *Desk) foreseen(tx Tx, l *Lateness) (tell bool, err error) {
	now := d.Now().UTC().Truncate(time.Second)
	o, err := obligation1(tx, l.Notice.IncidentID, l.Duty.ID)
	if err != nil || o.Status != DutyOpen {
		return false, ignoreMissing(err)
	}
	if l.Incident, err = tx.Incident(l.Notice.IncidentID); err != nil {
		return false, err
	}
	next, was, is := now.Add(tellAgain), o.Foreseen, *l.Duty.Foreseen
	again := was != nil && was.Notice == is.Notice && was.Due.Equal(is.Due) && (was.Short > 0) == (is.Short > 0)
	if again && (was.Told || (was.TellAt != nil && now.Before(*was.TellAt))) {
		return false, nil
	}
	if again {
		is = *was
	}
	if is.At.IsZero() {
		is.At = now
	}
	is.TellAt = &next
	o.Foreseen = &is
	l.Duty = o
	if err := d.putDuty(tx, o); err != nil || again {
		return true, err
	}
	e := event{name: "forecast.late", incident: l.Incident.ID, subject: o.ID, data: map[string]string{"notice": itoa(l.Notice.No), "due": is.Due.Format(time.RFC3339), "channel": string(is.Cause)}}
	if is.Short > 0 {
		e.line = "The spend cap of " + string(is.Cause) + " holds up " + itoa(is.Short) + " messages of notice N-" + itoa(l.Notice.No) + ", of those “" + o.Title + "” is for."
		e.data["short"] = itoa(is.Short)
	} else {
		e.line = "At the present rate notice N-" + itoa(l.Notice.No) + " ends " + is.Likely.Format("2006-01-02 15:04 UTC") + ", after “" + o.Title + "” is due. It waits for " + string(is.Cause) + "."
		e.data["likely"] = is.Likely.Format(time.RFC3339)
	}
	return true, d.record(tx, System, e)
}

// LatenessTold notes that the team was told.
func (d *Desk) LatenessTold(ctx context.Context, l Lateness) error {
	return d.Store.Write(ctx, func(tx Tx) error {
		o, err := obligation1(tx, l.Incident.ID, l.Duty.ID)
		if err != nil || o.Foreseen == nil || o.Foreseen.Notice != l.Notice.No || !o.Foreseen.Due.Equal(l.Duty.Foreseen.Due) {
			return ignoreMissing(err)
		}
		o.Foreseen.Told = true
		return d.putDuty(tx, o)
	})
}
