package settings

import (
	"slices"

	"tocsin/incidents"
)

// ofUs are the groups of facts that tell of the organisation and not of an incident.
var ofUs = []string{"place", "role", "europe", "us", "asia", "world"}

// Known is the facts every incident begins with, in the types of the catalogue.
func (o Organisation) Known() (map[string]any, error) {
	out := make(map[string]any, len(o.Facts))
	for key, v := range o.Facts {
		d, ok := incidents.FactByKey(key)
		if !ok {
			return nil, incidents.Invalid("there is no fact %q; docs/facts.md lists them", key)
		}
		if !slices.Contains(ofUs, d.Group) || d.Type == incidents.FactTime {
			return nil, incidents.Invalid("%s tells of an incident, not of the organisation", key)
		}
		x, err := d.ParseValue(v)
		if err != nil {
			return nil, err
		}
		out[key] = x
	}
	return out, nil
}
