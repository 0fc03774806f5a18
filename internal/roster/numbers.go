package roster

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"tocsin/incidents"
)

// Why a number is neither texted nor called (RELIABILITY A17): a list can hold
// numbers that make money for whoever put them there, or that must stay free.
const (
	BarredKind    = "kind"    // nobody's own: premium, toll-free, shared cost, satellite, short code, emergency and their like
	BarredType    = "type"    // not among the types of the settings, or of no known type
	BarredCountry = "country" // not among the countries of the settings
)

// Numbers are those a channel may use.
type Numbers struct {
	Types     []incidents.NumberType
	Countries []string // ISO 3166; none: every country
}

// Barred says why a number in E.164 is not used; "" lets it.
func (a Numbers) Barred(number string) string {
	n, err := phonenumbers.Parse(number, "")
	if err != nil || len(number) < 8 || !strings.HasPrefix(number, "+") {
		return BarredKind // a short code, an emergency number, or none at all
	}
	if satellite(number) || phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode())) == "001" {
		return BarredKind
	}
	t, known := numberTypes[phonenumbers.GetNumberType(n)]
	switch {
	case !known:
		return BarredKind
	case !slices.Contains(a.Types, t):
		return BarredType
	case len(a.Countries) > 0 && !slices.Contains(a.Countries, PhoneCountry(number)):
		return BarredCountry
	}
	return ""
}

// numberTypes are the library's types that settings can allow. A number of no
// type is in no range of its plan that we know of: no setting has its name.
var numberTypes = map[phonenumbers.PhoneNumberType]incidents.NumberType{
	phonenumbers.MOBILE: incidents.NumberMobile, phonenumbers.FIXED_LINE_OR_MOBILE: incidents.NumberEither,
	phonenumbers.FIXED_LINE: incidents.NumberFixed, phonenumbers.VOIP: incidents.NumberVoIP, phonenumbers.UNKNOWN: "",
}

// satellite tells numbers of satellite networks and of networks of no country:
// Inmarsat (870), global mobile satellite systems (881) and international
// networks (882, 883), which ITU-T E.164 assigns to no country.
func satellite(number string) bool {
	for _, code := range []string{"+870", "+881", "+882", "+883"} {
		if strings.HasPrefix(number, code) {
			return true
		}
	}
	return false
}
