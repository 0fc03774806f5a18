package roster

import (
	"testing"

	"tocsin/incidents"
)

func TestBarredNumbers(t *testing.T) {
	texts := Numbers{Types: []incidents.NumberType{incidents.NumberMobile, incidents.NumberEither}}
	calls := Numbers{Types: append([]incidents.NumberType{incidents.NumberFixed}, texts.Types...)}
	every := Numbers{Types: incidents.NumberTypes()}
	for _, c := range []struct{ name, number, text, call, every string }{
		{"a German mobile", "+4917639200600", "", "", ""},
		{"a Chinese mobile", "+8613800138000", "", "", ""},
		{"an American number, which may be either", "+14155550158", "", "", ""},
		{"a German landline", "+493012345678", BarredType, "", ""},
		{"a British landline", "+442079460018", BarredType, "", ""},
		{"a Chinese landline", "+861012345678", BarredType, "", ""},
		{"a British number of the Internet", "+445612345678", BarredType, BarredType, ""},
		{"a number of a range nobody has", "+4910012345", BarredType, BarredType, BarredType},
		{"American toll-free", "+18005550123", BarredKind, BarredKind, BarredKind},
		{"German toll-free", "+498001234567", BarredKind, BarredKind, BarredKind},
		{"German premium", "+499001234567", BarredKind, BarredKind, BarredKind},
		{"American premium", "+19002345678", BarredKind, BarredKind, BarredKind},
		{"British premium", "+449012345678", BarredKind, BarredKind, BarredKind},
		{"German shared cost", "+491801234567", BarredKind, BarredKind, BarredKind},
		{"a British pager", "+447640123456", BarredKind, BarredKind, BarredKind},
		{"a British company's number for all its places", "+445512345678", BarredKind, BarredKind, BarredKind},
		{"a British personal number, which forwards anywhere at any price", "+447012345678", BarredKind, BarredKind, BarredKind},
		{"Inmarsat", "+870773111632", BarredKind, BarredKind, BarredKind},
		{"Iridium", "+881612345678", BarredKind, BarredKind, BarredKind},
		{"an international network", "+882161234567", BarredKind, BarredKind, BarredKind},
		{"international premium", "+979123456789", BarredKind, BarredKind, BarredKind},
		{"an emergency number", "+112", BarredKind, BarredKind, BarredKind},
		{"a short code", "12345", BarredKind, BarredKind, BarredKind},
		{"nothing", "", BarredKind, BarredKind, BarredKind},
	} {
		if text, call, every := texts.Barred(c.number), calls.Barred(c.number), every.Barred(c.number); text != c.text || call != c.call || every != c.every {
			t.Errorf("%s: texted %q, called %q, with every type allowed %q; want %q, %q, %q", c.name, text, call, every, c.text, c.call, c.every)
		}
	}
	texts.Countries = []string{"DE"}
	for number, want := range map[string]string{"+4917639200600": "", "+14155550158": BarredCountry, "+493012345678": BarredType, "+881612345678": BarredKind} {
		if got := texts.Barred(number); got != want {
			t.Errorf("%s, Germany alone: %q, want %q", number, got, want)
		}
	}
}
