package regulators

import (
	"tocsin/incidents"
	"tocsin/internal/strict"
)

// readYAML reads a file strictly. The reader may panic on broken tags; that too
// is only a broken file.
func readYAML(name string, data []byte, v any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = incidents.Invalid("%s: this is no YAML the reader can follow", name).WithHint("look for stray tags (!) and anchors (&)")
		}
	}()
	return strict.Unmarshal(name, data, v)
}
