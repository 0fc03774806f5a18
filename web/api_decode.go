package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/web/patience"
)

const (
	maxJSON  = 1 << 20 // of one request
	maxDepth = 32      // of nesting
)

// read reads the JSON body of a request into v: one object, no unknown fields.
func (c *call) read(v any) error {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return unsupported(incidents.Invalid("the body must be application/json"))
	}
	b, err := readAll(c.w, c.r, maxJSON)
	if err != nil {
		return err
	}
	return decodeStrict(b, v)
}

// readAll reads a small body, bounded in size and time.
func readAll(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	slow := patience.New(slowBody, http.NewResponseController(w).SetReadDeadline)
	defer slow.End()
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return nil, bodyError(err)
	}
	return b, nil
}

// slowBody is how long a client may take to hand over a small body, or the next
// piece of a large one.
const slowBody = 20 * time.Second

// A bodyProblem is an invalid-kind error with a status of its own: 405, 413 or 415.
type bodyProblem struct {
	status int
	why    *incidents.Error
}

func (e *bodyProblem) Error() string { return e.why.Error() }
func (e *bodyProblem) Unwrap() error { return e.why }

func unsupported(why *incidents.Error) error {
	return &bodyProblem{http.StatusUnsupportedMediaType, why}
}

func bodyError(err error) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return &bodyProblem{http.StatusRequestEntityTooLarge, incidents.Invalid("the body is larger than %d bytes", big.Limit)}
	}
	e := incidents.Invalid("the body did not arrive in one piece")
	e.Err = incidents.ErrUploadEnded
	return e
}

// decodeStrict reads one JSON object: unknown fields, a second value and deep
// nesting are errors that name the field and never quote a value.
func decodeStrict(b []byte, v any) error {
	if err := checkDepth(b); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return decodeError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return incidents.Invalid("the body holds more than one JSON object")
	}
	return nil
}

// checkDepth walks the brackets outside of texts before anything is built.
func checkDepth(b []byte) error {
	depth, text := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{', c == '[':
			if depth++; depth > maxDepth {
				return incidents.Invalid("the JSON is nested deeper than %d levels", maxDepth)
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return nil
}

func decodeError(err error) error {
	var known *incidents.Error
	var typed *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &typed):
		return incidents.Invalid("%s does not fit here", typed.Value).On(typed.Field)
	case errors.As(err, &syntax):
		return incidents.Invalid("the body is no JSON, from byte %d on", syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return incidents.Invalid("the body is no whole JSON object")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return incidents.Invalid("there is no such field").On(strings.Trim(name, `"`))
	}
	return incidents.Invalid("the body does not read as what is asked for")
}

// A reason is the body of everything that only says why.
type reason struct {
	Reason string `json:"reason"`
}

func (c *call) reason() (string, error) {
	var in reason
	err := c.read(&in)
	return in.Reason, err
}

// maybe reads a body that may be left away.
func (c *call) maybe(v any) error {
	b, err := readAll(c.w, c.r, maxJSON)
	if err != nil || len(bytes.TrimSpace(b)) == 0 {
		return err
	}
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return unsupported(incidents.Invalid("the body must be application/json"))
	}
	return decodeStrict(b, v)
}

// none refuses a body where none belongs, so that a mistake is not overlooked.
func (c *call) none() error {
	b, err := readAll(c.w, c.r, 1<<10)
	if err != nil {
		return err
	}
	if s := bytes.TrimSpace(b); len(s) > 0 && !bytes.Equal(s, []byte("{}")) {
		return incidents.Invalid("this takes no body")
	}
	return nil
}
