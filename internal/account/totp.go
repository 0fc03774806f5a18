package account

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"tocsin/incidents"
	"tocsin/internal/qr"
)

const stepSeconds = 30

// An Enrolment is a new second factor, shown once to its owner. It keeps
// itself out of logs.
type Enrolment struct {
	url, secret string
}

// URL is the otpauth:// address an authenticator reads.
func (e Enrolment) URL() string { return e.url }

// Secret is the seed, to be typed where no picture can be scanned.
func (e Enrolment) Secret() string { return e.secret }

// QR draws the URL as a PNG of size by size pixels.
func (e Enrolment) QR(size int) ([]byte, error) {
	return qr.PNG(e.url, min(max(size, 64), 1024))
}

// String, GoString and LogValue hide the seed.
func (Enrolment) String() string       { return "[second factor]" }
func (Enrolment) GoString() string     { return "[second factor]" }
func (Enrolment) LogValue() slog.Value { return slog.StringValue("[second factor]") }

func (d *Desk) enrol(a *Account) (Enrolment, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: d.limits.Issuer, AccountName: a.Name, SecretSize: 20})
	if err != nil {
		return Enrolment{}, fmt.Errorf("make a second factor: %w", err)
	}
	a.TOTPSealed = d.box.Seal(totpRow(a.ID), []byte(key.Secret()))
	a.TOTPLastStep = 0
	return Enrolment{key.URL(), key.Secret()}, nil
}

func totpRow(id incidents.AccountID) string { return "totp/" + string(id) }

// CurrentCode is the code of a seed at a time: for tests, demonstrations and scripts.
func CurrentCode(secret string, now time.Time) (string, error) {
	code, err := totp.GenerateCodeCustom(secret, now, totp.ValidateOpts{
		Period: stepSeconds, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("the seed of the second factor is not readable")
	}
	return code, nil
}

// stepOf finds the step a code belongs to: now, the one before or the one
// after. It always looks at all three.
func stepOf(secret, code string, now time.Time) (int64, bool) {
	code = strings.Join(strings.Fields(code), "")
	current, found := now.Unix()/stepSeconds, int64(0)
	for step := current - 1; step <= current+1; step++ {
		want, err := CurrentCode(secret, time.Unix(step*stepSeconds, 0))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	return found, found != 0
}

// matchStep opens the seed of an account and finds the step of a code.
func (d *Desk) matchStep(a Account, code string) (int64, bool) {
	seed, err := d.box.Open(totpRow(a.ID), a.TOTPSealed)
	if err != nil {
		seed = []byte(noSeed) // the same work for nothing
	}
	step, ok := stepOf(string(seed), code, d.now())
	return step, ok && err == nil
}

const noSeed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
