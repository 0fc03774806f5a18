package web

import "tocsin/incidents"

// Undecided tells that a first wave did not pass and nobody has decided yet.
func (v progressView) Undecided() bool {
	return v.Wave != nil && v.Wave.State == incidents.WaveStopped && v.Notice.Status == incidents.NoticeHeld
}

// passFirstWave lets a notice go on whose first wave did not pass. The code
// proves the second factor again.
func (c *console) passFirstWave(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	if err = c.stepUp(p); err == nil {
		err = c.Desk.PassFirstWave(p.r.Context(), p.actor, n.ID, p.form("wave_reason"))
	}
	return c.backToDelivery(p, n, "It goes on. Your decision is written down.", err)
}

// passFirstWave is the same decision over the API.
func (a api) passFirstWave(c *call) (any, error) {
	why, err := c.reason()
	if err != nil {
		return nil, err
	}
	actor, err := a.steppedUp(c)
	if err != nil {
		return nil, err
	}
	id, err := a.noticeID(c)
	if err != nil {
		return nil, err
	}
	return nil, a.Desk.PassFirstWave(c.ctx, actor, id, why)
}
