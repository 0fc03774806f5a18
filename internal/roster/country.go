package roster

import (
	"slices"

	"github.com/nyaruka/phonenumbers"
)

// PhoneCountry returns the ISO 3166 code of the country an E.164 number
// belongs to, or "" when it belongs to none.
func PhoneCountry(number string) string {
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return ""
	}
	if r := phonenumbers.GetRegionCodeForNumber(n); r != "ZZ" && r != "001" {
		return r
	}
	return ""
}

// PhoneZones returns the IANA time zones an E.164 number may be in: one for most
// numbers, several where the number does not tell, none when it is unknown.
func PhoneZones(number string) []string {
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return nil
	}
	zones, err := phonenumbers.GetTimezonesForNumber(n)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(zones), func(z string) bool { return z == phonenumbers.UNKNOWN_TIMEZONE })
}
