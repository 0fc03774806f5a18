package web

import (
	"cmp"
	"slices"
	"time"

	"tocsin/incidents"
)

type deliveryPage struct {
	incidentFrame
	progressView
	Doubts  doubtsView
	Refused []incidents.Refusal // why, most first
	Typed   struct{ Reason, Ref string }
	Spends  []spendRow
	Cap     struct{ Channel, Messages, Money, Because string } // as typed
	Letters bool                                               // some go by post
	Waiting int                                                // batches the printer has not answered

	MayPass    bool   // may decide on a first wave that did not pass
	WaveReason string // as typed
	OfWave     bool   // what was wrong is of that form

	Corrections []correctionRow
	TypedRef    string // of the incident, to send a correction
	OfRef       bool
}

// A progressView is the live part of a delivery page.
type progressView struct {
	Notice      incidents.Notice
	Is          stateView
	R           incidents.Reconciliation
	Tallies     []incidents.Tally
	Channels    []channelRow
	Funnel      []funnelRow
	Failures    []failureRow
	Excluded    []incidents.Exclusion
	Tasks       []*taskView // substitute notices for those it does not reach
	Approved    []string
	PerSecond   float64
	Ends        incidents.Span
	Chart       forecastChart
	Narrow      forecastChart // the same for a phone
	Deadlines   []deadlineRow
	RateFields  []rateField
	Capped      []incidents.ChannelForecast // by a spend cap
	RateProblem string                      // of a what-if that means nothing
	Ill         []providerRow               // accounts of this notice's channels that cannot be used as they should
	Can         struct{ Stop, Release bool }
	Done        int64
	At          time.Time
	Wave        *incidents.FirstWave // nil: everything leaves at once
}

type channelRow struct {
	Channel                                  incidents.Channel
	Planned, Sent, Failed, Doubt, Left, Next int64
	SentShare, FailedShare, SentEnd          float64
	State                                    stateView
	Rate, Ends, Range                        string
}

// A failureRow counts deliveries that came to nothing, by what became of them.
type failureRow struct {
	State stateView
	N     int64
	Next  string
}

type funnelRow struct {
	Icon, Name, Colour string
	N                  int64
	Share              float64
	Part               string
}

func (c *console) deliveryView(p *page) (v deliveryPage, err error) {
	var d incidents.Dossier
	if v.progressView, d, err = c.progressView(p); err != nil {
		return v, err
	}
	v.incidentFrame = c.frameOf(p, "notices", d)
	v.Section = "deliveries"
	v.Typed.Reason, v.Typed.Ref = p.form("reason"), p.form("ref")
	v.MayPass = v.Can.Release && (p.actor.May(incidents.ActApprove) == nil || p.actor.ID == v.Notice.ReleasedBy)
	v.WaveReason = p.form("wave_reason")
	v.OfWave = p.r.Form.Has("wave_reason")
	v.TypedRef, v.OfRef = p.form("incident_ref"), p.r.Form.Has("incident_ref")
	if v.Corrections, err = c.corrections(p, v.Notice); err != nil {
		return v, err
	}
	v.Letters = slices.Contains(v.Notice.Content.Channels(), incidents.Letter)
	if v.Letters {
		v.Waiting = c.Deps.Letters.LettersWaiting()
	}
	if v.Spends, err = c.spendRows(p, v.Notice); err != nil {
		return v, err
	}
	v.Cap.Channel, v.Cap.Messages, v.Cap.Money, v.Cap.Because = p.form("channel"), p.form("messages"), p.form("money"), p.form("because")
	if v.Refused, err = c.Desk.Refusals(p.r.Context(), p.actor, v.Notice.No, v.Tallies); err != nil {
		return v, err
	}
	v.Doubts, err = c.doubtsView(p, v.Notice, v.R.InDoubt)
	if v.Doubts.Decided { // the reason is theirs
		v.Typed.Reason = ""
	}
	return v, err
}

func (c *console) progressView(p *page) (v progressView, d incidents.Dossier, err error) {
	n, err := c.noticeByNo(p)
	if err != nil {
		return v, d, err
	}
	if d, err = c.Desk.Dossier(p.r.Context(), p.actor, string(n.IncidentID)); err != nil {
		return v, d, err
	}
	v, err = c.progressOf(p, n, d)
	return v, d, err
}

