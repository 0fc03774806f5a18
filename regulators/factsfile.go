package regulators

import (
	"slices"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// ReadFacts reads a file of facts: a YAML or JSON object of catalogue keys,
// where null stands for "not known yet". docs/facts.md shows each. The error
// names every key that is wrong.
func ReadFacts(name string, data []byte) (incidents.Facts, error) {
	var raw map[string]any
	if err := strict.Unmarshal(name, data, &raw); err != nil {
		return incidents.Facts{}, err
	}
	f := incidents.Facts{Known: make(map[string]incidents.Fact, len(raw))}
	var wrong []string
	for key, v := range raw {
		fact, err := readFact(key, v)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		f.Known[key] = fact
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return incidents.Facts{}, incidents.Invalid("%s: %s", name, strings.Join(wrong, "; ")).WithHint("docs/facts.md lists every fact with an example")
	}
	return f, nil
}

func readFact(key string, v any) (incidents.Fact, error) {
	d, ok := incidents.FactByKey(key)
	if !ok {
		return incidents.Fact{}, incidents.Invalid("there is no fact %q%s", key, nearest(key))
	}
	if v == nil {
		return incidents.Fact{Unknown: true}, nil
	}
	x, err := d.ParseValue(v)
	return incidents.Fact{Value: x}, err
}

// nearest suggests a key that shares most of its words.
func nearest(key string) string {
	best, most := "", 0
	for _, d := range incidents.Catalogue {
		shared := 0
		for w := range strings.SplitSeq(key, "_") {
			if len(w) > 2 && slices.Contains(strings.Split(d.Key, "_"), w) {
				shared++
			}
		}
		if shared > most && 2*shared >= len(strings.Split(key, "_")) {
			best, most = d.Key, shared
		}
	}
	if best == "" {
		return ""
	}
	return "; is it " + best + "?"
}
