package roster

import (
	"bytes"
	"errors"
	"io"
)

// maxRow is how long a row may be.
const maxRow = 1 << 20

// A window is the part of a text that is being looked at. It grows up to a
// little more than the longest row.
type window struct {
	r        io.Reader
	buf      []byte
	from, to int
	end      bool // nothing comes after what is in the window
}

func (w *window) bytes() []byte { return w.buf[w.from:w.to] }

func (w *window) drop(n int) { w.from += n }

// more reads on; it must be called only while the window is not at the end and
// holds less than maxRow bytes.
func (w *window) more() error {
	if w.from > 0 && len(w.buf)-w.to < peekSize {
		w.to = copy(w.buf, w.buf[w.from:w.to])
		w.from = 0
	}
	if len(w.buf)-w.to < peekSize {
		grown := make([]byte, max(2*len(w.buf), 4*peekSize))
		w.to = copy(grown, w.buf[w.from:w.to])
		w.buf, w.from = grown, 0
	}
	for range 100 {
		n, err := w.r.Read(w.buf[w.to:])
		w.to += n
		if errors.Is(err, io.EOF) {
			w.end = true
			return nil
		}
		if err != nil {
			return readError(err)
		}
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

// line returns the first line in the window without its end, and how many bytes
// it takes; long is set when it is longer than a row may be, and then the line
// is only its beginning. At the end of the text n is 0.
func (w *window) line(eol byte) (line []byte, n int, long bool, err error) {
	for {
		b := w.bytes()
		if i := bytes.IndexByte(b, eol); i >= 0 && i < maxRow {
			return bytes.TrimSuffix(b[:i], []byte("\r")), i + 1, false, nil
		}
		if len(b) >= maxRow {
			return b[:keepRaw], 0, true, nil
		}
		if w.end {
			return b, len(b), false, nil
		}
		if err := w.more(); err != nil {
			return nil, 0, false, err
		}
	}
}

// skipLine drops everything up to and with the end of the line.
func (w *window) skipLine(eol byte) error {
	for {
		b := w.bytes()
		if i := bytes.IndexByte(b, eol); i >= 0 {
			w.drop(i + 1)
			return nil
		}
		w.drop(len(b))
		if w.end {
			return nil
		}
		if err := w.more(); err != nil {
			return err
		}
	}
}
