package web

import (
	"errors"
	"strconv"

	"tocsin/incidents"
)

type personPage struct {
	incidentFrame
	Person  incidents.MaskedPerson
	Notices []personNotice
	Shown   []shownField // only right after a person with the right asked for it
	Reason  string
	Why     string // of an exclusion: its reason as chosen, and its note
	Note    string
	Reasons []incidents.Option
	Flags   []string
}

type personNotice struct {
	incidents.Notice
	Deliveries []incidents.Delivery
}

// A shownField is one line of a person's data, asked for with a reason.
type shownField struct{ Name, Value string }

func (c *console) personView(p *page) (v personPage, err error) {
	f, d, err := c.incidentFrame(p, "people")
	if err != nil {
		return v, err
	}
	seq, err := strconv.ParseInt(p.vars["seq"], 10, 64)
	if err != nil || seq < 1 {
		return v, incidents.NotFound("there is no such person on the list")
	}
	list, err := c.Desk.Persons(p.r.Context(), p.actor, d.Incident.ID, incidents.PersonPage{After: seq - 1, Limit: 1})
	if err != nil {
		return v, err
	}
	if len(list) == 0 || list[0].Person.Seq != seq {
		return v, incidents.NotFound("there is no such person on the list")
	}
	v = personPage{incidentFrame: f, Person: list[0], Reason: p.form("reason"), Reasons: incidents.ExclusionReasons, Flags: flagsOf(list[0].Person.Flags)}
	v.Title = "Person " + strconv.FormatInt(seq, 10) + " of " + d.Incident.Ref
	for _, n := range d.Notices {
		if n.ReleasedAt == nil {
			continue
		}
		got, err := c.Desk.PersonDeliveries(p.r.Context(), p.actor, n.No, seq)
		if err != nil {
			return v, err
		}
		v.Notices = append(v.Notices, personNotice{n, got})
	}
	return v, nil
}

func flagsOf(flags int) (out []string) {
	for _, x := range []struct {
		bit  int
		name string
	}{{incidents.FlagChild, "under 14"}, {incidents.FlagMinor, "under 18"}, {incidents.FlagDeceased, "deceased"}, {incidents.FlagGuardian, "a guardian or representative is known"}, {incidents.FlagSensitive, "sensitive data"}} {
		if flags&x.bit != 0 {
			out = append(out, x.name)
		}
	}
	return out
}

func (c *console) person(p *page) error {
	v, err := c.personView(p)
	if err != nil {
		return err
	}
	return c.show(p, "person", v)
}

// unmaskPerson shows one person's data once. That it was asked for, and why,
// is written down before anything is shown.
func (c *console) unmaskPerson(p *page) error {
	v, err := c.personView(p)
	if err != nil {
		return err
	}
	x, err := c.Desk.Unmask(p.r.Context(), p.actor, v.Person.Person.ID, p.form("reason"))
	if err != nil {
		return c.again(p, err, "person", &v)
	}
	for _, f := range []shownField{{"Id on the list", x.Ref}, {"Name", x.Name}, {"Name in Latin letters", x.NameLatin}, {"Email", x.Email}, {"Telephone", x.Phone}, {"Address", x.Address},
		{"Born", x.Birth}, {"Guardian", x.Guardian}, {"Guardian reached by", x.GuardianTo}, {"Time zone", x.Zone}, {"Note", x.Note}} {
		if f.Value != "" {
			v.Shown = append(v.Shown, f)
		}
	}
	if len(v.Shown) == 0 {
		v.Shown = []shownField{{"Data", "erased"}}
	}
	return c.show(p, "person", v)
}

// excludePerson takes a person out of sending with a reason, or back in.
func (c *console) excludePerson(p *page) error {
	v, err := c.personView(p)
	if err != nil {
		return err
	}
	v.Reason, v.Why, v.Note = "", v.Reason, p.form("note")
	said := "Taken out of sending. Notices that waited for approval have to be submitted again."
	if p.form("do") == "back" {
		said = "Taken back into sending. Notices that waited for approval have to be submitted again."
		err = c.Desk.IncludePerson(p.r.Context(), p.actor, v.Person.Person.ID, p.form("note"))
	} else {
		err = c.Desk.ExcludePerson(p.r.Context(), p.actor, v.Person.Person.ID, incidents.ExclusionReason(p.form("reason")), p.form("note"))
	}
	if err != nil {
		var e *incidents.Error
		if errors.As(err, &e) && e.Field == "reason" {
			err = e.On("exclude") // the page has two reasons
		}
		return c.again(p, err, "person", &v)
	}
	return c.redirect(p, personPath(v.In.Ref, v.Person.Person.Seq), said)
}
