package regulators

import (
	"sync/atomic"
	"time"

	"tocsin/incidents"
)

// A Holder is the pack that holds now, with the reports made from it. After a
// Swap whoever asks next is answered by the new pack; a judgement that has begun
// ends by the pack it began with. It is safe for concurrent use.
type Holder struct {
	now     atomic.Pointer[held]
	refused atomic.Pointer[string]
}

type held struct {
	pack    *Pack
	reports *Reports
}

var (
	_ incidents.Rules    = (*Holder)(nil)
	_ incidents.Reporter = (*Holder)(nil)
)

// Hold begins with a pack and the reports made from it.
func Hold(p *Pack, r *Reports) *Holder {
	h := &Holder{}
	h.Swap(p, r)
	return h
}

// Swap puts another pack in place of the present one.
func (h *Holder) Swap(p *Pack, r *Reports) { h.now.Store(&held{p, r}) }

// Refuse keeps why a newer pack was not taken up; empty: there is none.
func (h *Holder) Refuse(reason string) { h.refused.Store(&reason) }

// Refused is why a newer pack was not taken up.
func (h *Holder) Refused() string {
	if r := h.refused.Load(); r != nil {
		return *r
	}
	return ""
}

// Pack is the present pack. Who asks it more than one question keeps it.
func (h *Holder) Pack() *Pack { return h.now.Load().pack }

// Version names the present pack.
func (h *Holder) Version() string { return h.Pack().Version() }

// Assess judges by the present pack.
func (h *Holder) Assess(f incidents.Facts, at time.Time) (incidents.Assessment, error) {
	return h.Pack().Assess(f, at)
}

// Risk says by the present pack what the incident can mean for each group of people.
func (h *Holder) Risk(f incidents.Facts, list map[incidents.PersonKind]int64) incidents.RiskStatement {
	return h.Pack().Risk(f, list)
}

// Fill makes a report by the present pack.
func (h *Holder) Fill(form string, phase incidents.ReportPhase, in incidents.Incident, f incidents.Facts, o incidents.Obligation, prev *incidents.ReportContent) (incidents.ReportContent, error) {
	return h.now.Load().reports.Fill(form, phase, in, f, o, prev)
}

// Render writes a report.
func (h *Holder) Render(format string, c incidents.ReportContent, m incidents.ReportMeta) ([]byte, error) {
	return h.now.Load().reports.Render(format, c, m)
}

// Question is what an open field of a report asks.
func (h *Holder) Question(c incidents.ReportContent, f incidents.ReportField) string {
	return h.now.Load().reports.Question(c, f)
}

// Note says what a form is and is not.
func (h *Holder) Note(form string) string { return h.now.Load().reports.Note(form) }

// StyleSource is what a policy must allow for the style of rendered reports.
func (h *Holder) StyleSource() string { return h.now.Load().reports.StyleSource() }
