package notifiers

import (
	"strings"
	"testing"

	"tocsin/incidents"
)

func TestPostalAddress(t *testing.T) {
	for name, c := range map[string]struct {
		who   incidents.Contact
		place incidents.Place
		home  incidents.Place
		want  string
	}{
		"lines stay lines":                     {who: incidents.Contact{Name: "Ada Example", Address: "Hauptstr. 1\n10115 Berlin"}, place: "DE", home: "DE", want: "Ada Example|Hauptstr. 1|10115 Berlin"},
		"commas make lines":                    {who: incidents.Contact{Name: "Ada Example", Address: "Hauptstr. 1, 10115 Berlin"}, place: "DE", home: "DE", want: "Ada Example|Hauptstr. 1|10115 Berlin"},
		"semicolons win over commas":           {who: incidents.Contact{Name: "Ada", Address: "Flat 2, Mill House; High St 1; London"}, home: "GB", place: "GB", want: "Ada|Flat 2, Mill House|High St 1|London"},
		"a US town keeps state and ZIP":        {who: incidents.Contact{Name: "Al", Address: "123 Main St, Apt 4, Springfield, IL 62704"}, place: "US-IL", home: "US", want: "Al|123 Main St|Apt 4|Springfield, IL 62704"},
		"state and ZIP apart":                  {who: incidents.Contact{Name: "Al", Address: "123 Main St, Springfield, IL, 62704"}, place: "US-IL", home: "US", want: "Al|123 Main St|Springfield, IL 62704"},
		"a house number belongs to its street": {who: incidents.Contact{Name: "Jo", Address: "Rue de la Paix, 12, 75002 Paris"}, place: "FR", home: "FR", want: "Jo|Rue de la Paix 12|75002 Paris"},
		"abroad the country follows":           {who: incidents.Contact{Name: "Jo", Address: "Rue 1\n75002 Paris"}, place: "FR", home: "DE", want: "Jo|Rue 1|75002 Paris|FRANCE"},
		"the country is not there twice":       {who: incidents.Contact{Name: "Jo", Address: "Rue 1\n75002 Paris\nFrance"}, place: "FR", home: "DE", want: "Jo|Rue 1|75002 Paris|FRANCE"},
		"a state abroad is its country":        {who: incidents.Contact{Name: "Al", Address: "1 Main St\nSpringfield, IL 62704"}, place: "US-IL", home: "DE", want: "Al|1 Main St|Springfield, IL 62704|UNITED STATES"},
		"Chinese without a mark is one line":   {who: incidents.Contact{Name: "何霞", Address: "上海市浦东新区世纪大道100号"}, place: "CN", home: "CN", want: "何霞|上海市浦东新区世纪大道100号"},
		"Chinese commas":                       {who: incidents.Contact{Name: "何霞", Address: "世纪大道100号，上海市"}, place: "CN", home: "DE", want: "何霞|世纪大道100号|上海市|CHINA"},
		"the name is not there twice":          {who: incidents.Contact{Name: "Ada Example", Address: "ADA EXAMPLE\nHauptstr. 1\n10115 Berlin"}, place: "DE", home: "DE", want: "ADA EXAMPLE|Hauptstr. 1|10115 Berlin"},
		"no name":                              {who: incidents.Contact{Address: "Hauptstr. 1\n10115 Berlin"}, want: "Hauptstr. 1|10115 Berlin"},
		"no address is no letter":              {who: incidents.Contact{Name: "Ada"}, want: ""},
		"blanks are no address":                {who: incidents.Contact{Name: "Ada", Address: " \n , "}, want: ""},
	} {
		if got := strings.ReplaceAll(postalAddress(c.who, c.place, c.home), "\n", "|"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
