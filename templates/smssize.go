package templates

import (
	"strings"

	"tocsin/incidents"
)

// An SMSSize says how an SMS text is carried.
type SMSSize struct {
	Encoding string // GSM-7, UCS-2
	Units    int    // septets or UTF-16 units
	Segments int
}

const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "^{}\\[~]|€\f"
)

// MeasureSMS counts the segments of a text: 160 septets or 70 UTF-16 units in a
// single one, 153 or 67 in each of several. A character of two units is never
// cut in two.
func MeasureSMS(s string) SMSSize {
	size := SMSSize{Encoding: "GSM-7"}
	single, multi := 160, 153
	cost := gsmCost
	for _, r := range s {
		if gsmCost(r) == 0 {
			size.Encoding, single, multi, cost = "UCS-2", 70, 67, utf16Cost
			break
		}
	}
	room := 0
	for _, r := range s {
		c := cost(r)
		size.Units += c
		if c > room {
			size.Segments++
			room = multi
		}
		room -= c
	}
	if size.Units <= single && size.Units > 0 {
		size.Segments = 1
	}
	return size
}

func gsmCost(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	}
	return 0
}

func utf16Cost(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// longestName stands for the longest name that is reckoned with: 60 letters that
// are not GSM-7.
var longestName = strings.Repeat("名", 60)

// SMSSegments measures the SMS of a content as it is sent, with the longest
// values, to whichever reader gets the longest. A text that cannot be made is not
// measured: the linter says why it cannot be sent.
func (b *Book) SMSSegments(c incidents.Content, ref, code string, people []incidents.Lang) map[incidents.Lang]int {
	words := map[incidents.Lang]incidents.Words{}
	for l, w := range c.Langs {
		words[l] = incidents.Words{SMS: w.SMS}
	}
	c.Langs = words
	compiled, err := b.compile(c, true)
	if err != nil {
		return nil
	}
	out := map[incidents.Lang]int{}
	for _, reader := range append(incidents.Readers(), incidents.ReaderPerson) {
		to, err := compiled.For(reader)
		if err != nil {
			return nil
		}
		for l, v := range to.langs {
			if v.hasSMS {
				out[l] = max(out[l], MeasureSMS(v.sms.render(b.longest(l, ref, code))).Segments)
			}
		}
	}
	for _, l := range people {
		if n := out[compiled.Match(l)]; n > 0 {
			out[l] = n
		}
	}
	return out
}

// longest are the longest values a person can have.
func (b *Book) longest(lang incidents.Lang, ref, code string) *values {
	return &values{plain: [slotKinds]string{SlotName: longestName, SlotData: b.DataWords(lang, append(dataKeys(), "other")),
		SlotCode: code, SlotRef: ref, SlotVerifyURL: b.org.VerifyURL(code)}}
}
