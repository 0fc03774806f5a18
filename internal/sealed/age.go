package sealed

import (
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"tocsin/incidents"
)

// EncryptTo returns a writer that encrypts to the given age recipients
// ("age1…", or the post-quantum "age1pq1…"). Closing it ends the message; an
// unclosed one does not decrypt.
func EncryptTo(w io.Writer, recipients []string) (io.WriteCloser, error) {
	rs, err := age.ParseRecipients(strings.NewReader(strings.Join(recipients, "\n")))
	if err != nil || len(rs) == 0 {
		return nil, incidents.Invalid("no readable age recipient among %d", len(recipients)).
			WithHint("a recipient looks like age1…; make a pair with age-keygen")
	}
	out, err := age.Encrypt(w, rs...)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return out, nil
}

// DecryptWith returns a reader of what was encrypted to one of the identities
// ("AGE-SECRET-KEY-1…", a line each). A damaged message ends in an error.
func DecryptWith(r io.Reader, identities []Secret) (io.Reader, error) {
	var lines strings.Builder
	for _, id := range identities {
		lines.WriteString(id.Reveal() + "\n")
	}
	ids, err := age.ParseIdentities(strings.NewReader(lines.String()))
	if err != nil { // the cause may quote the line
		return nil, incidents.Invalid("no readable age identity among %d", len(identities))
	}
	out, err := age.Decrypt(r, ids...)
	if err != nil {
		return nil, incidents.Invalid("the given identity does not decrypt this, or it is damaged")
	}
	return out, nil
}
