package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"
	"github.com/gorilla/mux"

	"tocsin/incidents"
	"tocsin/internal/account"
)

// calendarRoute is the address of a calendar. Its secret is all a reader has
// to show: programs that read calendars know no cookies and no tokens.
const calendarRoute = "/calendar/{secret}.ics"

// calendar answers the calendar of deadlines of one person (RFC 5545).
func (s *Server) calendar(r *mux.Router, c *console) {
	r.HandleFunc(calendarRoute, func(w http.ResponseWriter, r *http.Request) {
		body, err := s.calendarOf(r, mux.Vars(r)["secret"])
		if err != nil {
			pr := c.problemOf(r, err)
			if pr.Status == http.StatusServiceUnavailable {
				w.Header().Set("Retry-After", "60")
			}
			plain(w, pr.Status, strings.TrimSpace(pr.Msg+" "+pr.Hint)+"\n")
			return
		}
		sum := sha256.Sum256(body)
		h := w.Header()
		h.Set("Content-Type", "text/calendar; charset=utf-8")
		h.Set("Cache-Control", "private, no-cache") // it may be kept, and is asked for again each time
		h.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	}).Methods(methods(http.MethodGet)...)
}

func (s *Server) calendarOf(r *http.Request, secret string) ([]byte, error) {
	who, token, err := s.Accounts.Calendar(r.Context(), secret)
	if err != nil {
		return nil, err
	}
	duties, err := s.Desk.Calendar(r.Context(), who)
	if err != nil {
		return nil, err
	}
	return writeCalendar(duties, token, strings.TrimSuffix(s.InsideURL, "/"))
}

// writeCalendar is a pure function: the same duties are the same bytes, whenever
// they are asked for. It names nobody: titles of incidents stay out, for people write them.
func writeCalendar(duties []incidents.CalendarDuty, token account.Token, console string) ([]byte, error) {
	cal := ics.NewCalendarFor("Tocsin")
	cal.SetProductId("-//Tocsin//Deadlines//EN")
	cal.SetCalscale("GREGORIAN")
	cal.SetXWRCalName("Tocsin deadlines")
	cal.SetRefreshInterval("PT1H", ics.WithValue("DURATION"))
	cal.SetXPublishedTTL("PT1H")
	cal.AddVEvent(addressEnds(token, console))
	for _, d := range duties {
		cal.AddVEvent(eventOf(d, console))
	}
	var b bytes.Buffer
	err := cal.SerializeTo(&b, ics.WithNewLineWindows)
	return b.Bytes(), err
}

// addressEnds tells in good time that the address ends: a calendar that stops
// in silence looks like one without deadlines.
func addressEnds(t account.Token, console string) *ics.VEvent {
	e := ics.NewEvent(uid("address", t.ID))
	e.SetDtStampTime(t.CreatedAt)
	e.SetStartAt(t.ExpiresAt)
	e.SetSummary("Tocsin: the address of this calendar ends")
	e.SetDescription("Make a new address at the console, under “Your calendar”. From then on this one shows nothing new.")
	e.SetURL(console + "/calendar")
	e.SetTimeTransparency(ics.TransparencyTransparent)
	alarm(e, "-P14D", "The address of this calendar ends in 14 days")
	return e
}

// eventOf is one duty at its due time. What is over is cancelled, so that
// programs which keep what they once read strike it out.
func eventOf(d incidents.CalendarDuty, console string) *ics.VEvent {
	e := ics.NewEvent(uid("duty", string(d.Incident.ID), d.Duty.ID))
	e.SetDtStampTime(d.Entry.At)
	e.SetModifiedAt(d.Entry.At)
	e.SetSequence(d.Entry.Seq)
	e.SetStartAt(d.Entry.Due)
	mark, over := modeWord(d.Incident.Mode), d.Over()
	title := mark + " " + d.Incident.Ref + ": " + line(d.Duty.Title) + " (" + line(d.Duty.Law) + ")"
	if d.Duty.Soft {
		title += ", our target"
	}
	status := ics.ObjectStatusConfirmed
	if over != "" {
		title, status = strings.ToUpper(over[:1])+over[1:]+": "+title, ics.ObjectStatusCancelled
	}
	e.SetSummary(title)
	e.SetDescription(descriptionOf(d))
	e.SetURL(console + "/incidents/" + d.Incident.Ref + "/obligations")
	e.SetStatus(status)
	e.SetTimeTransparency(ics.TransparencyTransparent) // a deadline makes nobody busy
	e.AddCategory(mark)
	if d.Duty.Soft {
		e.AddCategory("our target")
	}
	if over == "" {
		alarm(e, "-P1D", "In 1 day: "+title)
		alarm(e, "-PT2H", "In 2 hours: "+title)
	}
	return e
}

func alarm(e *ics.VEvent, trigger, text string) {
	a := e.AddAlarm()
	a.SetAction(ics.ActionDisplay)
	a.SetTrigger(trigger)
	a.SetDescription(text)
}

func modeWord(m incidents.Mode) string {
	if m == incidents.Drill {
		return "DRILL"
	}
	return "LIVE"
}

func descriptionOf(d incidents.CalendarDuty) string {
	var out []string
	add := func(label, text string) {
		if text = line(text); text != "" {
			out = append(out, label+text)
		}
	}
	if d.Incident.Mode == incidents.Drill {
		add("", "This is a drill: nothing here is real.")
	}
	if over := d.Over(); over != "" {
		add("", "No longer to be done: "+over+".")
	}
	add("Law: ", d.Duty.Law)
	add("Citation: ", d.Duty.Citation)
	add("To: ", d.Duty.Authority)
	add("Place: ", string(d.Duty.Place))
	if d.Duty.Soft {
		add("", "The time is our target; the law gives no number.")
	}
	add("The law's words: ", d.Duty.Qualifier)
	add("Worked out: ", d.Duty.Arithmetic)
	add("", "Tocsin informs; counsel decides.")
	return strings.Join(out, "\n")
}

// line is text on one line: a calendar takes no control characters.
func line(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// uid names an event for ever, and gives nothing away.
func uid(parts ...string) string {
	for i, p := range parts {
		parts[i] = strconv.Quote(p)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, " ")))
	return hex.EncodeToString(sum[:16]) + "@tocsin"
}
