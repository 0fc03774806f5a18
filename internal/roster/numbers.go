package roster

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Why a number is neither texted nor called (RELIABILITY A17): a list can hold
// numbers that make money for whoever put them there, or that must stay free.
const (
	BarredKind    = "kind"    // premium, shared cost, satellite, short code, emergency and their like
	BarredCountry = "country" // not among the countries of the settings
)

// Barred says why a number in E.164 is neither texted nor called; "" lets it.
// countries are ISO 3166 codes; none allows every country.
func Barred(number string, countries []string) string {
	n, err := phonenumbers.Parse(number, "")
	if err != nil || len(number) < 8 || !strings.HasPrefix(number, "+") {
		return BarredKind // a short code, an emergency number, or none at all
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.PERSONAL_NUMBER, phonenumbers.PAGER, phonenumbers.UAN, phonenumbers.VOICEMAIL:
		return BarredKind
	}
	if satellite(number) || phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode())) == "001" {
		return BarredKind
	}
	if len(countries) > 0 && !slices.Contains(countries, PhoneCountry(number)) {
		return BarredCountry
	}
	return ""
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
