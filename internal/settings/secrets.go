package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"tocsin/incidents"
)

// A slot is one secret: its key in the file, its variable, and where it goes.
type slot struct {
	key   string
	env   string
	value *Secret
	file  *string
}

// slots lists every secret that is a single value.
func (s *Settings) slots() []slot {
	smtp, twilio := &s.Channels.Email.SMTP, &s.Channels.Twilio
	list := []slot{
		{"database.url", "TOCSIN_DATABASE_URL", &s.Database.URL, &s.Database.URLFile},
		{"key-database.url", "TOCSIN_KEY_DATABASE_URL", &s.KeyDatabase.URL, &s.KeyDatabase.URLFile},
		{"bus.password", "TOCSIN_BUS_PASSWORD", &s.Bus.Password, &s.Bus.PasswordFile},
		{"master-key.passphrase", "TOCSIN_PASSPHRASE", &s.MasterKey.Passphrase, &s.MasterKey.PassphraseFile},
		{"channels.email.smtp.password", "TOCSIN_SMTP_PASSWORD", &smtp.Password, &smtp.PasswordFile},
		{"channels.email.second.password", "TOCSIN_SMTP_SECOND_PASSWORD", &s.Channels.Email.Second.Password, &s.Channels.Email.Second.PasswordFile},
		{"channels.twilio-second.secret", "TOCSIN_TWILIO_SECOND_SECRET", &s.Channels.TwilioSecond.Secret, &s.Channels.TwilioSecond.SecretFile},
		{"channels.twilio-second.auth-token", "TOCSIN_TWILIO_SECOND_AUTH_TOKEN", &s.Channels.TwilioSecond.AuthToken, &s.Channels.TwilioSecond.AuthTokenFile},
		{"channels.twilio.secret", "TOCSIN_TWILIO_SECRET", &twilio.Secret, &twilio.SecretFile},
		{"channels.twilio.auth-token", "TOCSIN_TWILIO_AUTH_TOKEN", &twilio.AuthToken, &twilio.AuthTokenFile},
		{"escalation.webhook.url", "TOCSIN_TEAM_WEBHOOK", &s.Escalation.Webhook.URL, &s.Escalation.Webhook.URLFile},
		{"escalation.webhook.secret", "TOCSIN_TEAM_WEBHOOK_SECRET", &s.Escalation.Webhook.Secret, &s.Escalation.Webhook.SecretFile},
	}
	for i := range s.Sources {
		a, name := &s.Sources[i].Auth, s.Sources[i].Name
		list = append(list,
			slot{sourceKey(name) + ".token", sourceEnv(name, "TOKEN"), &a.Token, &a.TokenFile},
			slot{sourceKey(name) + ".password", sourceEnv(name, "PASSWORD"), &a.Password, &a.PasswordFile})
	}
	return list
}

func sourceKey(name string) string { return "sources[" + name + "].auth" }

func sourceEnv(name, what string) string { return "TOCSIN_SOURCE_" + shout(name) + "_" + what }

func shout(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// readSecrets fills the secrets from the environment, else from their files.
func (s *Settings) readSecrets(env func(string) string) error {
	for _, slot := range s.slots() {
		if err := slot.read(env); err != nil {
			return err
		}
	}
	for i := range s.Sources {
		if err := s.Sources[i].readSecrets(env); err != nil {
			return err
		}
	}
	return s.Bus.readCollectors(env)
}

func (b *Bus) readCollectors(env func(string) string) error {
	for source, c := range b.Collectors {
		sl := slot{"bus.collectors." + source + ".password", "TOCSIN_COLLECTOR_" + shout(source), &c.Password, &c.PasswordFile}
		if err := sl.read(env); err != nil {
			return err
		}
		b.Collectors[source] = c
	}
	return nil
}

func (src *Source) readSecrets(env func(string) string) error {
	a := &src.Auth
	var joined Secret
	sl := slot{sourceKey(src.Name) + ".secrets", sourceEnv(src.Name, "SECRETS"), &joined, &a.SecretsFile}
	if len(a.Secrets) > 0 && a.SecretsFile != "" {
		return sl.twice()
	}
	if err := sl.read(env); err != nil || joined == "" {
		return err
	}
	a.Secrets = nil
	for _, line := range strings.FieldsFunc(string(joined), func(r rune) bool { return r == '\n' || r == '\r' || r == ',' }) {
		if line = strings.TrimSpace(line); line != "" {
			a.Secrets = append(a.Secrets, Secret(line))
		}
	}
	return nil
}

// read prefers the variable, then the file, then what the settings file says.
func (sl slot) read(env func(string) string) error {
	if sl.value.Set() && *sl.file != "" {
		return sl.twice()
	}
	if v := env(sl.env); v != "" {
		*sl.value = Secret(v)
		return nil
	}
	if *sl.file == "" {
		return nil
	}
	data, err := os.ReadFile(*sl.file)
	if errors.Is(err, fs.ErrNotExist) {
		return incidents.Invalid("there is no file %s", *sl.file).On(sl.key + "-file")
	}
	if err != nil {
		return fmt.Errorf("%s-file: %w", sl.key, err)
	}
	v := strings.TrimRight(string(data), "\r\n")
	if v == "" {
		return incidents.Invalid("the file %s is empty", *sl.file).On(sl.key + "-file")
	}
	*sl.value = Secret(v)
	return nil
}

func (sl slot) twice() error {
	return incidents.Invalid("is given here and as %s-file", sl.key[strings.LastIndex(sl.key, ".")+1:]).
		On(sl.key).WithHint("keep one of the two, or set %s", sl.env)
}

// scheme returns the scheme of an address without ever quoting the address.
func scheme(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme
}