func (c *console) progressOf(p *page, n incidents.Notice, d incidents.Dossier) (v progressView, err error) {
	pr, err := c.Desk.Progress(p.r.Context(), p.actor, n.ID)
	if err != nil {
		return v, err
	}
	r := pr.Reconciliation
	if pr.Notice.ReleasedAt == nil {
		if r, err = c.aheadOf(p, pr.Notice); err != nil {
			return v, err
		}
	}
	v = progressView{Notice: pr.Notice, Wave: pr.FirstWave, Is: noticeState(pr.Notice.Status), R: r, PerSecond: pr.PerSecond, Done: r.List - r.ToSend - r.Trying, At: c.Now().UTC()}
	v.Can.Stop, v.Can.Release = p.actor.May(incidents.ActStop) == nil, p.actor.May(incidents.ActRelease) == nil
	v.Tallies = pr.Tallies
	for _, t := range pr.Tallies {
		v.Channels = append(v.Channels, channelOf(t))
	}
	v.Failures, v.Excluded = failuresOf(pr.Tallies), pr.Exclusions
	v.Funnel = funnelOf(r)
	v.Tasks = c.tasksOf(p, append([]string{}, pr.Notice.Content.Answers...), d, v.At)
	if err := c.forecastView(p, &v, pr.Notice); err != nil {
		return v, err
	}
	if v.Ill, err = c.illFor(p, pr.Notice); err != nil {
		return v, err
	}
	_, approvals, err := c.Desk.Notice(p.r.Context(), p.actor, n.ID)
	if err != nil {
		return v, err
	}
	for _, a := range approvals {
		if a.Void == "" && a.Decision == "approve" && a.Subject.Hash == n.Hash {
			v.Approved = append(v.Approved, a.ByName)
		}
	}
	return v, nil
}

// aheadOf is where everybody would be if a notice were released now. A
// correction follows messages and not the list: it goes to so many at most.
func (c *console) aheadOf(p *page, n incidents.Notice) (incidents.Reconciliation, error) {
	if n.Content.Correction() {
		return incidents.Reconciliation{List: n.Content.Persons, ToSend: n.Content.Persons}, nil
	}
	a, err := c.Desk.Ahead(p.r.Context(), p.actor, n)
	return incidents.Reconciliation{List: a.Chosen(), ToSend: a.Told, Excluded: a.Barred, Unreachable: a.Unreachable}, err
}

// Left is how many people a notice that goes on is still sent to.
func (v progressView) Left() int64 { return v.R.ToSend + v.R.Trying }

func channelOf(t incidents.Tally) channelRow {
	s := t.States
	row := channelRow{Channel: t.Channel, Planned: t.Sum(), Sent: s[incidents.Accepted] + s[incidents.Delivered],
		Failed: s[incidents.Rejected] + s[incidents.Undelivered] + s[incidents.Expired], Doubt: s[incidents.InDoubt] + s[incidents.Manual], Next: s[incidents.Escalated],
		Left: s[incidents.Planned] + s[incidents.Ready] + s[incidents.Held] + s[incidents.Attempting] + s[incidents.RetryWait]}
	if row.Planned > 0 {
		row.SentShare, row.FailedShare = float64(row.Sent)/float64(row.Planned), float64(row.Failed+row.Doubt+row.Next)/float64(row.Planned)
		row.SentEnd = row.SentShare
	}
	return row
}

// ends says per channel when its part is done, and how fast it goes.
func (v *progressView) ends(f incidents.Forecast) {
	for i := range v.Channels {
		row := &v.Channels[i]
		row.State = stateView{"blue", "clock", "Waits"}
		for _, c := range f.Channels {
			if c.Channel != row.Channel || f.DoneAt != nil || row.Left == 0 {
				continue
			}
			row.Rate = rateSays(c)
			if c.Ends.Likely != nil && f.Status != incidents.NoticeHeld {
				row.Ends, row.State = short(c.Ends.Likely), stateView{"blue", "send", "Being sent"}
			}
			if c.Short > 0 && f.Status != incidents.NoticeHeld {
				row.State = stateView{"red", "tri", "Cap stops " + num(c.Short)}
			}
			if c.Ends.Early != nil && c.Ends.Late != nil && f.Status != incidents.NoticeHeld {
				row.Range = short(c.Ends.Early) + " to " + short(c.Ends.Late)
			}
		}
		switch {
		case row.Left == 0 && row.Doubt > 0:
			row.State = stateView{"amber", "tri", "In doubt"}
		case row.Left == 0:
			row.Ends, row.State = "done", stateView{"green", "check", "Done"}
		case f.Status == incidents.NoticeHeld:
			row.State = stateView{"amber", "pause", "On hold"}
		}
	}
}

