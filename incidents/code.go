package incidents

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash"
	"strings"
	"sync"
)

// A CodeBook makes and checks verification codes: short texts printed in a
// notice by which its reader can ask the organisation's own site whether the
// notice is genuine. A code names notice and person, bound by a MAC; it
// carries no personal data. It is made by NewCodeBook.
type CodeBook struct {
	macs *sync.Pool // of hash.Hash, each with the key in it: taking a key in costs more than a code
}

// NewCodeBook returns the book of a secret key, which is for codes alone.
func NewCodeBook(key []byte) CodeBook {
	key = bytes.Clone(key)
	return CodeBook{&sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

var codeText = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

var codeScope = []byte("notice-code\x00")

const codeMAC = 6 // bytes: one in 2^48 guesses is right

// Code returns the code of one person of one notice, like "04H2-9K3M-QX7A-C1".
func (b CodeBook) Code(notice, seq int64) string {
	var room [2*binary.MaxVarintLen64 + sha256.Size]byte
	id := binary.AppendUvarint(binary.AppendUvarint(room[:0], uint64(notice)), uint64(seq))
	var letters, out [64]byte // the longest code has 42 letters, and 10 hyphens
	s := codeText.AppendEncode(letters[:0], b.mac(id, id))
	code := out[:0]
	for i := 0; i < len(s); i += 4 {
		if i > 0 {
			code = append(code, '-')
		}
		code = append(code, s[i:min(i+4, len(s))]...)
	}
	return string(code)
}

// Check reads a code as people type it and tells whose it is.
func (b CodeBook) Check(code string) (notice, seq int64, ok bool) {
	clean := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(code))
	raw, err := codeText.DecodeString(clean)
	if err != nil || len(raw) <= codeMAC {
		return 0, 0, false
	}
	id, mac := raw[:len(raw)-codeMAC], raw[len(raw)-codeMAC:]
	if !hmac.Equal(mac, b.mac(nil, id)) {
		return 0, 0, false
	}
	n, used := binary.Uvarint(id)
	q, used2 := binary.Uvarint(id[max(used, 0):])
	if used <= 0 || used2 <= 0 || used+used2 != len(id) {
		return 0, 0, false
	}
	return int64(n), int64(q), true
}

// mac adds the MAC of an id to out.
func (b CodeBook) mac(out, id []byte) []byte {
	h := b.macs.Get().(hash.Hash)
	defer b.macs.Put(h)
	h.Reset() // back to the key
	h.Write(codeScope)
	h.Write(id)
	return h.Sum(out)[:len(out)+codeMAC]
}
