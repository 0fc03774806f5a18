package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf8"
)

// An evidence bundle is a zip file of one exact shape, so that no byte of it
// can change without being found: stored, not compressed; no gaps, comments or
// extra fields; one fixed date; the manifest first. Any zip program opens it.
// Of each header the verifier writes what it must be and compares the bytes.

const (
	localMagic   = 0x04034b50
	centralMagic = 0x02014b50
	endMagic     = 0x06054b50
	localSize    = 30
	centralSize  = 46
	endSize      = 22
	maxMembers   = 65_534
	maxArchive   = 1<<32 - 2
	maxPath      = 240
)

// A member is one file of the archive.
type member struct {
	path   string
	size   int64
	crc    uint32
	offset int64 // of its local header
}

func (m member) dataAt() int64 { return m.offset + localSize + int64(len(m.path)) }
func (m member) end() int64    { return m.dataAt() + m.size }

// common is what both headers of a member share, from "version needed" on.
func (m member) common(b *bytes.Buffer) {
	put16(b, 20)     // version needed: 2.0
	put16(b, 0x0800) // names are UTF-8
	put16(b, 0)      // stored
	put16(b, 0)      // midnight
	put16(b, 0x0021) // 1980-01-01
	put32(b, m.crc)
	put32(b, uint32(m.size))
	put32(b, uint32(m.size))
	put16(b, uint16(len(m.path)))
	put16(b, 0) // no extra field
}

func (m member) local() []byte {
	var b bytes.Buffer
	put32(&b, localMagic)
	m.common(&b)
	b.WriteString(m.path)
	return b.Bytes()
}

func (m member) central() []byte {
	var b bytes.Buffer
	put32(&b, centralMagic)
	put16(&b, 3<<8|20) // made on Unix, version 2.0
	m.common(&b)
	put16(&b, 0)            // no comment
	put16(&b, 0)            // disk
	put16(&b, 0)            // internal attributes
	put32(&b, 0o100644<<16) // a regular file
	put32(&b, uint32(m.offset))
	b.WriteString(m.path)
	return b.Bytes()
}

func endRecord(count int, dirSize, dirAt int64) []byte {
	var b bytes.Buffer
	put32(&b, endMagic)
	put16(&b, 0)
	put16(&b, 0)
	put16(&b, uint16(count))
	put16(&b, uint16(count))
	put32(&b, uint32(dirSize))
	put32(&b, uint32(dirAt))
	put16(&b, 0)
	return b.Bytes()
}

func put16(b *bytes.Buffer, v uint16) { b.Write(binary.LittleEndian.AppendUint16(nil, v)) }
func put32(b *bytes.Buffer, v uint32) { b.Write(binary.LittleEndian.AppendUint32(nil, v)) }

// An archiver writes members one after the other; sizes and checksums are
// known before.
type archiver struct {
	w       io.Writer
	at      int64
	members []member
}

func (a *archiver) write(b []byte) error {
	n, err := a.w.Write(b)
	a.at += int64(n)
	return err
}

// add writes one member and checks that r gives what was announced.
func (a *archiver) add(path string, size int64, crc uint32, r io.Reader) error {
	m := member{path, size, crc, a.at}
	if len(a.members) >= maxMembers || m.end() > maxArchive-1<<24 {
		return fmt.Errorf("the bundle would be larger than 4 GiB or %d files", maxMembers)
	}
	if err := a.write(m.local()); err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(a.w, sum), io.LimitReader(r, size+1))
	a.at += n
	if err != nil {
		return err
	}
	if n != size || sum.Sum32() != crc {
		return fmt.Errorf("%s changed while the bundle was written", path)
	}
	a.members = append(a.members, m)
	return nil
}

func (a *archiver) close() error {
	dirAt := a.at
	for _, m := range a.members {
		if err := a.write(m.central()); err != nil {
			return err
		}
	}
	return a.write(endRecord(len(a.members), a.at-dirAt, dirAt))
}

// checkPath refuses what could leave the folder a bundle is unpacked into, or
// look like another name there.
func checkPath(p string) error {
	if p == "" || len(p) > maxPath || !utf8.ValidString(p) {
		return fmt.Errorf("a file name is empty, longer than %d bytes or not UTF-8", maxPath)
	}
	for _, r := range p {
		if r < 0x20 || r == 0x7f || strings.ContainsRune(`\:*?"<>|`, r) {
			return fmt.Errorf("the file name %q has a character that is not allowed", p)
		}
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
			return fmt.Errorf("the file name %q could point elsewhere", p)
		}
	}
	return nil
}
