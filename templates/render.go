package templates

import (
	"encoding/json"
	"strings"

	"tocsin/incidents"
)

// Rendered is one message to one person. Only the fields of its channel are set.
type Rendered struct {
	Lang    incidents.Lang
	Subject string // email
	Text    string // email
	HTML    string // email
	SMS     string
	Title   string // push
	Body    string // push
	Letter  *Letter
	// Filled is an e-mail that is not put together yet; see Compiled.Fill.
	Filled *Filled
	Spoken Spoken // phone
}

// Spoken is what a call says, in its parts.
type Spoken struct {
	Hello  string // who calls, and that a key is to be pressed; nothing of the matter
	Notice string // said once the key was pressed
	Again  string // stands between the first time and the second
	Bye    string
}

// String is the call as it is heard, a paragraph for each part.
func (s Spoken) String() string {
	if s.Notice == "" {
		return ""
	}
	return s.Hello + "\n\n" + s.Notice + "\n\n" + s.Again + "\n\n" + s.Bye
}

// Limits no message may pass: what the SMS gateways take, and what the push
// services take less room for the envelope.
const (
	maxSMSRunes  = 1600
	maxPushBytes = 3584 // of a payload of 4096
)

// Match returns the language a person who wants want is written to.
func (c *Compiled) Match(want incidents.Lang) incidents.Lang { return c.matcher.match(want) }

// Render makes the message for one person. The error of a missing or unusable
// value names the slot, never the value.
func (c *Compiled) Render(ch incidents.Channel, lang incidents.Lang, p Slots) (Rendered, error) {
	v, needs, err := c.channel(ch, lang)
	if err != nil {
		return Rendered{}, err
	}
	var vals values
	if err := c.resolve(&p, needs, ch == incidents.Email, &vals); err != nil {
		return Rendered{}, err
	}
	out := Rendered{Lang: v.lang}
	switch ch {
	case incidents.Email:
		out.Subject, out.Text, out.HTML = v.subject.render(&vals), v.text.render(&vals), v.html.render(&vals)
	case incidents.SMS:
		out.SMS = v.sms.render(&vals)
		if len(out.SMS) > maxSMSRunes && len([]rune(out.SMS)) > maxSMSRunes {
			return Rendered{}, incidents.Invalid("the SMS is longer than %d characters", maxSMSRunes)
		}
	case incidents.Push:
		out.Title, out.Body = v.title.render(&vals), v.body.render(&vals)
		if pushBytes(out.Title, out.Body) > maxPushBytes {
			return Rendered{}, incidents.Invalid("the push message is larger than %d bytes", maxPushBytes)
		}
	case incidents.Letter:
		out.Letter = v.letter.render(&vals)
	case incidents.Phone:
		out.Spoken = Spoken{Hello: v.hello.render(&vals), Notice: v.voice.render(&vals), Again: v.again, Bye: v.bye}
	}
	return out, nil
}

func (c *Compiled) resolve(p *Slots, needs slotMask, html bool, vals *values) error {
	if err := p.resolve(needs, html, vals); err != nil {
		return err
	}
	if !needs.has(SlotVerifyURL) {
		return nil
	}
	address := vals.plain[SlotVerifyURL]
	page, query, _ := strings.Cut(address, "?")
	if ok := c.pageOK.Load(); ok != nil && *ok == page && !strings.ContainsAny(query, unsafeInAddress) {
		return nil
	}
	if err := c.org.checkVerifyURL(address); err != nil {
		return err
	}
	c.pageOK.Store(&page)
	return nil
}

// channel finds the text for a channel in the language matching lang.
func (c *Compiled) channel(ch incidents.Channel, lang incidents.Lang) (*variant, slotMask, error) {
	v := c.langs[c.matcher.match(lang)]
	switch {
	case ch == incidents.Email && v.hasEmail:
		return v, v.emailNeeds, nil
	case ch == incidents.SMS && v.hasSMS:
		return v, v.smsNeeds, nil
	case ch == incidents.Push && v.hasPush:
		return v, v.pushNeeds, nil
	case ch == incidents.Letter && v.hasEmail: // a letter has the words of the e-mail
		return v, v.letter.needs, nil
	case ch == incidents.Phone && v.hasVoice:
		return v, v.voiceNeeds, nil
	}
	return nil, 0, incidents.Invalid("the notice has no complete text for %s in %s", ch, v.lang).On(string(v.lang) + "/" + string(ch))
}

// pushBytes is the size of title and body as JSON.
func pushBytes(title, body string) int {
	b, err := json.Marshal([2]string{title, body})
	if err != nil {
		return maxPushBytes + 1
	}
	return len(b)
}
