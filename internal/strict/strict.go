// Package strict reads YAML the way Tocsin wants all its files read: unknown
// keys, duplicate keys and wrong types are errors that name file, line and
// reason. It is the only door to the YAML library.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"

	"tocsin/incidents"
)

// Unmarshal reads one YAML document into v. The error is of the invalid kind
// and says file, line and reason.
func Unmarshal(name string, data []byte, v any) (err error) {
	defer func() {
		if p := recover(); p != nil { // the library panics on some stray tags
			err = incidents.Invalid("%s: is not YAML that can be read (%v)", name, p)
		}
	}()
	if silent(data) {
		return nil // the library takes it for null, and would blank v
	}
	dec := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	err = dec.Decode(v)
	if err != nil {
		return incidents.Invalid("%s: %s", name, yaml.FormatError(err, false, true)).WithHint("mend the line shown and start again")
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return incidents.Invalid("%s: more than one YAML document", name)
	}
	return nil
}

// silent tells a file of comments and empty lines alone.
func silent(data []byte) bool {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && string(line) != "---" {
			return false
		}
	}
	return true
}

// Marshal writes v as YAML.
func Marshal(v any) ([]byte, error) {
	b, err := yaml.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return b, nil
}
