package incidents

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Means is a way to tell people who are not told each by themselves, or whom
// a notice did not reach.
type Means string

// The means the law names.
const (
	MeansPublic    Means = "public"       // any public communication that informs equally well
	MeansWebsite   Means = "website"      // a conspicuous posting on our website
	MeansMedia     Means = "media"        // major print or broadcast media
	MeansEmail     Means = "email"        // e-mail to those whose address is known
	MeansDesk      Means = "inquiry_desk" // publication with a desk that answers questions
	MeansWritten   Means = "written"      // another form of written notice to each person
	MeansTelephone Means = "telephone"    // calling each person
	MeansOther     Means = "other"        // other means that reach each person
)

var meansLabels = map[Means]string{
	MeansPublic: "a public communication", MeansWebsite: "a conspicuous posting on the website", MeansMedia: "major print or broadcast media",
	MeansEmail: "e-mail where an address is known", MeansDesk: "publication and an inquiry desk", MeansWritten: "another written notice",
	MeansTelephone: "telephone", MeansOther: "other means",
}

// MeansLabel says a means in plain words; empty for one that is not known.
func MeansLabel(m Means) string { return meansLabels[m] }

// published tells whether an announcement of ours is this means.
func (m Means) published() bool { return m == MeansPublic || m == MeansWebsite || m == MeansDesk }

// shown tells whether it is told to everybody, and not person by person.
func (m Means) shown() bool { return m.published() || m == MeansMedia }

// A Substitute is one condition under which a law wants, or allows, another
// notice than one to each person, and what that notice is. Any one part of
// When is enough.
type Substitute struct {
	When    SubstituteWhen `json:"when"`
	By      []Means        `json:"by"`
	All     bool           `json:"all,omitempty"`     // every one of By, not any one
	Days    int            `json:"days,omitempty"`    // how long it stays up, in days of 24 hours from its publication; 0: no number
	Content []string       `json:"content,omitempty"` // what it must hold beside the notice's own content: keys of the vocabulary
	Text    string         `json:"text"`              // the law in plain words
	// Citation is where the condition is written; empty: where the rule is.
	Citation string `json:"citation,omitempty"`
	// Recalled tells that the condition was given from memory, and not read in a source.
	Recalled bool `json:"recalled,omitempty"`
}

// SubstituteWhen is when a substitute notice is due. Zero fields say nothing.
type SubstituteWhen struct {
	From        int64 `json:"unreachable_from,omitempty"` // at least so many persons cannot be reached,
	To          int64 `json:"unreachable_to,omitempty"`   // and at most so many; 0: no upper end
	CostOverUSD int64 `json:"cost_over_usd,omitempty"`    // telling each person would cost more, in whole US dollars
	PersonsOver int64 `json:"persons_over,omitempty"`     // more persons than this are to be told
	Hard        bool  `json:"hard,omitempty"`             // the team judged that telling each person is out of proportion or not possible
}

// Facts a substitute notice asks for.
const (
	costFact = "direct_notice_cost_usd"
	hardFact = "direct_notice_hard"
)

// A Substituting is the state of a task to give substitute notice.
type Substituting struct {
	Of         string `json:"of"` // the obligation it stands in for
	Substitute        // the condition that holds, or held last
	Rank       int    `json:"rank"`      // its place among the conditions of the rule
	Unreached  int64  `json:"unreached"` // persons who cannot be reached, as last counted
	// Below tells that the numbers have fallen under the threshold since: the
	// task stays until it is met, or waived by an officer.
	Below bool `json:"below,omitempty"`
	// Answered tells that the team's answers ask for it, and not people who cannot be reached.
	Answered  bool        `json:"answered,omitempty"`
	OpenedAt  time.Time   `json:"opened_at"` // or opened again
	Done      []MeansDone `json:"done,omitempty"`
	KeepUntil *time.Time  `json:"keep_until,omitempty"` // it must not be taken down before
}

// MeansDone is one means that was used.
type MeansDone struct {
	Means         Means          `json:"means"`
	At            time.Time      `json:"at"`
	Announcement  AnnouncementID `json:"announcement,omitempty"`
	Reference     string         `json:"reference,omitempty"` // where it can be found: paper and date, order number
	Receipt       FileID         `json:"receipt,omitempty"`
	ReceiptSHA256 string         `json:"receipt_sha256,omitempty"`
	Persons       int64          `json:"persons"` // not reached when it was done
	By            AccountID      `json:"by"`
	ByName        string         `json:"by_name"`
}

const substituteEnd = "/substitute"

// SubstituteID is the id of the task of an obligation.
func SubstituteID(obligation string) string { return obligation + substituteEnd }

// Published tells whether an announcement can meet the task, alone or in part.
func (s Substitute) Published() bool { return slices.ContainsFunc(s.By, Means.published) }

// Each tells whether the persons are told one by one, by other means.
func (s Substitute) Each() bool { return !slices.ContainsFunc(s.By, Means.shown) }

// Ways says the means in words.
func (s Substitute) Ways() string {
	words := make([]string, len(s.By))
	for i, m := range s.By {
		words[i] = MeansLabel(m)
	}
	if n := len(words); n > 1 {
		joint := " or "
		if s.All {
			joint = " and "
		}
		return strings.Join(words[:n-1], ", ") + joint + words[n-1]
	}
	return strings.Join(words, "")
}

