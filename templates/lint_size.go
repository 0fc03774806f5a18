package templates

import (
	"fmt"

	"tocsin/incidents"
)

// What phones and gateways bear.
const (
	smsWarn, smsMax   = 3, 6
	titleRunes        = 65
	bodyRunes         = 240
	maxPushLintMargin = 512 // room for longer values than the invented person's
)

// sizes measures the short messages as an invented person would get them. A
// drill is measured as the real thing would be: its mark is not part of the words.
func (l *linter) sizes(c incidents.Content, lang incidents.Lang) {
	w := c.Langs[lang]
	c.Langs = map[incidents.Lang]incidents.Words{lang: {SMS: w.SMS, PushTitle: w.PushTitle, PushBody: w.PushBody, Voice: w.Voice}}
	c.Default, c.Layout, c.Mode = lang, "", incidents.Live
	compiled, err := l.b.compile(c, true)
	if err != nil {
		return // the rule that explains it has said so
	}
	if c.Routes != nil { // the guardian's SMS has a mark before it
		if marked, err := compiled.For(incidents.ReaderGuardian); err == nil {
			compiled = marked
		}
	}
	slots := l.b.invented(lang, c)
	if r, err := compiled.Render(incidents.SMS, lang, slots); err == nil {
		l.smsSize(string(lang)+"/sms", MeasureSMS(r.SMS))
	} else if c.Langs[lang].SMS != "" {
		l.add("sms-length", levelError, string(lang)+"/sms", "the SMS cannot be made: "+err.Error(), "")
	}
	if r, err := compiled.Render(incidents.Push, lang, slots); err == nil {
		l.pushSize(string(lang)+"/push", r)
	} else if c.Langs[lang].PushBody != "" && c.Langs[lang].PushTitle != "" {
		l.add("push-length", levelError, string(lang)+"/push", "the push message cannot be made: "+err.Error(), "")
	}
	l.speaks(compiled, lang, slots, w.Voice)
}

func (l *linter) smsSize(where string, s SMSSize) {
	text := fmt.Sprintf("the SMS takes %d segments (%s, %d units)", s.Segments, s.Encoding, s.Units)
	switch {
	case s.Segments > smsMax:
		l.add("sms-length", levelError, where, text, fmt.Sprintf("shorten it to %d segments or fewer", smsMax))
	case s.Segments > smsWarn:
		l.add("sms-length", levelWarning, where, text, fmt.Sprintf("%d segments or fewer arrive more surely", smsWarn))
	}
}

func (l *linter) pushSize(where string, r Rendered) {
	if n := pushBytes(r.Title, r.Body); n > maxPushBytes-maxPushLintMargin {
		l.add("push-length", levelError, where, fmt.Sprintf("the push message takes %d bytes", n), "shorten it")
		return
	}
	if len([]rune(r.Title)) > titleRunes || len([]rune(r.Body)) > bodyRunes {
		l.add("push-length", levelWarning, where, "phones will cut the push message off", fmt.Sprintf("keep the title below %d and the text below %d characters", titleRunes, bodyRunes))
	}
}
