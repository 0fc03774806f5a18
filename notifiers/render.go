package notifiers

import (
	"context"
	"net/url"

	"tocsin/incidents"
	"tocsin/templates"
)

// A job is one approved notice made ready to send.
type job struct {
	notice incidents.ApprovedNotice
	words  *templates.Compiled
	set    *Set
	ref    string
}

// job compiles a notice once per content.
func (d *Dispatcher) job(ctx context.Context, an incidents.ApprovedNotice) (*job, error) {
	if !an.Valid() {
		return nil, incidents.Forbidden("a notice without approval cannot be sent")
	}
	n := an.Notice()
	ref, err := d.Ref(ctx, n.IncidentID)
	if err != nil {
		return nil, err
	}
	j := &job{notice: an, ref: ref, set: d.Live}
	if n.Content.Mode == incidents.Drill {
		j.set = d.Drill
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if j.words = d.compiled[n.Hash]; j.words != nil {
		return j, nil
	}
	if j.words, err = d.Book.Compile(n.Content); err != nil {
		return nil, err
	}
	if len(d.compiled) > 64 {
		clear(d.compiled)
	}
	d.compiled[n.Hash] = j.words
	return j, nil
}

// render opens one person's data and makes the message, sealed to its address.
func (d *Dispatcher) render(ctx context.Context, j *job, c incidents.Claimed) (Message, error) {
	n := j.notice.Notice()
	id := c.Delivery.ID
	if c.Person.Mode != n.Content.Mode || c.Person.IncidentID != n.IncidentID || c.Person.Seq != id.Seq || id.Notice != n.No {
		return Message{}, incidents.Forbidden("delivery %s and its person do not belong together", id)
	}
	who, err := d.Opener.OpenContact(ctx, c.Person)
	if err != nil {
		return Message{}, misstep{"open the sealed contact", err}
	}
	code := d.Codes.Code(id.Notice, id.Seq)
	lang := j.words.Match(c.Person.Lang)
	reader := incidents.ReaderOf(c.Person.Flags)
	words, err := j.words.For(reader)
	if err != nil {
		return Message{}, misstep{"choose the words for the reader", err}
	}
	text, err := j.text(words, id.Channel, lang, templates.Slots{Name: who.Name, Data: d.Book.DataWords(lang, n.Content.DataOf(who.Categories)),
		Code: code, Ref: j.ref, VerifyURL: d.Verify + "?code=" + url.QueryEscape(code), Org: "", EndDate: n.Content.EndDate})
	if err != nil {
		return Message{}, misstep{"fill the words", err}
	}
	to := addressee(who, reader)
	m := Message{Delivery: id, Attempt: c.Delivery.Attempts, Mode: n.Content.Mode, Name: to.Name, Code: code, NoticeID: n.ID, Zone: who.Zone, Text: text}
	switch id.Channel {
	case incidents.Email:
		m.To = to.Email
	case incidents.SMS, incidents.Phone:
		m.To = to.Phone
	case incidents.Push:
		m.To, m.Name = to.PushToken, ""
	case incidents.Letter:
		m.To = postalAddress(to, c.Person.Place, d.Home)
	}
	if m.To == "" {
		return Message{}, incidents.Invalid("the person has no address for %s", id.Channel)
	}
	if e := j.set.encoder(id.Channel); e != nil {
		if err := m.write(e, c.First); err != nil {
			return Message{}, misstep{"write the message as it is sent", err}
		}
	}
	m.Seal(d.Key)
	return m, nil
}

// text is what a person is told: for a channel that writes the message itself
// the form and its values, else the texts.
func (j *job) text(words *templates.Compiled, c incidents.Channel, lang incidents.Lang, p templates.Slots) (templates.Rendered, error) {
	if c == incidents.Email && j.set.encoder(c) != nil {
		return words.Fill(lang, p)
	}
	return words.Render(c, lang, p)
}
