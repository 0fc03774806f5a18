package twilio

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/twilio/twilio-go/twiml"
)

// keyWait is how long a call waits for a key after each time it asked.
const keyWait = 8 * time.Second

// Ask is the script of a call that was answered: it says the greeting, waits
// for one key, asks once more, and ends. The key goes to action, which answers
// with the rest. A machine that answered gets the greeting and nothing else.
func (v Voice) Ask(greeting, action string) (string, error) {
	ask := func() twiml.Element {
		return &twiml.VoiceGather{Input: "dtmf", NumDigits: "1", Timeout: seconds(keyWait), Action: action, Method: "POST",
			InnerElements: []twiml.Element{v.say(greeting, "")}}
	}
	return script(pause(1), ask(), ask(), &twiml.VoiceHangup{})
}

// Tell is the script of a call whose person pressed the key: the notice, its
// code spelled sign by sign, both once more, and the farewell.
func (v Voice) Tell(notice, code, again, bye string) (string, error) {
	return script(v.say(notice, code), pause(2), v.say(again, ""), pause(1), v.say(notice, code), pause(1), v.say(bye, ""), &twiml.VoiceHangup{})
}

// HangUp is the script of a call that has nothing to say any more.
func HangUp() (string, error) { return script(&twiml.VoiceHangup{}) }

func script(verbs ...twiml.Element) (string, error) {
	s, err := twiml.Voice(verbs)
	if err != nil {
		return "", fmt.Errorf("write a call's script: %w", err)
	}
	return s, nil
}

func (v Voice) say(text, code string) twiml.Element {
	return &twiml.VoiceSay{Voice: v.Name, Language: v.Language, Message: strings.Map(sayable, spelled(text, code))}
}

// spelled writes a code so that it is read sign by sign, with a stop after each.
func spelled(text, code string) string {
	if code == "" {
		return text
	}
	var b strings.Builder
	for _, r := range code {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
			b.WriteString(". ")
		}
	}
	return strings.TrimSpace(strings.ReplaceAll(text, code, b.String()))
}

// sayable drops what XML cannot carry.
func sayable(r rune) rune {
	if r < ' ' || r == 0xfffe || r == 0xffff {
		return ' '
	}
	return r
}

func pause(n int) twiml.Element { return &twiml.VoicePause{Length: strconv.Itoa(n)} }

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