// failuresOf counts what came to nothing, over all channels, largest first.
func failuresOf(tallies []incidents.Tally) (out []failureRow) {
	next := map[incidents.DeliveryState]string{incidents.Rejected: "no channel was left", incidents.Undelivered: "no channel was left", incidents.Expired: "no channel was left",
		incidents.Suppressed: "nothing is sent", incidents.Escalated: "tried on the next channel", incidents.Cancelled: "will not leave", incidents.RetryWait: "tried again"}
	for _, s := range incidents.DeliveryStates() {
		if next[s] == "" {
			continue
		}
		var n int64
		for _, t := range tallies {
			n += t.States[s]
		}
		if n > 0 {
			out = append(out, failureRow{deliveryState(s), n, next[s]})
		}
	}
	slices.SortStableFunc(out, func(a, b failureRow) int { return cmp.Compare(b.N, a.N) })
	return out
}

func funnelOf(r incidents.Reconciliation) []funnelRow {
	rows := []funnelRow{
		{Icon: "okay", Name: "Reached on the first channel", Colour: "green", N: r.ReachedDirect}, {Icon: "okay", Name: "Reached on a later channel", Colour: "green", N: r.ReachedLater},
		{Icon: "half", Name: "Sent, receipt not yet back", Colour: "blue", N: r.Sent}, {Icon: "half", Name: "Push alone, perhaps never shown", Colour: "amber", N: r.PushOnly}, {Icon: "half", Name: "Being sent or tried again", Colour: "blue", N: r.Trying}, {Icon: "ring", Name: "Still to send", Colour: "grey", N: r.ToSend},
		{Icon: "tri", Name: "In doubt", Colour: "amber", N: r.InDoubt}, {Icon: "x", Name: "Unreachable so far", Colour: "red", N: r.Unreachable}, {Icon: "x", Name: "Excluded with a reason", Colour: "grey", N: r.Excluded}, {Icon: "stop", Name: "Stopped before sending", Colour: "red", N: r.Cancelled},
	}
	for i := range rows {
		if r.List > 0 {
			rows[i].Share = float64(rows[i].N) / float64(r.List)
		}
		rows[i].Part = share(rows[i].N, r.List)
	}
	return rows
}

func (c *console) delivery(p *page) error {
	v, err := c.deliveryView(p)
	if err != nil {
		return err
	}
	return c.show(p, "delivery", v)
}

// progress is the live part alone: it has no field, so that an update takes
// away nothing that is being typed.
func (c *console) progress(p *page) error {
	v, _, err := c.progressView(p)
	if err != nil {
		return err
	}
	return c.part(p, "delivery", "progress", v)
}

// steerNotice holds, resumes or stops a sending.
func (c *console) steerNotice(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	ctx, reason := p.r.Context(), p.form("reason")
	said := ""
	switch p.form("do") {
	case "hold":
		said, err = "On hold. What is in flight finishes.", c.Desk.HoldNotice(ctx, p.actor, n.ID, reason)
	case "resume":
		said, err = "Resumed.", c.Desk.ResumeNotice(ctx, p.actor, n.ID, reason)
	case "stop":
		if p.form("ref") != "N-"+p.vars["no"] {
			err = incidents.Invalid("type N-%s to stop it for good", p.vars["no"]).On("ref")
			break
		}
		var k int64
		if k, err = c.Desk.StopNotice(ctx, p.actor, n.ID, reason); err == nil {
			said = "Stopped. " + num(k) + " deliveries will not leave."
		}
	default:
		err = incidents.Invalid("choose what to do")
	}
	return c.backToDelivery(p, n, said, err)
}

func (c *console) backToDelivery(p *page, n incidents.Notice, said string, err error) error {
	if err == nil {
		return c.redirect(p, noticePath(n.No)+"/delivery", said)
	}
	v, verr := c.deliveryView(p)
	if verr != nil {
		return verr
	}
	return c.again(p, err, "delivery", &v)
}

type deliveriesPage struct {
	Frame
	Sending []sendingRow
	Done    []incidents.Notice
}

// deliveries lists notices that are or were sent.
func (c *console) deliveries(p *page) (err error) {
	v := deliveriesPage{Frame: c.frame(p, "deliveries", "Deliveries")}
	if v.Sending, err = c.sending(p); err != nil {
		return err
	}
	if v.Done, err = c.Desk.Notices(p.r.Context(), p.actor, incidents.NoticeFilter{Status: []incidents.NoticeStatus{incidents.NoticeDone, incidents.NoticeStopped}, Limit: 50}); err != nil {
		return err
	}
	return c.show(p, "deliveries", v)
}
