package web

import (
	"fmt"
	"time"

	"tocsin/incidents"
)

// A noticeBar is the 30 full days of a termination on a time axis: when people
// are told, the last instant they can be told, and the end of the service.
type noticeBar struct {
	Desc                 string
	Days                 []axisDay
	NowX, LatestX, EndsX float64
	TellX, TellW         float64 // sending, 0 wide when it has not begun
	SpareX, SpareW       float64 // between the last person told and the latest instant
	Latest, Ends         string
	NowText, TellLabel   string
	Late                 bool
	EraseX               float64 // 0: not erased
}

const barLeft, barRight = 150.0, 1056.0

// noticeBarOf lays a termination out. n is its notice, or nil.
func noticeBarOf(t incidents.Termination, n *incidents.Notice, now time.Time) (b noticeBar, err error) {
	ends, err := t.EndsAt()
	if err != nil {
		return b, err
	}
	latest := ends.Add(-incidents.MinimumNotice)
	from, to := t.CreatedAt, ends.Add(4*24*time.Hour)
	if latest.Before(from) {
		from = latest
	}
	from = from.Add(-24 * time.Hour)
	if now.After(to) {
		to = now.Add(2 * 24 * time.Hour)
	}
	scale := (barRight - barLeft) / to.Sub(from).Seconds()
	x := func(at time.Time) float64 { return barLeft + at.Sub(from).Seconds()*scale }
	b = noticeBar{NowX: x(now), LatestX: x(latest), EndsX: x(ends), Latest: short(latest), Ends: short(ends), NowText: "Now " + now.UTC().Format("2 Jan"), TellLabel: "nobody is told yet"}
	told := now
	if n != nil && n.ReleasedAt != nil {
		b.TellX, b.TellLabel = x(*n.ReleasedAt), "being told"
		if n.DoneAt != nil {
			told, b.TellLabel = *n.DoneAt, "everybody told "+short(n.DoneAt)
		}
		b.TellW = max(x(told)-b.TellX, 3)
	}
	b.Late = told.After(latest)
	if !b.Late {
		b.SpareX, b.SpareW = x(told), x(latest)-x(told)
	}
	if t.ErasedAt != nil {
		b.EraseX = x(*t.ErasedAt)
	}
	step := 7 * 24 * time.Hour
	for d := from.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour); d.Before(to); d = d.Add(step) {
		b.Days = append(b.Days, axisDay{X: x(d), Label: d.Format("2 Jan"), Strong: d.Day() <= 7})
	}
	switch {
	case b.Late:
		b.Desc = fmt.Sprintf("The service ends %s. Everybody had to be told by %s; that is past.", utc(ends), utc(latest))
	case n == nil || n.DoneAt == nil:
		b.Desc = fmt.Sprintf("The service ends %s. Everybody has to be told by %s, 30 full days before: %s are left.", utc(ends), utc(latest), left(latest.Sub(now)))
	default:
		b.Desc = fmt.Sprintf("The service ends %s. Everybody was told by %s, %s before the latest instant.", utc(ends), utc(n.DoneAt), left(latest.Sub(told)))
	}
	return b, nil
}

// Points of the shapes, so that the template holds no arithmetic.
func (b noticeBar) FullW() float64 { return b.EndsX - b.LatestX }
func (b noticeBar) FlagX() float64 { return b.NowX - 38 }
func (b noticeBar) TellTextX() float64 {
	return max(b.TellX+b.TellW, b.NowX) + 8
}
