package regulators

import (
	"maps"
	"slices"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// A placeBook knows the groups of places and which code counts as which.
type placeBook struct {
	Groups map[string]placeGroup               `yaml:"groups"`
	Counts map[incidents.Place]incidents.Place `yaml:"counts-as"`
	Names  map[incidents.Place]string          `yaml:"names"`
}

// A placeGroup is a set of countries, or every subdivision of one country.
type placeGroup struct {
	Name           string            `yaml:"name"`
	Members        []incidents.Place `yaml:"members"`
	SubdivisionsOf incidents.Place   `yaml:"subdivisions-of"`
	Sources        []string          `yaml:"sources"`
	Confidence     string            `yaml:"confidence"`
}

func (b *builder) loadPlaces() {
	const name = "vocabulary/places.yaml"
	if err := strict.Unmarshal(name, b.files[name], &b.pack.places); err != nil {
		b.broken(name, err)
	}
}

func (k placeBook) known(code string) bool {
	_, group := k.Groups[code]
	return group || incidents.ValidPlace(incidents.Place(code))
}

// nameOf is a place in words, its code when no name is on file.
func (k placeBook) nameOf(p incidents.Place) string {
	if n := k.Names[p]; n != "" {
		return n
	}
	return string(p)
}

// canon is the place a code counts as.
func (k placeBook) canon(p incidents.Place) incidents.Place {
	if q, ok := k.Counts[p]; ok {
		return q
	}
	return p
}

// residents counts who lives in a place or group: at least and at most. They
// differ when people are on file for a country without their subdivision.
func (k placeBook) residents(by map[incidents.Place]int64, code string) (least, most int64) {
	country, _, sub := strings.Cut(code, "-")
	group, isGroup := k.Groups[code]
	for p, c := range by {
		p = k.canon(p)
		switch {
		case isGroup && group.has(p), !isGroup && p == incidents.Place(code):
			least += c
		case !isGroup && !sub && strings.HasPrefix(string(p), code+"-"):
			least += c
		}
	}
	most = least
	if sub {
		most += by[incidents.Place(country)]
	}
	return least, most
}

// owed is the places a place or group stands for.
func (k placeBook) owed(code string) []incidents.Place {
	g, group := k.Groups[code]
	switch {
	case code == "":
		return nil
	case group && g.SubdivisionsOf != "":
		return []incidents.Place{g.SubdivisionsOf}
	case group:
		return slices.Clone(g.Members)
	}
	return []incidents.Place{incidents.Place(code)}
}

func (g placeGroup) has(p incidents.Place) bool {
	if g.SubdivisionsOf != "" {
		return strings.HasPrefix(string(p), string(g.SubdivisionsOf)+"-")
	}
	return slices.Contains(g.Members, p) || slices.ContainsFunc(g.Members, func(m incidents.Place) bool {
		return strings.HasPrefix(string(p), string(m)+"-")
	})
}

// spread lists the places of a group where people live, in order. A group of
// subdivisions also yields the bare country when some people have no more.
func (k placeBook) spread(by map[incidents.Place]int64, group string) []incidents.Place {
	g, found := k.Groups[group], map[incidents.Place]bool{}
	for p, c := range by {
		p = k.canon(p)
		switch {
		case c == 0:
		case g.SubdivisionsOf != "":
			if g.has(p) || p == g.SubdivisionsOf {
				found[p] = true
			}
		case g.has(p):
			country, _, _ := strings.Cut(string(p), "-")
			found[incidents.Place(country)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
