package sealed

import (
	"fmt"
	"io"
	"log/slog"
)

// A Secret is a text that must not end up in a log, an error or a page. It
// shows itself as "[secret]" however it is printed; Reveal gives the text.
type Secret string

const redacted = "[secret]"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// Empty tells whether there is no secret at all.
func (s Secret) Empty() bool { return s == "" }

// String, GoString, Format, LogValue, MarshalText and MarshalJSON redact.
func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, redacted) }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
