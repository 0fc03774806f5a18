package ledger

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
)

// maxLine bounds one line of a file whose root is taken.
const maxLine = 1 << 20

// Lines reads lines as records for RootOf, without their line break. A line
// over 1 MiB is an error. What is yielded is valid until the next one.
func Lines(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 64<<10), maxLine)
		s.Split(scanLines)
		for s.Scan() {
			if !yield(s.Bytes(), nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(nil, fmt.Errorf("read lines: %w", err))
		}
	}
}

// scanLines keeps a carriage return as part of the line: every byte counts.
func scanLines(b []byte, eof bool) (int, []byte, error) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return i + 1, b[:i], nil
	}
	if eof && len(b) > 0 {
		return len(b), b, nil
	}
	return 0, nil, nil
}
