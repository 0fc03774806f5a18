package roster

import (
	"strings"

	"github.com/biter777/countries"

	"tocsin/incidents"
)

// places knows the countries of one reading; lists name few of them, often.
type places struct {
	countries map[string]string // as written -> alpha-2, "" for none
	regions   map[[2]string]incidents.Place
}

const manyPlaces = 4096 // as written; beyond it nothing more is remembered

func newPlaces() *places {
	return &places{countries: map[string]string{}, regions: map[[2]string]incidents.Place{}}
}

// country gives the alpha-2 code of a country written as code or English name;
// "" when there is no such country.
func (p *places) country(cell string) string {
	code, ok := p.countries[cell]
	if ok {
		return code
	}
	s, _ := tidy(cell)
	if c := countries.ByName(s); s != "" && c != countries.Unknown && len(c.Alpha2()) == 2 {
		code = c.Alpha2()
	}
	if len(p.countries) < manyPlaces {
		p.countries[cell] = code
	}
	return code
}

// region gives the place of a subdivision written as its code, with or without
// the country ("CA", "US-CA"), or as its English name; "" when there is none.
func (p *places) region(country, cell string) incidents.Place {
	key := [2]string{country, cell}
	place, ok := p.regions[key]
	if ok {
		return place
	}
	place = findRegion(country, cell)
	if len(p.regions) < manyPlaces {
		p.regions[key] = place
	}
	return place
}

func findRegion(country, cell string) incidents.Place {
	s, _ := tidy(cell)
	code := strings.ToUpper(s)
	if cc, _, ok := strings.Cut(code, "-"); ok && len(cc) == 2 {
		country = cc
	} else {
		code = country + "-" + code
	}
	if len(country) != 2 {
		return ""
	}
	if countries.SubdivisionCode(code).IsValid() && string(countries.SubdivisionCode(code).Country().Alpha2()) == country {
		return incidents.Place(code)
	}
	for _, sub := range countries.ByName(country).Subdivisions() {
		if strings.EqualFold(sub.String(), s) {
			return incidents.Place(sub)
		}
	}
	return ""
}
