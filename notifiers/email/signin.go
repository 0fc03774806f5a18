package email

import (
	"encoding/base64"
	"slices"
	"strings"
)

// signIn tells the relay who we are (RFC 4954), by the first of the ways we know
// that it offers: PLAIN (RFC 4616), or LOGIN, which some relays offer alone.
func (k *conn) signIn() error {
	switch {
	case slices.Contains(k.auth, "PLAIN"):
		k.say("AUTH PLAIN " + encoded("\x00"+k.o.Username+"\x00"+k.o.Password))
		return k.expect(235)
	case slices.Contains(k.auth, "LOGIN"):
		for _, step := range []struct {
			line string
			code int
		}{{"AUTH LOGIN", 334}, {encoded(k.o.Username), 334}, {encoded(k.o.Password), 235}} {
			k.say(step.line)
			if err := k.expect(step.code); err != nil {
				return err
			}
		}
		return nil
	case len(k.auth) == 0:
		return unfit("the relay offers no way to sign in: use its port for submission (587 or 465), or no username")
	}
	return unfit("the relay signs in by " + strings.Join(k.auth, ", ") + ", and we by PLAIN or LOGIN")
}

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
