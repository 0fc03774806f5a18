package templates

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incidents"
)

// maxSpeech is how long a call may speak: who listens to a notice that was not
// asked for hangs up after that. It is said twice.
const maxSpeech = 90 * time.Second

// How fast voices speak: fifteen Latin letters or four Chinese characters a
// second, and a code character by character.
const (
	perLetter   = time.Second / 15
	perHan      = time.Second / 4
	perCodeSign = time.Second
)

// SpeechTime estimates how long a text takes to be said, with a code in it
// that is spelled sign by sign; code may be empty.
func SpeechTime(text, code string) time.Duration {
	var d time.Duration
	if code != "" {
		n := strings.Count(text, code)
		text = strings.ReplaceAll(text, code, "")
		d = time.Duration(n*utf8.RuneCountInString(code)) * perCodeSign
	}
	for _, r := range text {
		if wide(r) {
			d += perHan
		} else {
			d += perLetter
		}
	}
	return d
}

// markup is what a voice would read aloud as signs.
var markup = regexp.MustCompile(`<[/!a-zA-Z]|&[a-z#0-9]{2,8};|\*\*|^#+ |^- `)

// spoken keeps out of a call what cannot be listened to.
func (l *linter) spoken(fd field) {
	if strings.TrimSpace(fd.text) == "" {
		return
	}
	text := withoutSlots(fd.text)
	if uses(fd.text)[SlotVerifyURL] || linkPattern.MatchString(text) || bareDomain.MatchString(text) || emailPattern.MatchString(text) {
		l.add("voice-link", levelError, fd.where(), "the call reads an address aloud, which nobody can write down", "say that it stands on your website, or give a telephone number")
	}
	if markup.MatchString(text) {
		l.add("voice-markup", levelError, fd.where(), "the text of the call holds markup, which would be read aloud", "write plain sentences")
	}
}

// voiceLength measures a call as an invented person would hear it.
func (l *linter) voiceLength(where string, r Rendered, code string) {
	if d := SpeechTime(r.Spoken.Notice, code); d > maxSpeech {
		l.add("voice-length", levelError, where, fmt.Sprintf("the call speaks for about %d seconds", int(d.Seconds())),
			fmt.Sprintf("shorten it to %d seconds or less; it is said twice", int(maxSpeech.Seconds())))
	}
}

// speaks measures the call of a compiled notice.
func (l *linter) speaks(compiled *Compiled, lang incidents.Lang, slots Slots, voice string) {
	if strings.TrimSpace(voice) == "" {
		return
	}
	where := string(lang) + "/voice"
	r, err := compiled.Render(incidents.Phone, lang, slots)
	if err != nil {
		l.add("voice-length", levelError, where, "the call cannot be made: "+err.Error(), "")
		return
	}
	l.voiceLength(where, r, slots.Code)
}
