package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readMembers reads the directory of an archive and compares every header with
// what it must be. problems are sentences; a nil list of members means that
// the archive cannot be read any further; what is its name in them. It holds no more than the directory
// in memory, and nothing is ever unpacked: sizes are those of the file itself.
func readMembers(r io.ReaderAt, size int64, what string) (members []member, problems []string, err error) {
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if size < endSize || size > maxArchive {
		return nil, []string{"this is no " + what + " of ours: it is too short or too long for one"}, nil
	}
	end := make([]byte, endSize)
	if err := readAt(r, end, size-endSize); err != nil {
		return nil, nil, err
	}
	count := int(binary.LittleEndian.Uint16(end[10:]))
	dirSize, dirAt := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if !bytes.Equal(end, endRecord(count, dirSize, dirAt)) || dirAt+dirSize != size-endSize || dirSize > int64(count)*(centralSize+maxPath) {
		return nil, []string{"the end of the file was changed, cut off or added to: this is not a whole " + what + " of ours"}, nil
	}
	if count == 0 {
		return nil, []string{"the " + what + " is empty"}, nil
	}
	dir := make([]byte, dirSize)
	if err := readAt(r, dir, dirAt); err != nil {
		return nil, nil, err
	}
	at, seen := int64(0), map[string]bool{}
	for i := range count {
		m, rest, ok := parseCentral(dir)
		if !ok {
			add("the directory of the %s was changed at its file %d of %d", what, i+1, count)
			return nil, problems, nil
		}
		m.offset = at // where it must begin: files follow each other without a gap
		if err := checkPath(m.path); err != nil {
			add("%v", err)
			return nil, problems, nil
		}
		if fold := strings.ToLower(m.path); seen[fold] {
			add("the file %s is there twice", m.path)
			return nil, problems, nil
		} else {
			seen[fold] = true
		}
		if m.end() > dirAt {
			add("%s reaches beyond its place: its size was changed, or bytes were cut out", m.path)
			return nil, problems, nil
		}
		if !bytes.Equal(dir[:len(dir)-len(rest)], m.central()) {
			add("the entry of %s in the directory of the %s was changed", m.path, what)
		}
		local := make([]byte, localSize+len(m.path))
		if err := readAt(r, local, at); err != nil {
			return nil, nil, err
		}
		if !bytes.Equal(local, m.local()) {
			add("the header of %s was changed, or bytes were put before it", m.path)
		}
		members, dir, at = append(members, m), rest, m.end()
	}
	if len(dir) > 0 || at != dirAt {
		add("there are bytes in the %s that belong to no file", what)
	}
	return members, problems, nil
}

// parseCentral reads what a directory entry claims; the caller compares its
// bytes with what they must be.
func parseCentral(b []byte) (m member, rest []byte, ok bool) {
	if len(b) < centralSize {
		return m, nil, false
	}
	le := binary.LittleEndian
	n := centralSize + int(le.Uint16(b[28:]))
	if le.Uint32(b) != centralMagic || n > len(b) {
		return m, nil, false
	}
	m.crc, m.size, m.path = le.Uint32(b[16:]), int64(le.Uint32(b[20:])), string(b[centralSize:n])
	return m, b[n:], true
}

func readAt(r io.ReaderAt, b []byte, at int64) error {
	if n, err := r.ReadAt(b, at); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read the archive: %w", err)
	}
	return nil
}
