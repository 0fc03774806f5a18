package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/settings"
)

// A certificate that serve could not use, or that nobody would accept, is named
// with its key before the start.
func TestCheckReadsCertificates(t *testing.T) {
	dir := t.TempDir()
	good, other, ended := pairIn(t, dir, "good", time.Hour), pairIn(t, dir, "other", time.Hour), pairIn(t, dir, "ended", -time.Hour)
	for name, c := range map[string]struct{ cert, key, says string }{
		"whole":      {good, good, ""},
		"ended":      {ended, ended, "ended on"},
		"mismatched": {good, other, "does not match"},
		"not there":  {filepath.Join(dir, "none"), good, "no such file"},
	} {
		for key, set := range map[string]func(*settings.Settings, string, string){
			"inside": func(s *settings.Settings, c, k string) { s.Inside.TLSCert, s.Inside.TLSKey = c, k },
			"public": func(s *settings.Settings, c, k string) { s.Public.TLSCert, s.Public.TLSKey = c, k },
			"channels.email.bounces": func(s *settings.Settings, c, k string) {
				s.Channels.Email.Bounces.TLSCert, s.Channels.Email.Bounces.TLSKey = c, k
			},
		} {
			s := settings.Default()
			set(&s, c.cert+".crt", c.key+".key")
			unusable, ended := newApp(Config{Settings: s}).certificates()
			if (ended != nil) != (name == "ended") {
				t.Errorf("%s, %s: ended: %v", name, key, ended)
			}
			err := errors.Join(unusable, ended)
			switch {
			case c.says == "" && err != nil:
				t.Errorf("%s, %s: %v", name, key, err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%s, %s: %v lacks %q", name, key, err, c.says)
			}
		}
	}
}

// pairIn writes a certificate and its key, and returns their name without ending.
func pairIn(t *testing.T, dir, name string, lasts time.Duration) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(lasts)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name)
	for ending, block := range map[string]*pem.Block{".crt": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file+ending, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}
