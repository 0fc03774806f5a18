package web

import (
	"mime"

	"tocsin/incidents"
)

// returnLetters takes a list of letters the post brought back. Without
// commit=true it says what would be written and writes nothing.
func (a api) returnLetters(c *call) (any, error) {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "text/csv" && kind != "text/plain" {
		return nil, unsupported(incidents.Invalid("a list of returned letters is text/csv").WithHint("one letter a line: its code, or what its QR code reads"))
	}
	commit := false
	switch s := c.query("commit"); s {
	case "true":
		commit = true
	case "", "false":
	default:
		return nil, incidents.Invalid("commit is true or false").On("commit")
	}
	r, err := a.Desk.ReturnLetters(c.ctx, c.actor, patient(c.w, c.r, maxReturned), commit)
	if r.Problems == nil {
		r.Problems = []incidents.ReturnedLine{}
	}
	return r, err
}
