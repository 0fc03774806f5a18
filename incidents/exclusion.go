package incidents

import (
	"context"
	"slices"
	"strings"
)

// An ExclusionReason says why a person is taken out of sending: one of a small
// fixed set, so that a reconciliation can count by it.
type ExclusionReason string

// The reasons a responder may give. What else the person who excludes has to
// say is a note beside it.
const (
	ExcludedSafety      ExclusionReason = "safety"
	ExcludedTold        ExclusionReason = "told"
	ExcludedNotAffected ExclusionReason = "not_affected"
	ExcludedDuplicate   ExclusionReason = "duplicate"
	ExcludedTest        ExclusionReason = "test"
	ExcludedAsked       ExclusionReason = "asked"
	ExcludedOther       ExclusionReason = "other"
)

// ExclusionReasons lists the reasons with what each is called.
var ExclusionReasons = options(
	string(ExcludedSafety), "Telling this person in this way could endanger them",
	string(ExcludedTold), "Told in another way",
	string(ExcludedNotAffected), "Not affected after all",
	string(ExcludedDuplicate), "On the list twice",
	string(ExcludedTest), "A test record, no person",
	string(ExcludedAsked), "Asked not to be written to",
	string(ExcludedOther), "Another reason, see the note",
)

// Why nothing is sent to a person whom nobody excluded by hand: the reasons of
// suppressed deliveries that a plan writes.
const (
	BarredErased     = "erased"
	BarredDeceased   = "deceased"
	BarredOnList     = "excluded on the list"
	BarredNoGuardian = "no guardian is known"
)

// ExclusionLabel says a reason of the fixed set, or of a plan, in plain words.
// A reason of neither was written before there was a set and stands as it is.
func ExclusionLabel(reason string) string {
	switch reason {
	case BarredErased:
		return "Their data was erased"
	case BarredDeceased:
		return "Has died"
	case BarredOnList:
		return "Excluded on the list"
	case BarredNoGuardian:
		return "A minor, and no guardian is known"
	}
	for _, o := range ExclusionReasons {
		if o.Value == reason {
			return o.Label
		}
	}
	return reason
}

// An Exclusion is how many persons of a notice nothing is sent to, for one reason.
type Exclusion struct {
	Reason string `json:"reason"`
	Label  string `json:"label"`
	N      int64  `json:"n"`
}

func checkExclusion(r ExclusionReason, note string) error {
	if !slices.ContainsFunc(ExclusionReasons, func(o Option) bool { return o.Value == string(r) }) {
		codes := make([]string, len(ExclusionReasons))
		for i, o := range ExclusionReasons {
			codes[i] = o.Value
		}
		return Invalid("choose why the person is excluded").On("reason").WithHint("one of %s; say the rest in the note", strings.Join(codes, ", "))
	}
	if r == ExcludedOther && len(strings.TrimSpace(note)) < 3 {
		return Invalid("say what the other reason is, in a few words").On("note")
	}
	if len(note) > 2000 {
		return Invalid("keep the note under 2,000 characters").On("note")
	}
	return nil
}

// ExcludePerson takes one person out of sending, with a reason of the fixed set
// and a note. What waits to leave for them is suppressed; the approvals that
// wait are void, because they covered the list as it was.
func (d *Desk) ExcludePerson(ctx context.Context, a Actor, id PersonID, reason ExclusionReason, note string) error {
	if err := checkExclusion(reason, note); err != nil {
		return err
	}
	return d.setExcluded(ctx, a, id, reason, strings.TrimSpace(note), "person.excluded", "Excluded one person from sending: "+ExclusionLabel(string(reason))+".")
}

// IncludePerson takes a person back into sending, and says why.
func (d *Desk) IncludePerson(ctx context.Context, a Actor, id PersonID, why string) error {
	if err := reasonGiven(why); err != nil {
		return err
	}
	return d.setExcluded(ctx, a, id, "", strings.TrimSpace(why), "person.included", "Took one person back into sending.")
}

func (d *Desk) setExcluded(ctx context.Context, a Actor, id PersonID, reason ExclusionReason, note, name, line string) error {
	return d.write(ctx, a, ActPersons, func(tx Tx) error {
		p, err := tx.Person(id)
		if err != nil {
			return err
		}
		if (p.Excluded == "") == (reason == "") && p.Excluded == string(reason) {
			return Conflict("this is how the person stands already")
		}
		if p.Excluded == BarredErased {
			return Conflict("the person's data was erased: nothing can be sent to them")
		}
		kept := note
		if reason == "" {
			kept = ""
		}
		if err := tx.SetExcluded(id, string(reason), kept); err != nil {
			return err
		}
		if _, err := d.voidNotices(tx, p.IncidentID, "the list changed"); err != nil {
			return err
		}
		if err := d.record(tx, a, event{name: name, incident: p.IncidentID, subject: string(id), line: line, quote: note, data: map[string]string{"reason": string(reason)}}); err != nil {
			return err
		}
		return d.recount(tx, p.IncidentID)
	})
}
