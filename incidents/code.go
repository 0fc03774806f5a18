package incidents

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// A CodeBook makes and checks verification codes: short texts printed in a
// notice by which its reader can ask the organisation's own site whether the
// notice is genuine. A code names notice and person, bound by a MAC; it
// carries no personal data.
type CodeBook struct{ Key []byte }

var codeText = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

const codeMAC = 6 // bytes: one in 2^48 guesses is right

// Code returns the code of one person of one notice, like "04H2-9K3M-QX7A-C1".
func (b CodeBook) Code(notice, seq int64) string {
	id := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(notice)), uint64(seq))
	s := codeText.EncodeToString(append(id, b.mac(id)...))
	var out strings.Builder
	for i := 0; i < len(s); i += 4 {
		if i > 0 {
			out.WriteByte('-')
		}
		out.WriteString(s[i:min(i+4, len(s))])
	}
	return out.String()
}

// Check reads a code as people type it and tells whose it is.
func (b CodeBook) Check(code string) (notice, seq int64, ok bool) {
	clean := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(code))
	raw, err := codeText.DecodeString(clean)
	if err != nil || len(raw) <= codeMAC {
		return 0, 0, false
	}
	id, mac := raw[:len(raw)-codeMAC], raw[len(raw)-codeMAC:]
	if !hmac.Equal(mac, b.mac(id)) {
		return 0, 0, false
	}
	n, used := binary.Uvarint(id)
	q, used2 := binary.Uvarint(id[max(used, 0):])
	if used <= 0 || used2 <= 0 || used+used2 != len(id) {
		return 0, 0, false
	}
	return int64(n), int64(q), true
}

func (b CodeBook) mac(id []byte) []byte {
	h := hmac.New(sha256.New, b.Key)
	h.Write([]byte("notice-code\x00"))
	h.Write(id)
	return h.Sum(nil)[:codeMAC]
}
