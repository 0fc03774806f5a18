package web

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/incidents"
)

// A spendRow is what an incident has spent on a channel that has a cap.
type spendRow struct {
	incidents.Spend
	Asked *incidents.CapRaise // waits for an officer
}

// spendRows lists the capped channels of a notice.
func (c *console) spendRows(p *page, n incidents.Notice) (out []spendRow, err error) {
	if n.Content.Mode != incidents.Live {
		return nil, nil
	}
	spends, raises, err := c.Desk.Spends(p.r.Context(), p.actor, n.IncidentID)
	for _, s := range spends {
		if !slices.Contains(n.Content.Channels(), s.Channel) {
			continue
		}
		row := spendRow{Spend: s}
		for i, r := range raises {
			if r.Channel == s.Channel && r.Status == "asked" {
				row.Asked = &raises[i]
			}
		}
		out = append(out, row)
	}
	return out, err
}

// Said is what was used of the cap, in words: what the cap counts, none too.
func (r spendRow) Said() string {
	var words []string
	if r.Cap.Messages > 0 {
		words = append(words, num(r.Messages)+" messages")
	}
	if r.Cap.Money > 0 {
		words = append(words, num(r.Money/100)+fmt.Sprintf(".%02d ", r.Money%100)+r.Currency)
	}
	return strings.Join(words, " and ") + " used"
}

// Limit is the cap, in words.
func (r spendRow) Limit() string { return r.Cap.Text(r.Currency) }

// askCapRaise asks an officer to raise a spend cap.
func (c *console) askCapRaise(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	var to incidents.SpendCap
	for key, into := range map[string]*int64{"messages": &to.Messages, "money": &to.Money} {
		if p.form(key) != "" && err == nil {
			*into, err = p.number(key)
		}
	}
	if err == nil {
		_, err = c.Desk.AskCapRaise(p.r.Context(), p.actor, n.IncidentID, incidents.Channel(p.form("channel")), to, p.form("because"))
	}
	return c.backToDelivery(p, n, "Asked. Somebody else has to confirm it, under Approvals.", err)
}
