package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"tocsin/incidents"
)

const (
	saltSize = 16
	hashSize = 32
	// A damaged row must not make us take all memory or time.
	maxMemoryKiB = 1 << 20
	maxPasses    = 100
)

// A phc is a password hash as it is kept: $argon2id$v=19$m=…,t=…,p=…$salt$hash.
type phc struct {
	memory, passes uint32
	threads        uint8
	salt, hash     []byte
}

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.threads,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(p.hash))
}

func parsePHC(s string) (phc, error) {
	var p phc
	var version int
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return p, fmt.Errorf("a stored password hash is damaged")
	}
	_, err1 := fmt.Sscanf(parts[2], "v=%d", &version)
	_, err2 := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.threads)
	salt, err3 := base64.RawStdEncoding.DecodeString(parts[4])
	hash, err4 := base64.RawStdEncoding.DecodeString(parts[5])
	p.salt, p.hash = salt, hash
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || version != argon2.Version ||
		p.memory > maxMemoryKiB || p.passes < 1 || p.passes > maxPasses || p.threads < 1 ||
		len(salt) < 8 || len(hash) != hashSize || p.String() != s {
		return p, fmt.Errorf("a stored password hash is damaged")
	}
	return p, nil
}

func (p phc) matches(password string) bool {
	got := argon2.IDKey([]byte(password), p.salt, p.passes, p.memory, p.threads, hashSize)
	return subtle.ConstantTimeCompare(got, p.hash) == 1
}

// checkPassword says what is wrong with a new password.
func checkPassword(login, password string) error {
	switch {
	case len(password) > maxPassword:
		return incidents.Invalid("the password is longer than %d bytes", maxPassword).On("password")
	case !utf8.ValidString(password):
		return incidents.Invalid("the password is not readable text").On("password")
	case utf8.RuneCountInString(password) < minPassword:
		return incidents.Invalid("the password is shorter than %d characters", minPassword).
			On("password").WithHint("a few words in a row make a good one")
	case strings.EqualFold(password, login), strings.Count(password, password[:1]) == len(password):
		return incidents.Invalid("the password is too easy to guess").On("password")
	}
	return nil
}

// hashPassword makes the PHC string of a new password.
func (d *Desk) hashPassword(ctx context.Context, password string) (string, error) {
	p := d.phc()
	if err := d.work(ctx, func() {
		p.hash = argon2.IDKey([]byte(password), p.salt, p.passes, p.memory, p.threads, hashSize)
	}); err != nil {
		return "", err
	}
	return p.String(), nil
}

// phc is a hash of today's strength without a password: it matches none.
func (d *Desk) phc() phc {
	p := phc{memory: d.limits.MemoryKiB, passes: d.limits.Passes, threads: d.limits.Threads,
		salt: make([]byte, saltSize), hash: make([]byte, hashSize)}
	_, _ = rand.Read(p.salt) // never fails
	_, _ = rand.Read(p.hash)
	return p
}

// work bounds how many passwords are worked on at once, by memory and by time.
func (d *Desk) work(ctx context.Context, fn func()) error {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return incidents.Throttled("too many people sign in at this moment").WithHint("try again in a minute")
	}
	defer func() { <-d.slots }()
	fn()
	return nil
}
