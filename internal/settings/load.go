package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// Load reads the file at path over the defaults, then the secrets, and checks
// it all. An empty path is the defaults alone. Relative paths in the file are
// taken from the file's folder, so that it does not matter where the service
// is started.
func Load(path string, env func(string) string) (Settings, error) {
	s := Default()
	base := ""
	if path != "" {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return Settings{}, incidents.NotFound("there is no settings file %s", path).WithHint("start from the example file")
		}
		if err != nil {
			return Settings{}, fmt.Errorf("read settings: %w", err)
		}
		if err := strict.Unmarshal(path, data, &s); err != nil {
			return Settings{}, hideSecrets(err)
		}
		base = filepath.Dir(path)
	}
	s.resolve(base)
	if err := s.readSecrets(env); err != nil {
		return Settings{}, in(path, err)
	}
	s.derive()
	if err := s.Validate(); err != nil {
		return Settings{}, in(path, err)
	}
	return s, nil
}

// in names the file an error belongs to.
func in(path string, err error) error {
	if path == "" {
		path = "settings"
	}
	return fmt.Errorf("%s: %w", path, err)
}

// resolve makes the file's relative paths independent of the working folder.
func (s *Settings) resolve(base string) {
	if base == "" {
		return
	}
	for _, p := range s.paths() {
		*p = below(base, *p)
	}
	for source, c := range s.Bus.Collectors {
		c.PasswordFile = below(base, c.PasswordFile)
		s.Bus.Collectors[source] = c
	}
}

func below(base, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}

func (s *Settings) paths() []*string {
	ps := []*string{
		&s.DataDir, &s.Inside.TLSCert, &s.Inside.TLSKey, &s.Public.TLSCert, &s.Public.TLSKey,
		&s.MasterKey.File, &s.Channels.Email.SMTP.CAFile, &s.Channels.Email.Second.CAFile, &s.Channels.Email.Bounces.TLSCert, &s.Channels.Email.Bounces.TLSKey, &s.Channels.Email.Bounces.Maildir, &s.Channels.Push.CredentialsFile, &s.Channels.Push.Second.CredentialsFile, &s.Channels.Letter.Folder, &s.Channels.Letter.SecondFolder,
		&s.Bus.CAFile, &s.Bus.TLSCert, &s.Bus.TLSKey, &s.Bus.CredentialsFile, &s.RulesPack, &s.RulesDir, &s.TemplatesDir,
	}
	for _, slot := range s.slots() {
		ps = append(ps, slot.file)
	}
	for i := range s.Sources {
		ps = append(ps, &s.Sources[i].Auth.SecretsFile, &s.Sources[i].Auth.CertificateFile)
	}
	return ps
}

// derive fills in what follows from the rest.
func (s *Settings) derive() {
	s.Inside.derive()
	s.Public.derive()
	fill(&s.MasterKey.File, s.DataDir, "keys", "master.key")
	for i := range s.Sources {
		if s.Sources[i].MaxBody == 0 {
			s.Sources[i].MaxBody = s.Limits.MaxBody
		}
	}
	if relay := &s.Channels.Email.Second; relay.Bounce == "" {
		relay.Bounce = relay.From
	}
	if smtp := &s.Channels.Email.SMTP; smtp.Bounce == "" {
		smtp.Bounce = smtp.From
	}
	if b := &s.Channels.Email.Bounces; b.On() && b.Domain == "" {
		_, b.Domain, _ = strings.Cut(s.Channels.Email.SMTP.Bounce, "@")
	}
}

func fill(p *string, parts ...string) {
	if *p == "" {
		*p = filepath.Join(parts...)
	}
}

func (l *Listener) derive() {
	if l.URL != "" {
		return
	}
	scheme := "http://"
	if l.TLSCert != "" {
		scheme = "https://"
	}
	l.URL = scheme + l.Listen
}

// VerifyPage is the address of the page where people check the code of a message.
func (s Settings) VerifyPage() string { return strings.TrimSuffix(s.Public.URL, "/") + "/verify" }

// BusDir is the folder of the embedded bus.
func (s Settings) BusDir() string { return filepath.Join(s.DataDir, "bus") }

// DatabaseFile is the embedded database.
func (s Settings) DatabaseFile() string { return filepath.Join(s.DataDir, "tocsin.db") }

// KeyDatabaseFile is the embedded key store. It lies in a folder of its own, so
// that a backup of the data can leave it out.
func (s Settings) KeyDatabaseFile() string { return filepath.Join(s.DataDir, "keys", "keys.db") }

// LetterFolder is where batches of letters are put for the printer.
func (s Settings) LetterFolder() string {
	if f := s.Channels.Letter.Folder; f != "" {
		return f
	}
	return filepath.Join(s.DataDir, "letters")
}

// Redacted is the settings as YAML, with every secret hidden.
func (s Settings) Redacted() string {
	b, err := strict.Marshal(s)
	if err != nil {
		return "settings cannot be shown: " + err.Error()
	}
	return string(b)
}
