package settings

import "log/slog"

// A Secret never prints itself: not in a log line, an error, YAML or JSON. Only
// Reveal gives it away.
type Secret string

const redacted = "(secret)"

// Reveal returns the secret, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// Set tells whether there is a secret.
func (s Secret) Set() bool { return s != "" }

// String shows that there is a secret, never which.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// LogValue is String, for log lines.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalYAML is String, for files.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// MarshalText is String, for JSON and everything else that asks for text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
