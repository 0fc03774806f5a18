package roster

import "github.com/nyaruka/phonenumbers"

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
