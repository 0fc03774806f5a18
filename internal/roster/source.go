package roster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"

	"tocsin/incidents"
)

// A source is a list as plain UTF-8 text, with what was found out on the way.
type source struct {
	text     *bufio.Reader
	stored   *meter // bytes as they are stored
	format   string
	encoding string
	packing  string
	close    func()
}

const peekSize = 64 << 10

// openSource takes off packing, byte order mark and encoding, and detects the format.
func openSource(ctx context.Context, r io.Reader, o Options) (*source, error) {
	s := &source{stored: &meter{ctx: ctx, r: r}, close: func() {}}
	plain, err := s.unpack(bufio.NewReaderSize(s.stored, peekSize))
	if err != nil {
		return nil, err
	}
	if err := s.decode(plain, o.Encoding); err != nil {
		s.close()
		return nil, err
	}
	head, err := s.text.Peek(peekSize)
	if len(head) == 0 {
		s.close()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, readError(err)
		}
		return nil, incidents.Invalid("the list is empty")
	}
	s.format = detectFormat(o, head)
	return s, nil
}

func (s *source) unpack(r *bufio.Reader) (*bufio.Reader, error) {
	magic, _ := r.Peek(4)
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, readError(err)
		}
		s.packing = "gzip"
		return bufio.NewReaderSize(&bombGuard{r: z, stored: s.stored}, peekSize), nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			return nil, readError(err)
		}
		s.packing, s.close = "zstd", z.Close
		return bufio.NewReaderSize(&bombGuard{r: z, stored: s.stored}, peekSize), nil
	}
	return r, nil
}

// decode makes the text UTF-8. A byte order mark wins over the named encoding,
// and so does a text that is UTF-8 beyond doubt.
func (s *source) decode(r *bufio.Reader, named string) error {
	head, _ := r.Peek(peekSize)
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, _ = r.Discard(3)
		s.encoding, s.text = UTF8, r
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		_, _ = r.Discard(2)
		s.encoding, s.text = UTF16, bufio.NewReaderSize(&utf16Reader{r: r, big: head[0] == 0xfe}, peekSize)
	case named == UTF16:
		big := len(head) > 1 && head[0] == 0 && head[1] != 0
		s.encoding, s.text = UTF16, bufio.NewReaderSize(&utf16Reader{r: r, big: big}, peekSize)
	case named == GBK && !surelyUTF8(head):
		s.encoding, s.text = GBK, bufio.NewReaderSize(transform.NewReader(r, simplifiedchinese.GB18030.NewDecoder()), peekSize)
	default:
		if named == "" && len(head) >= 4 && bytes.Count(head[:4], []byte{0}) == 2 {
			return incidents.Invalid("this looks like UTF-16 without a byte order mark").On("encoding").WithHint("name the encoding: utf-16")
		}
		s.encoding, s.text = UTF8, r
	}
	return nil
}

// surelyUTF8 tells whether a text is valid UTF-8 and has enough beyond ASCII for
// that to be no accident.
func surelyUTF8(head []byte) bool {
	wide := 0
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n <= 1 {
			if len(head) >= utf8.UTFMax || utf8.FullRune(head) {
				return false
			}
			break // cut off by the end of what was peeked
		}
		if n > 1 {
			wide++
		}
		head = head[n:]
	}
	return wide >= 8
}

func detectFormat(o Options, head []byte) string {
	if o.Format != "" {
		return o.Format
	}
	if bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) {
		return JSONL
	}
	name := strings.ToLower(o.Name)
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	if strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson") {
		return JSONL
	}
	return CSV
}

// A meter counts what is read and stops when the reading is called off.
type meter struct {
	ctx context.Context
	r   io.Reader
	n   int64
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	m.n += int64(n)
	return n, err
}

// A bombGuard refuses a packed list that grows beyond anything a list of
// persons does.
type bombGuard struct {
	r      io.Reader
	stored *meter
	n      int64
}

const (
	bombFrom  = 64 << 20
	bombRatio = 500
)

func (b *bombGuard) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.n > bombFrom && b.n/bombRatio > b.stored.n {
		return 0, incidents.Invalid("the packed list grows more than %d times", bombRatio).WithHint("look at it; if it is a list, unpack it and import that")
	}
	return n, err
}

// readError says what a failed read means to the person who gave the list.
func readError(err error) error {
	var known *incidents.Error
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), isZstd(err):
		e := incidents.Invalid("the packed list is damaged or cut off").WithHint("copy the file again and compare its size")
		e.Err = err
		return e
	}
	return err
}

func isZstd(err error) bool {
	for _, z := range []error{zstd.ErrMagicMismatch, zstd.ErrWindowSizeExceeded, zstd.ErrDecoderSizeExceeded, zstd.ErrCRCMismatch,
		zstd.ErrFrameSizeMismatch, zstd.ErrFrameSizeExceeded, zstd.ErrReservedBlockType, zstd.ErrCompressedSizeTooBig, zstd.ErrUnknownDictionary} {
		if errors.Is(err, z) {
			return true
		}
	}
	return false
}