// Words says the condition as the rule has it: "10 or more people cannot be reached".
func (w SubstituteWhen) Words() string {
	var out []string
	switch {
	case w.From == 1 && w.To == 0:
		out = append(out, "somebody cannot be reached with the contact data on file")
	case w.From > 0 && w.To == 0:
		out = append(out, fmt.Sprintf("%s or more people cannot be reached", grouped(w.From)))
	case w.From > 0:
		out = append(out, fmt.Sprintf("%s to %s people cannot be reached", grouped(w.From), grouped(w.To)))
	}
	if w.CostOverUSD > 0 {
		out = append(out, "telling each person would cost more than USD "+grouped(w.CostOverUSD))
	}
	if w.PersonsOver > 0 {
		out = append(out, "more than "+grouped(w.PersonsOver)+" people are to be told")
	}
	if w.Hard {
		out = append(out, "telling each person would take disproportionate effort or is not possible")
	}
	return strings.Join(out, ", or ")
}

func grouped(n int64) string {
	s := itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// A standing is what is known of telling the people of one obligation.
type standing struct {
	unreached    int64 // of its own people, over all its notices
	persons      int64
	cost         int64 // in US dollars; 0: no estimate
	hard, direct bool  // the team's judgement: too hard, or each is told directly
	released     bool  // a notice that answers it has left
}

// holds tells whether the condition holds, and says why with its numbers.
// What only stands in for telling each person says nothing once each is being
// told: then it counts who was not reached.
func (w SubstituteWhen) holds(s standing) (string, bool) {
	if w.counts(s.unreached) {
		return fmt.Sprintf("%s of its people cannot be reached; the rule: %s.", grouped(s.unreached), w.Words()), true
	}
	switch {
	case s.released || s.direct:
		return "", false
	case w.CostOverUSD > 0 && s.cost > w.CostOverUSD:
		return fmt.Sprintf("Telling each person would cost USD %s; the rule: %s.", grouped(s.cost), w.Words()), true
	case w.PersonsOver > 0 && s.persons > w.PersonsOver:
		return fmt.Sprintf("%s people are to be told; the rule: %s. If each will be told directly, answer “no” to whether that is too hard.", grouped(s.persons), w.Words()), true
	case w.Hard && s.hard:
		return "The team judged that telling each person is out of proportion or not possible; the rule: " + w.Words() + ".", true
	}
	return "", false
}

// counts tells whether so many persons who cannot be reached are enough alone.
func (w SubstituteWhen) counts(unreached int64) bool {
	return w.From > 0 && unreached >= w.From && (w.To == 0 || unreached <= w.To)
}

// due finds the strongest condition that holds; the later in the rule, the stronger.
func due(all []Substitute, s standing) (rank int, why string) {
	for i := len(all) - 1; i >= 0; i-- {
		if why, ok := all[i].When.holds(s); ok {
			return i, why
		}
	}
	return -1, ""
}

// substituteTask is the task as it opens. Its time is the obligation's own; its
// clock runs from now, so that the steps of the clock are those of this task.
func substituteTask(of ObligationState, rank int, why string, unreached int64, now time.Time) ObligationState {
	s := of.Substitutes[rank]
	o := ObligationState{IncidentID: of.IncidentID, Obligation: of.Obligation, FactsRev: of.FactsRev, Status: DutyOpen,
		Task: &Substituting{Of: of.ID, Rank: rank, OpenedAt: now}}
	o.ID, o.Substitutes, o.Report, o.Decides, o.StartFact = SubstituteID(of.ID), nil, "", nil, ""
	o.Start = &now
	o.Task.set(&o, of, s, why, unreached)
	return o
}

// set writes a condition and what follows from it into the task.
func (t *Substituting) set(o *ObligationState, of ObligationState, s Substitute, why string, unreached int64) {
	t.Substitute, t.Unreached, t.Below, t.Answered = s, unreached, false, !s.When.counts(unreached)
	if s.Citation != "" {
		o.Citation = s.Citation
	}
	o.Applies, o.Content, o.Audience = AppliesYes, slices.Clone(s.Content), AudienceIndividuals
	o.Title = "Substitute notice by " + s.Ways()
	if s.Published() {
		o.Audience = AudiencePublic
	} else if !s.Each() {
		o.Audience = AudienceMedia
	}
	o.Reasons = []string{why, "It stands in for “" + of.Title + "”: " + s.Text}
	if s.Recalled {
		o.Confidence = "recalled"
	}
	t.time(o, of)
}

// time takes the obligation's present due time over; another time is another
// clock. That the task is there was told already.
func (t *Substituting) time(o *ObligationState, of ObligationState) {
	if !sameTime(o.Due, of.Due) {
		o.Escalated, o.Told, o.TellAt = min(o.Escalated, stepOpened), min(o.Told, stepOpened), nil
	}
	o.Due, o.Soft, o.Length, o.Qualifier, o.Arithmetic = of.Due, of.Soft, of.Length, of.Qualifier, ""
	if of.Due != nil {
		o.Arithmetic = "due with “" + of.Title + "”: " + of.Arithmetic
	}
}

// met tells whether what was done is enough for who is not reached now: what
// was told person by person covers no more people than there were.
func (t *Substituting) met() bool {
	has := func(m Means) bool {
		return slices.ContainsFunc(t.Done, func(d MeansDone) bool {
			return d.Means == m && (m.shown() || t.Below || d.Persons >= t.Unreached)
		})
	}
	if !t.All {
		return slices.ContainsFunc(t.By, has)
	}
	return !slices.ContainsFunc(t.By, func(m Means) bool { return !has(m) })
}

// keep works out until when what was published has to stay.
func (t *Substituting) keep() *time.Time {
	if t.Days == 0 {
		return nil
	}
	var until *time.Time
	for _, d := range t.Done {
		if end := d.At.AddDate(0, 0, t.Days); d.Means.shown() && (until == nil || end.After(*until)) {
			until = &end
		}
	}
	return until
}
