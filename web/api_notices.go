package web

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/templates"
)

// A wait is how long a channel waits for a receipt: "24h", or nanoseconds as
// the notice itself writes it, so that what was read can be sent back.
type wait time.Duration

// UnmarshalJSON reads either form.
func (w *wait) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		d, err := time.ParseDuration(s)
		if err != nil {
			return incidents.Invalid("a wait reads like 24h or 90m").On("plan")
		}
		*w = wait(d)
		return nil
	}
	var n int64
	if json.Unmarshal(b, &n) != nil {
		return incidents.Invalid("a wait reads like 24h or 90m").On("plan")
	}
	*w = wait(n)
	return nil
}

// noticeInput is incidents.NoticeInput as a script writes it.
type noticeInput struct {
	Title   string                             `json:"title"`
	Kind    incidents.NoticeKind               `json:"kind"`
	Langs   map[incidents.Lang]incidents.Words `json:"langs"`
	Default incidents.Lang                     `json:"default"`
	Filter  incidents.PersonFilter             `json:"filter"`
	Plan    []planStep                         `json:"plan"`
	Answers []string                           `json:"answers"`
	Plans   []struct {
		When   incidents.When    `json:"when"`
		Places []incidents.Place `json:"places"`
		Plan   []planStep        `json:"plan"`
	} `json:"plans"`
	QuietOverride string             `json:"quiet_override"`
	Corrects      incidents.NoticeID `json:"corrects"`
}

type planStep struct {
	Channel incidents.Channel `json:"channel"`
	Wait    wait              `json:"wait"`
}

func stepsOf(plan []planStep) (out []incidents.Step) {
	for _, s := range plan {
		out = append(out, incidents.Step{Channel: s.Channel, Wait: time.Duration(s.Wait)})
	}
	return out
}

func (in noticeInput) domain() incidents.NoticeInput {
	out := incidents.NoticeInput{Title: in.Title, Kind: in.Kind, Langs: in.Langs, Default: in.Default, Filter: in.Filter, Answers: in.Answers, Plan: stepsOf(in.Plan), QuietOverride: in.QuietOverride, Corrects: in.Corrects}
	for _, g := range in.Plans {
		out.Plans = append(out.Plans, incidents.GroupPlan{When: g.When, Places: g.Places, Plan: stepsOf(g.Plan)})
	}
	return out
}

// noticeOf finds a notice by id or by number: N-12 or 12.
func (a api) noticeOf(c *call, s string) (incidents.Notice, error) {
	if no, err := strconv.ParseInt(strings.TrimPrefix(s, "N-"), 10, 64); err == nil {
		return a.Desk.NoticeByNo(c.ctx, c.actor, no)
	}
	n, _, err := a.Desk.Notice(c.ctx, c.actor, incidents.NoticeID(s))
	return n, err
}

func (a api) noticeID(c *call) (incidents.NoticeID, error) {
	n, err := a.noticeOf(c, c.vars["notice"])
	return n.ID, err
}

func (a api) notices(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	f := incidents.NoticeFilter{Limit: limit}
	if ref := c.query("incident"); ref != "" {
		in, err := a.Desk.Find(c.ctx, c.actor, ref)
		if err != nil {
			return nil, err
		}
		f.Incident = in.ID
	}
	for _, s := range c.r.URL.Query()["status"] {
		f.Status = append(f.Status, incidents.NoticeStatus(s))
	}
	return whole(a.Desk.Notices(c.ctx, c.actor, f))
}

func (a api) draftNotice(c *call) (any, error) {
	var input noticeInput
	if err := c.read(&input); err != nil {
		return nil, err
	}
	in, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	n, err := a.Desk.DraftNotice(c.ctx, c.actor, in.ID, input.domain())
	return made{n, "/notices/" + string(n.ID)}, err
}

// A noticeView is a notice with the decisions on it.
type noticeView struct {
	Notice    incidents.Notice     `json:"notice"`
	Approvals []incidents.Approval `json:"approvals"`
}

