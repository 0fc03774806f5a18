package twilio

import (
	"strings"

	"tocsin/incidents"
)

// A Voice is one of those Twilio speaks with.
type Voice struct {
	Name     string
	Language string // as <Say> wants it
}

// voices are the standard voices by BCP 47 tag; the first of a language is its
// bare tag. Source: Twilio, Text-to-Speech, Amazon Polly and Google voices.
var voices = map[string]Voice{
	"ar": {"Polly.Zeina", "arb"}, "cy": {"Polly.Gwyneth", "cy-GB"}, "da": {"Polly.Naja", "da-DK"}, "de": {"Polly.Vicki", "de-DE"},
	"en": {"Polly.Joanna", "en-US"}, "en-au": {"Polly.Nicole", "en-AU"}, "en-nz": {"Polly.Nicole", "en-AU"}, "en-gb": {"Polly.Amy", "en-GB"}, "en-ie": {"Polly.Amy", "en-GB"}, "en-in": {"Polly.Raveena", "en-IN"},
	"es": {"Polly.Lucia", "es-ES"}, "es-mx": {"Polly.Mia", "es-MX"}, "es-us": {"Polly.Penelope", "es-US"}, "es-419": {"Polly.Mia", "es-MX"},
	"fr": {"Polly.Celine", "fr-FR"}, "fr-ca": {"Polly.Chantal", "fr-CA"}, "hi": {"Polly.Aditi", "hi-IN"}, "is": {"Polly.Dora", "is-IS"}, "it": {"Polly.Carla", "it-IT"},
	"ja": {"Polly.Mizuki", "ja-JP"}, "ko": {"Polly.Seoyeon", "ko-KR"}, "nb": {"Polly.Liv", "nb-NO"}, "no": {"Polly.Liv", "nb-NO"}, "nl": {"Polly.Lotte", "nl-NL"},
	"pl": {"Polly.Ewa", "pl-PL"}, "pt": {"Polly.Ines", "pt-PT"}, "pt-br": {"Polly.Camila", "pt-BR"}, "ro": {"Polly.Carmen", "ro-RO"}, "ru": {"Polly.Tatyana", "ru-RU"},
	"sv": {"Polly.Astrid", "sv-SE"}, "tr": {"Polly.Filiz", "tr-TR"},
	"zh": {"Polly.Zhiyu", "cmn-CN"}, "zh-hant": {"Google.cmn-TW-Standard-A", "cmn-TW"}, "zh-tw": {"Google.cmn-TW-Standard-A", "cmn-TW"},
	"zh-hant-hk": {"Google.yue-HK-Standard-A", "yue-HK"}, "zh-hk": {"Google.yue-HK-Standard-A", "yue-HK"}, "yue": {"Google.yue-HK-Standard-A", "yue-HK"},
}

// VoiceFor finds the voice for a language: that of the tag, else of the tag with
// its last parts taken off. ok is false when Twilio does not speak it.
func VoiceFor(lang incidents.Lang) (v Voice, ok bool) {
	tag := strings.ToLower(strings.ReplaceAll(string(lang), "_", "-"))
	for tag != "" {
		if v, ok = voices[tag]; ok {
			return v, true
		}
		parts := strings.Split(tag, "-")
		if len(parts) == 3 { // script between language and region: de-Latn-AT
			if v, ok = voices[parts[0]+"-"+parts[2]]; ok && parts[1] != "hans" {
				return v, true
			}
		}
		tag = strings.Join(parts[:len(parts)-1], "-")
	}
	return Voice{}, false
}
