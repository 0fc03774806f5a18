package templates

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"tocsin/incidents"
)

// postalNames are countries whose name for the post is another than the
// political one the tables hold.
var postalNames = map[string]string{"HK": "Hong Kong", "MO": "Macao"}

// CountryName is the English name of the country of a place, for the last line
// of an address: the Universal Postal Union (UPU S42) asks for a name known
// everywhere. A place that is no country of the world has none.
func CountryName(p incidents.Place) string {
	code, _, _ := strings.Cut(string(p), "-")
	if name, ok := postalNames[code]; ok {
		return name
	}
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return ""
	}
	return display.English.Regions().Name(region)
}
