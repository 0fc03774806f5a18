package twilio

import (
	"context"
	"strconv"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"tocsin/incidents"
)

// A Call is one telephone call to be made.
type Call struct {
	To       string
	Script   string        // TwiML, carried out once somebody answers
	Callback string        // where status and answering machines are reported
	Ring     time.Duration // how long it may ring
	Longest  time.Duration // after that Twilio ends it
}

// PlaceCall asks for one call. Answering machines are recognised beside the
// call, not before it: a person hears who calls at once, and the script holds
// nothing a machine may not record. The call is not recorded.
func (c *Client) PlaceCall(ctx context.Context, x Call) incidents.Receipt {
	k, svc, end := c.call(ctx)
	defer end()
	p := (&api.CreateCallParams{}).SetTo(x.To).SetFrom(c.o.From).SetTwiml(x.Script).SetRecord(false).
		SetTimeout(int(x.Ring.Seconds())).SetTimeLimit(int(x.Longest.Seconds()))
	if x.Callback != "" {
		p.SetStatusCallback(x.Callback).SetStatusCallbackEvent([]string{"initiated", "answered", "completed"}).
			SetMachineDetection("Enable").SetAsyncAmd("true").SetAsyncAmdStatusCallback(x.Callback)
	}
	made, err := svc.CreateCall(p)
	if err != nil {
		return k.outcome(err)
	}
	if made.Sid == nil || *made.Sid == "" {
		return incidents.Receipt{Outcome: incidents.OutcomeDoubt, Reason: "Twilio's answer names no call"}
	}
	return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: *made.Sid, Code: strconv.Itoa(k.status)}
}

// FindCalls lists the calls to a number that began within a time, by their
// sids. A call that still waits has no start yet, and Twilio's filter is by the
// day, so the list is read without a filter and the time compared here: the
// start of a call, else when it was asked for.
func (c *Client) FindCalls(ctx context.Context, to string, from, until time.Time) (sids []string, err error) {
	_, svc, end := c.call(ctx)
	defer end()
	list, err := svc.ListCall((&api.ListCallParams{}).SetTo(to).SetPageSize(200).SetLimit(200))
	if err != nil {
		return nil, incidents.Unavailable("Twilio cannot be asked what became of a call")
	}
	for _, x := range list {
		if x.Sid != nil && beganWithin(x, from, until) {
			sids = append(sids, *x.Sid)
		}
	}
	return sids, nil
}

// beganWithin compares to the second; a call whose times cannot be read counts,
// so that a person looks at it.
func beganWithin(x api.ApiV2010Call, from, until time.Time) bool {
	for _, text := range []*string{x.DateCreated, x.StartTime} {
		if text == nil || *text == "" {
			continue
		}
		at, err := time.Parse(time.RFC1123Z, *text)
		return err != nil || at.Unix() >= from.Unix() && !at.After(until)
	}
	return true
}
