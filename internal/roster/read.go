package roster

import (
	"bytes"
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"tocsin/incidents"
)

// Read reads a list and hands each row to yield, in the order of the list. An
// error of yield ends the reading and is returned as it is. A list that cannot
// be read at all is an invalid error that says what to do; the summary then
// tells what was handed on before.
func Read(ctx context.Context, r io.Reader, o Options, yield func(Row) error) (Summary, error) {
	o, err := o.check()
	if err != nil {
		return Summary{}, err
	}
	src, err := openSource(ctx, r, o)
	if err != nil {
		return Summary{}, err
	}
	defer src.close()
	rd := &reading{ctx: ctx, opts: o, src: src, win: &window{r: src.text}, places: newPlaces(), zones: map[string]bool{}, yield: yield}
	rd.sum = Summary{Format: src.format, Encoding: src.encoding, Packing: src.packing}
	err = rd.run()
	rd.sum.Bytes = src.stored.n
	rd.progress()
	return rd.sum, err
}

// A reading is one list being read.
type reading struct {
	ctx    context.Context
	opts   Options
	src    *source
	win    *window
	places *places
	zones  map[string]bool
	yield  func(Row) error
	sum    Summary
}

func (r *reading) run() error {
	if r.src.format == JSONL {
		return (&jsonlReader{reading: r}).run()
	}
	h, c, err := readHeader(r.win, r.opts)
	if err != nil {
		return err
	}
	r.sum.Delimiter = string(c.delim)
	return (&csvReader{reading: r, cut: c, header: h}).run()
}

const (
	keepRaw  = 4 << 10 // how much of a rejected row is kept
	stepRows = 1024    // between looks at the clock of the caller
	whyLong  = "longer than 1048576 bytes"
)

func (r *reading) reject(why, raw string) error {
	raw = strings.TrimRight(raw, "\r\n")
	raw = strings.Clone(raw[:min(len(raw), keepRaw)])
	r.sum.Rejected++
	return r.hand(Row{Reject: &incidents.Reject{Row: r.sum.Rows + 1, Reason: why, Raw: raw}})
}

func (r *reading) hand(row Row) error {
	r.sum.Rows++
	if r.sum.Rows%stepRows == 0 {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		r.progress()
	}
	return r.yield(row)
}

func (r *reading) progress() {
	if r.opts.Progress != nil {
		r.opts.Progress(r.sum.Rows, r.src.stored.n)
	}
}

// validText tells whether a row is valid in the encoding of the list.
func (r *reading) validText(b []byte) bool {
	if r.src.encoding == GBK && bytes.Contains(b, []byte("\uFFFD")) {
		return false // what the decoder writes for bytes that mean nothing
	}
	return utf8.Valid(b)
}

func (r *reading) notValid() string { return "not valid " + strings.ToUpper(r.src.encoding) }

// person makes a candidate of a row, or rejects it.
func (r *reading) person(p *cells, raw string) error {
	c, why := r.candidate(p)
	if why != "" {
		return r.reject(why, raw)
	}
	r.sum.Candidates++
	if len(c.Channels) == 0 {
		r.sum.Unreachable++
	}
	if c.Repaired {
		r.sum.Repaired++
	}
	return r.hand(Row{Candidate: c})
}
