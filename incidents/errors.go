package incidents

import (
	"errors"
	"fmt"
)

// A Kind sorts errors by what the caller can do about them. One table maps
// kinds to HTTP statuses, one to exit codes, one to bus verdicts.
type Kind string

// The kinds of error. What is not classified is KindInternal.
const (
	KindInvalid         Kind = "invalid"
	KindNotFound        Kind = "not_found"
	KindConflict        Kind = "conflict"
	KindForbidden       Kind = "forbidden"
	KindUnauthenticated Kind = "unauthenticated"
	KindThrottled       Kind = "throttled"
	KindUnavailable     Kind = "unavailable"
	KindInternal        Kind = "internal"
)

// An Error says in one sentence what is wrong and, in Hint, what to do.
// It never carries a person's name, address or number.
type Error struct {
	Kind  Kind
	Field string // the form field or setting it belongs to, if any
	Msg   string
	Hint  string
	Err   error
}

func (e *Error) Error() string {
	s := e.Msg
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// WithHint returns a copy of e that also says what to do.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// On returns a copy of e that belongs to a form field.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Invalid, NotFound, Conflict, Forbidden, Unauthenticated, Throttled and
// Unavailable build an error of their kind.
func Invalid(format string, args ...any) *Error   { return newError(KindInvalid, format, args) }
func NotFound(format string, args ...any) *Error  { return newError(KindNotFound, format, args) }
func Conflict(format string, args ...any) *Error  { return newError(KindConflict, format, args) }
func Forbidden(format string, args ...any) *Error { return newError(KindForbidden, format, args) }
func Unauthenticated(format string, args ...any) *Error {
	return newError(KindUnauthenticated, format, args)
}
func Throttled(format string, args ...any) *Error   { return newError(KindThrottled, format, args) }
func Unavailable(format string, args ...any) *Error { return newError(KindUnavailable, format, args) }

func newError(k Kind, format string, args []any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of err, KindInternal when it has none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// Sentence says in words what a kind means, for places that show no more.
func (k Kind) Sentence() string {
	switch k {
	case KindInvalid:
		return "what was sent is not valid"
	case KindNotFound:
		return "not found"
	case KindConflict:
		return "it changed meanwhile"
	case KindForbidden:
		return "not allowed"
	case KindUnauthenticated:
		return "sign in first"
	case KindThrottled:
		return "too many tries"
	case KindUnavailable:
		return "not possible at the moment"
	}
	return "internal error"
}