func (a api) notice(c *call) (any, error) {
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	n, approvals, err := a.Desk.Notice(c.ctx, c.actor, id)
	return noticeView{n, some(approvals)}, err
}

func (a api) editNotice(c *call) (any, error) {
	var in struct {
		Base int `json:"base"`
		noticeInput
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	return a.Desk.EditNotice(c.ctx, c.actor, id, in.Base, in.domain())
}

func (a api) noticeVersions(c *call) (any, error) {
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	return whole(a.Desk.NoticeVersions(c.ctx, c.actor, id))
}

func (a api) lintNotice(c *call) (any, error) {
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	return whole(a.Desk.LintNotice(c.ctx, c.actor, id))
}

func (a api) previewNotice(c *call) (any, error) {
	n, err := a.noticeOf(c, c.vars["notice"])
	if err != nil {
		return nil, err
	}
	ch, lang := incidents.Channel(c.query("channel")), incidents.Lang(c.query("lang"))
	if ch == "" {
		ch = incidents.Email
	}
	if lang == "" {
		lang = n.Content.Default
	}
	p, err := a.Book.Preview(n.Content, ch, lang)
	return struct {
		Lang    incidents.Lang    `json:"lang"`
		Subject string            `json:"subject,omitempty"`
		Text    string            `json:"text,omitempty"`
		HTML    string            `json:"html,omitempty"`
		SMS     string            `json:"sms,omitempty"`
		Title   string            `json:"title,omitempty"`
		Body    string            `json:"body,omitempty"`
		Voice   string            `json:"voice,omitempty"`
		Letter  *templates.Letter `json:"letter,omitempty"`
	}{p.Lang, p.Subject, p.Text, p.HTML, p.SMS, p.Title, p.Body, p.Spoken.String(), p.Letter}, err
}

func (a api) submitNotice(c *call) (any, error) {
	if err := c.none(); err != nil {
		return nil, err
	}
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	return a.Desk.SubmitNotice(c.ctx, c.actor, id)
}

func (a api) releaseNotice(c *call) (any, error) {
	var typed incidents.Release
	if err := c.read(&typed); err != nil {
		return nil, err
	}
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	actor, err := a.steppedUp(c)
	if err != nil {
		return nil, err
	}
	return nil, a.Desk.ReleaseNotice(c.ctx, actor, id, typed)
}

func (a api) holdNotice(c *call) (any, error) {
	return a.switchNotice(c, func(id incidents.NoticeID, why string) error { return a.Desk.HoldNotice(c.ctx, c.actor, id, why) })
}

func (a api) resumeNotice(c *call) (any, error) {
	return a.switchNotice(c, func(id incidents.NoticeID, why string) error { return a.Desk.ResumeNotice(c.ctx, c.actor, id, why) })
}

func (a api) switchNotice(c *call, act func(incidents.NoticeID, string) error) (any, error) {
	why, err := c.reason()
	if err != nil {
		return nil, err
	}
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	return nil, act(id, why)
}

func (a api) stopNotice(c *call) (any, error) {
	var n int64
	_, err := a.switchNotice(c, func(id incidents.NoticeID, why string) (err error) {
		n, err = a.Desk.StopNotice(c.ctx, c.actor, id, why)
		return err
	})
	return map[string]int64{"cancelled": n}, err
}

func (a api) progress(c *call) (any, error) {
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	p, err := a.Desk.Progress(c.ctx, c.actor, id)
	return struct {
		incidents.Progress
		Sum         int64 `json:"sum"`
		Unaccounted int64 `json:"unaccounted"` // always 0
	}{p, p.Reconciliation.Sum(), p.Reconciliation.Unaccounted()}, err
}

func (a api) forecast(c *call) (any, error) {
	rates, err := ratesOf(c.r.URL.Query())
	if err != nil {
		return nil, err
	}
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	return a.Desk.Forecast(c.ctx, c.actor, id, rates)
}

// A deliveryView is one delivery, its id as text.
type deliveryView struct {
	ID         string                  `json:"id"`
	Channel    incidents.Channel       `json:"channel"`
	Step       int                     `json:"step"`
	State      incidents.DeliveryState `json:"state"`
	Attempts   int                     `json:"attempts"`
	NextAt     *time.Time              `json:"next_at,omitempty"`
	ProviderID string                  `json:"provider_id,omitempty"`
	Code       string                  `json:"code,omitempty"`
	Reason     string                  `json:"reason,omitempty"`
	MaybeTwice bool                    `json:"maybe_twice,omitempty"`
	UpdatedAt  time.Time               `json:"updated_at"`
}

func viewDelivery(d incidents.Delivery) deliveryView {
	return deliveryView{d.ID.String(), d.ID.Channel, d.Step, d.State, d.Attempts, d.NextAt, d.ProviderID, d.Code, d.Reason, d.MaybeTwice, d.UpdatedAt}
}

func (a api) inDoubt(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	n, err := a.noticeOf(c, c.vars["notice"])
	if err != nil {
		return nil, err
	}
	page := incidents.DoubtPage{Notice: n.No, Limit: limit}
	if s := c.query("after"); s != "" {
		if page.After, err = incidents.ParseDeliveryID(s); err != nil {
			return nil, err
		}
	}
	list, err := a.Desk.Doubts(c.ctx, c.actor, page)
	if err != nil {
		return nil, err
	}
	return paged(views(list, viewDelivery), limit, func(d deliveryView) string { return d.ID }), nil
}

func (a api) settleDoubt(c *call) (any, error) {
	var in struct {
		State  incidents.DeliveryState `json:"state"`
		Reason string                  `json:"reason"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	id, err := incidents.ParseDeliveryID(c.vars["delivery"])
	if err != nil {
		return nil, err
	}
	if in.State != incidents.Cancelled {
		return nil, a.Desk.SettleDoubt(c.ctx, c.actor, id, in.State, in.Reason)
	}
	got, err := a.Desk.SettleDoubts(c.ctx, c.actor, id.Notice, []incidents.DeliveryID{id}, in.State, in.Reason)
	if err != nil {
		return nil, err
	}
	if got.Done == 0 {
		return nil, incidents.Conflict("%s", got.Left[0].Why)
	}
	return viewSettled(got), nil
}

// A settledView is incidents.DoubtsSettled in the API's spelling.
type settledView struct {
	Done     int           `json:"done"`
	Left     []leftOutView `json:"left"`
	GivingUp string        `json:"giving_up,omitempty"` // waits for a second person
}

type leftOutView struct {
	Delivery string `json:"delivery"`
	Why      string `json:"why"`
}

func viewSettled(s incidents.DoubtsSettled) settledView {
	left := views(s.Left, func(l incidents.DoubtLeft) leftOutView { return leftOutView{l.ID.String(), l.Why} })
	return settledView{s.Done, some(left), s.Asked}
}

// settleDoubts is one decision on several deliveries.
func (a api) settleDoubts(c *call) (any, error) {
	var in struct {
		Deliveries []string                `json:"deliveries"`
		State      incidents.DeliveryState `json:"state"`
		Reason     string                  `json:"reason"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	n, err := a.noticeOf(c, c.vars["notice"])
	if err != nil {
		return nil, err
	}
	ids := make([]incidents.DeliveryID, len(in.Deliveries))
	for i, s := range in.Deliveries {
		if ids[i], err = incidents.ParseDeliveryID(s); err != nil {
			return nil, err
		}
	}
	got, err := a.Desk.SettleDoubts(c.ctx, c.actor, n.No, ids, in.State, in.Reason)
	return viewSettled(got), err
}

func (a api) withdrawGivingUp(c *call) (any, error) {
	return nil, a.Desk.WithdrawGivingUp(c.ctx, c.actor, c.vars["id"])
}
