package settings

import _ "embed"

//go:embed example.yaml
var example string

// Example is a whole settings file with every key and what it means. A line
// that starts with # and no blank is a setting left out.
func Example() string { return example }
