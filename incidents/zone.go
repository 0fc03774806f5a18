package incidents

import (
	_ "embed"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must not depend on the machine
)

//go:embed zones.txt
var zonesText string

// zonesByPlace reads zones.txt once.
var zonesByPlace = sync.OnceValue(func() map[Place][]*time.Location {
	out := map[Place][]*time.Location{}
	for line := range strings.Lines(zonesText) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		for _, name := range fields[1:] {
			loc, err := time.LoadLocation(name)
			if err != nil {
				panic("incidents: zones.txt: " + err.Error()) // both are built in; a test reads them all
			}
			out[Place(fields[0])] = append(out[Place(fields[0])], loc)
		}
	}
	return out
})

// ZonesOf returns the time zones a person of a place may live in: those of the
// subdivision where we know them, else all of the country; none for a place
// that is not known.
func ZonesOf(p Place) []*time.Location {
	zones := zonesByPlace()
	if z, ok := zones[p]; ok {
		return z
	}
	country, _, _ := strings.Cut(string(p), "-")
	return zones[Place(country)]
}

// personZones returns where a person may live: their own zone when the list
// named one, else their place's, else those of home, where the organisation is.
func personZones(zone string, p, home Place) []*time.Location {
	if zone != "" {
		if loc, err := time.LoadLocation(zone); err == nil {
			return []*time.Location{loc}
		}
	}
	for _, at := range []Place{p, home} {
		if z := ZonesOf(at); len(z) > 0 {
			return z
		}
	}
	return []*time.Location{time.UTC}
}
