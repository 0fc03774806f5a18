package settings

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

func noEnv(string) string { return "" }

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWithoutAFileTheDefaultsHold(t *testing.T) {
	s, err := Load("", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if s.Inside.URL != "http://127.0.0.1:8470" || s.MasterKey.File != filepath.Join("data", "keys", "master.key") || s.Channels.Email.Mode != ModeSandbox {
		t.Errorf("%+v", s)
	}
}

func TestTheFileSpeaksOverTheDefaults(t *testing.T) {
	path := write(t, "tocsin.yaml", `
data-dir: d
organisation: {name: Ex, languages: [de]}
channels: {email: {smtp: {timeout: 5s}}}
limits: {max-body: 512KiB}
session: {absolute: 1d}
sources: [{name: s, format: ocsf, auth: {style: none}}]
`)
	s, err := Load(path, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	smtp := s.Channels.Email.SMTP
	switch {
	case s.DataDir != filepath.Join(filepath.Dir(path), "d"):
		t.Errorf("data-dir %s", s.DataDir)
	case !slices.Equal(s.Organisation.Languages, []incidents.Lang{"de"}):
		t.Errorf("languages %v", s.Organisation.Languages)
	case smtp.Timeout.Std() != 5*time.Second || smtp.Connections != 4 || smtp.StartTLS != StartTLSRequired:
		t.Errorf("neighbours of a key lost their defaults: %+v", smtp)
	case s.Session.Absolute.Std() != 24*time.Hour || s.Limits.MaxBody != 512<<10:
		t.Errorf("%v %v", s.Session, s.Limits)
	case s.Sources[0].MaxBody != 512<<10:
		t.Errorf("a source has its own bound: %v", s.Sources[0].MaxBody)
	}
}

func TestAnEmptyFileIsTheDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing yet\n", "---\n"} {
		path := filepath.Join(t.TempDir(), "tocsin.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Load(path, noEnv)
		if err != nil || !reflect.DeepEqual(s.Limits, Default().Limits) {
			t.Errorf("%q: %+v, %v", text, s.Limits, err)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	for _, tc := range []struct{ name, yaml, says string }{
		{"an unknown key", "data-dir: d\nlistn: x\n", "listn"},
		{"an unknown key deep inside", "channels:\n  email:\n    smtp:\n      adress: x\n", "adress"},
		{"a wrong type", "limits:\n  two-approvers-above: many\n", "many"},
		{"a duration without a unit", "session: {idle: '15'}\n", "not a duration"},
		{"a negative size", "limits: {max-body: -1MiB}\n", "not a size"},
		{"an unknown mode", "channels: {email: {mode: carrier-pigeon}}\n", "channels.email.mode"},
		{"a mode without its relay", "channels: {email: {mode: smtp}}\n", "channels.email.smtp.address"},
		{"twilio without its secret", "channels: {sms: {mode: twilio}, twilio: {account-sid: AC1, key-sid: SK1, messaging-service: MG1}}\n", "TOCSIN_TWILIO_SECRET"},
		{"a redaction nobody knows", "channels: {twilio: {redaction: 'yes'}}\n", "channels.twilio.redaction"},
		{"one of the second account", "channels: {twilio-second: {redaction: body}}\n", "channels.twilio-second.redaction"},
		{"a window of another paper", "channels: {letter: {window: us10}}\n", "channels.letter.paper"},
		{"no such window", "channels: {letter: {window: c4}}\n", "channels.letter.window"},
		{"letters without a sender", "channels: {letter: {mode: folder}}\n", "channels.letter.sender"},
		{"a sender with an empty line", "channels: {letter: {sender: [A Ltd, '']}}\n", "channels.letter.sender[1]"},
		{"a batch larger than a chunk", "limits: {window: {letter: 1001}}\n", "limits.window.letter"},
		{"calls from no number", "channels: {phone: {mode: twilio}}\n", "channels.phone.from"},
		{"calls from a number that is none", "channels: {phone: {from: '0800'}}\n", "channels.phone.from"},
		{"calls at no time of day", "channels: {phone: {hours: '9-20'}}\n", "not a time of day"},
		{"calls through the night", "channels: {phone: {hours: '20:00-09:00'}}\n", "end before they begin"},
		{"calls in one half hour", "channels: {phone: {hours: '09:00-09:30'}}\n", "channels.phone.hours"},
		{"calls one after the other", "channels: {phone: {gap: 1m}}\n", "channels.phone.gap"},
		{"calls without end", "channels: {phone: {tries-per-day: 20}}\n", "channels.phone.tries-per-day"},
		{"calls to no country", "channels: {phone: {countries: [Germany]}}\n", "channels.phone.countries[0]"},
		{"texts to no type of number", "channels: {sms: {number-types: []}}\n", "channels.sms.number-types: lets no number through"},
		{"texts to numbers that cost the one who is texted", "channels: {sms: {number-types: [mobile, premium]}}\n", "channels.sms.number-types[1]: \"premium\" is not a type of number that can be allowed: those are [mobile fixed-line-or-mobile fixed-line voip]"},
		{"calls to pagers", "channels: {phone: {number-types: [pager]}}\n", "channels.phone.number-types[0]"},
		{"a second number that is none", "channels: {phone: {second-from: '0800'}}\n", "channels.phone.second-from"},
		{"a second number in the sandbox", "channels: {phone: {second-from: '+14155550199'}}\n", "channels.phone.second-from: is for channels.phone.mode twilio"},
		{"a second number of no account", "channels: {phone: {mode: twilio, from: '+14155550188', second-from: '+14155550199'}}\n", "channels.phone.second-from: is a number of channels.twilio-second"},
		{"a second account nothing uses", "channels: {twilio-second: {account-sid: AC2}}\n", "channels.twilio-second.account-sid: is for channels.sms.mode or channels.phone.mode twilio"},
		{"a second account that calls from no number", "channels: {phone: {mode: twilio, from: '+14155550188'}, twilio: {account-sid: AC1}, twilio-second: {account-sid: AC2}}\n", "channels.phone.second-from: is needed"},
		{"a second account for calls without its secret", "channels: {phone: {mode: twilio, from: '+14155550188', second-from: '+14155550199'}, twilio: {account-sid: AC1}, twilio-second: {account-sid: AC2, key-sid: SK2}}\n", "TOCSIN_TWILIO_SECOND_SECRET"},
		{"a second folder in the sandbox", "channels: {letter: {second-folder: other}}\n", "channels.letter.second-folder: is for"},
		{"a second folder that is the first", "data-dir: d\nchannels: {letter: {mode: folder, sender: [A, B], second-folder: d/letters/}}\n", "channels.letter.second-folder: is the first folder again"},
		{"a cap in money on calls without a price", "limits: {spend: {phone: {money: 100}}}\n", "limits.spend.phone.price"},
		{"a price of letters to no country", "limits: {spend: {letter: {money: 100, price: 1, prices: {Germany: 2}}}}\n", "limits.spend.letter.prices"},
		{"calls in a window too wide", "limits: {window: {phone: 500}}\n", "limits.window.phone"},
		{"a provider in clear", "channels: {push: {base-url: 'http://push.example.org'}}\n", "must be https"},
		{"bounces by SMTP in clear from elsewhere", "channels: {email: {bounces: {listen: '0.0.0.0:25', domain: bounces.example.org}}}\n", "channels.email.bounces.tls-cert"},
		{"bounces to no domain", "channels: {email: {bounces: {listen: '127.0.0.1:25'}}}\n", "channels.email.bounces.domain"},
		{"bounces to half a certificate", "channels: {email: {bounces: {tls-cert: a.pem}}}\n", "channels.email.bounces.tls-cert"},
		{"bounces to no port", "channels: {email: {bounces: {listen: '127.0.0.1', domain: bounces.example.org}}}\n", "channels.email.bounces.listen"},
		{"mail in clear to another machine", "channels: {email: {mode: smtp, smtp: {address: 'mail.example.org:25', from: a@example.org, starttls: 'off'}}}\n", "in clear"},
		{"a source without a secret", "sources: [{name: splunk, format: x, auth: {style: bearer}}]\n", "TOCSIN_SOURCE_SPLUNK_TOKEN"},
		{"a source without an auth style", "sources: [{name: splunk, format: x}]\n", "auth.style"},
		{"live letters that lead to nowhere", "channels: {letter: {mode: folder, sender: [A, B]}}\n", "public.url: http://127.0.0.1:8471 leads to this machine"},
		{"live mail that leads to localhost", "public: {url: 'https://localhost:8471'}\nchannels: {email: {mode: smtp}}\n", "public.url: https://localhost:8471 leads to this machine"},
		{"live mail that leads people in clear", "organisation: {domains: [example.org]}\npublic: {url: 'http://example.org'}\nchannels: {email: {mode: smtp}}\n", "public.url: http://example.org is not https"},
		{"live mail that leads to somebody else", "organisation: {domains: [example.org]}\npublic: {url: 'https://notexample.org'}\nchannels: {email: {mode: smtp}}\n", "public.url: is on notexample.org"},
		{"an open source on the network", "inside: {listen: '0.0.0.0:8470'}\nsources: [{name: s, format: x, auth: {style: none}}]\n", "only for an inside listener on loopback"},
		{"two sources of one name", "sources: [{name: s, format: x, auth: {style: none}}, {name: s, format: x, auth: {style: none}}]\n", "twice"},
		{"a source name with a slash", "sources: [{name: a/b, format: x, auth: {style: none}}]\n", "not a source name"},
		{"sns from anybody", "sources: [{name: s, format: x, auth: {style: sns}}]\n", "topics"},
		{"a short signing secret", "sources: [{name: s, format: x, auth: {style: github, secrets: [short]}}]\n", "16 characters"},
		{"a pack nobody signed", "rules-pack: law.pack\n", "rules-keys: is needed"},
		{"the secret key in place of the public one", "rules-keys: ['PRIVATE+KEY+law+1a2b3c4d+AZ1VObBpfMuXjXRCHlJdjQsbrJqHnGSHNcHyPeVsh6ib']\n", "rules-keys[0]: is not a public key"},
		{"half a certificate", "inside: {tls-cert: c.pem}\n", "tls-key"},
		{"a database that is neither", "database: {url: 'mysql://x'}\n", "database.url"},
		{"credentials in the bus address", "bus: {url: 'nats://u:p@bus:4222'}\n", "must not hold credentials"},
		{"collectors on the network", "bus: {collector-listen: '0.0.0.0:4222'}\n", "loopback"},
		{"an account for the embedded bus", "bus: {user: tocsin}\n", "bus.url: is needed"},
		{"a certificate for the bus without its key", "bus: {url: 'tls://bus:4222', tls-cert: c.pem}\n", "bus.tls-key"},
		{"two users for the bus", "bus: {url: 'tls://bus:4222', user: u, credentials-file: f}\n", "bus.credentials-file"},
		{"an intake that takes the whole bus", "bus: {max-intake: 6GiB}\n", "4GiB"},
		{"a collector without a password", "bus: {collectors: {wazuh: {}}}\n", "TOCSIN_COLLECTOR_WAZUH"},
		{"a collector for no source", "bus: {collectors: {wazoo: {password: collector password 1}}}\nsources: [{name: wazuh, format: wazuh, auth: {style: none}}]\n", "bus.collectors.wazoo: there is no source of this name"},
		{"quiet hours that are no time", "channels: {quiet-hours: {from: '25:00'}}\n", "channels.quiet-hours.from"},
		{"quiet hours that leave no day", "channels: {quiet-hours: {from: '09:00', to: '08:00'}}\n", "4 hours at least"},
		{"quiet hours of a channel that is silent", "channels: {quiet-hours: {channels: [email]}}\n", "channels.quiet-hours.channels[0]"},
		{"minors neither told nor not", "persons: {minors-without-guardian: maybe}\n", "persons.minors-without-guardian"},
		{"the dead told", "persons: {deceased: tell}\n", "persons.deceased"},
		{"no language", "organisation: {languages: []}\n", "organisation.languages"},
		{"a language that is none", "organisation: {languages: [english]}\n", "english"},
		{"a domain with a scheme", "organisation: {domains: ['https://example.org']}\n", "organisation.domains[0]"},
		{"the team's webhook in clear", "escalation: {webhook: {url: \"http://chat.example.org/hook\"}}\n", "escalation.webhook.url"},
		{"the team's webhook is no address", "escalation: {webhook: {url: chat}}\n", "escalation.webhook.url"},
		{"a secret for no webhook", "escalation: {webhook: {secret: abc}}\n", "escalation.webhook.url"},
		{"idle longer than absolute", "session: {idle: 9h}\n", "session.idle"},
		{"a secret given twice", "bus: {password: x, password-file: y}\n", "bus.password"},
		{"a secret file that is not there", "bus: {password-file: nowhere}\n", "bus.password-file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(write(t, "tocsin.yaml", tc.yaml), noEnv)
			switch {
			case err == nil:
				t.Fatal("accepted")
			case incidents.KindOf(err) != incidents.KindInvalid:
				t.Errorf("kind %s", incidents.KindOf(err))
			case !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), "tocsin.yaml"):
				t.Errorf("does not name file and cause: %v", err)
			}
		})
	}
}

func TestAnUnknownKeyIsNamedWithItsLineButNoSecretIsShown(t *testing.T) {
	path := write(t, "tocsin.yaml", "bus:\n  password: hunter2hunter2\n  pasword-file: x\nsources:\n- name: s\n  auth:\n    secrets:\n    - zq81kk22\n    tokn: y\n")
	_, err := Load(path, noEnv)
	if err == nil || !strings.Contains(err.Error(), "[3:") || !strings.Contains(err.Error(), "pasword-file") {
		t.Errorf("no line: %v", err)
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "zq81kk22") {
		t.Errorf("the secret is shown: %v", err)
	}
}

func TestAllProblemsAreNamedAtOnce(t *testing.T) {
	_, err := Load(write(t, "tocsin.yaml", "log: {level: loud, format: xml}\n"), noEnv)
	if err == nil || !strings.Contains(err.Error(), "log.level") || !strings.Contains(err.Error(), "log.format") {
		t.Errorf("%v", err)
	}
}

func TestAMissingFileIsSaidSo(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "no.yaml"), noEnv); incidents.KindOf(err) != incidents.KindNotFound {
		t.Errorf("%v", err)
	}
}

func TestSecretsComeFromTheEnvironmentThenFromFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"smtp": "from the file\n", "hooks": "first-secret-0123456789\nsecond-secret-0123456789\n", "collector": "collector password 1",
		"tocsin.yaml": `
channels: {email: {smtp: {password-file: smtp}}, twilio: {secret: from the settings}}
bus: {collectors: {wazuh: {password-file: collector}}}
sources:
- {name: my-github, format: x, auth: {style: github, secrets-file: hooks}}
- {name: my-splunk, format: x, auth: {style: bearer}}
- {name: wazuh, format: x, auth: {style: none}}
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(filepath.Join(dir, "tocsin.yaml"), env("TOCSIN_TWILIO_SECRET", "from the environment", "TOCSIN_SOURCE_MY_SPLUNK_TOKEN", "tok", "TOCSIN_PASSPHRASE", "open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"file":            {s.Channels.Email.SMTP.Password.Reveal(), "from the file"},
		"environment":     {s.Channels.Twilio.Secret.Reveal(), "from the environment"},
		"token":           {s.Sources[1].Auth.Token.Reveal(), "tok"},
		"passphrase":      {s.MasterKey.Passphrase.Reveal(), "open sesame"},
		"collector":       {s.Bus.Collectors["wazuh"].Password.Reveal(), "collector password 1"},
		"several secrets": {s.Sources[0].Auth.Secrets[1].Reveal(), "second-secret-0123456789"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}
}

// planted fills every secret of the example with a word to search for.
func planted(t *testing.T) Settings {
	t.Helper()
	s := exampleAsRead(t)
	n := 0
	walk(reflect.ValueOf(&s).Elem(), "", func(_ string, v reflect.Value) {
		if v.Type() == reflect.TypeFor[Secret]() && v.CanSet() {
			v.SetString("plantedsecret")
			n++
		}
	})
	if n < 10 {
		t.Fatalf("only %d secrets found", n)
	}
	s.Bus.Collectors = map[string]Collector{"x": {Password: "plantedsecret"}}
	return s
}

func TestNoSecretIsEverPrinted(t *testing.T) {
	s := planted(t)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "settings", s, "one", s.Bus.Password)
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for what, out := range map[string]string{
		"Redacted": s.Redacted(), "%v": fmt.Sprintf("%v", s), "%+v": fmt.Sprintf("%+v", s), "%#v": fmt.Sprintf("%#v", s),
		"json": string(asJSON), "log": logged.String(),
		"pointer": fmt.Sprintf("%v", &s),
	} {
		if strings.Contains(out, "plantedsecret") {
			t.Errorf("%s shows a secret", what)
		}
		if what != "log" && !strings.Contains(out, "(secret)") {
			t.Errorf("%s does not say that there is one: %.200s", what, out)
		}
	}
	if s.Bus.Password.Reveal() != "plantedsecret" {
		t.Error("Reveal does not reveal")
	}
}

func TestRedactedCanBeReadAgain(t *testing.T) {
	s := planted(t)
	var again Settings
	if err := strict.Unmarshal("redacted", []byte(s.Redacted()), &again); err != nil {
		t.Fatal(err)
	}
	if again.Session != s.Session || !reflect.DeepEqual(again.Limits, s.Limits) || again.Correlation != s.Correlation {
		t.Errorf("%+v", again)
	}
}

// walk calls f for every leaf of v, with its path of YAML keys; lists and maps
// are walked through their elements.
func walk(v reflect.Value, path string, f func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			key := v.Type().Field(i).Tag.Get("yaml")
			walk(v.Field(i), strings.TrimPrefix(path+"."+key, "."), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), path+"[]", f)
		}
		if v.Len() == 0 {
			f(path, v)
		}
	default:
		f(path, v)
	}
}

func TestEverySecretHasItsFileAndVariable(t *testing.T) {
	s := exampleAsRead(t)
	known := map[*Secret]bool{}
	variables := map[string]bool{}
	for _, sl := range s.slots() {
		known[sl.value] = true
		if variables[sl.env] {
			t.Errorf("%s is used twice", sl.env)
		}
		variables[sl.env] = true
	}
	walk(reflect.ValueOf(&s).Elem(), "", func(path string, v reflect.Value) {
		if p, ok := v.Addr().Interface().(*Secret); ok && !known[p] && !strings.HasSuffix(path, "secrets[]") {
			t.Errorf("%s comes from the file alone", path)
		}
	})
}

func TestKeysAreKebabCase(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	var check func(reflect.Type)
	check = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Slice, reflect.Map:
			check(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				if key := typ.Field(i).Tag.Get("yaml"); !kebab.MatchString(key) {
					t.Errorf("%s.%s has key %q", typ.Name(), typ.Field(i).Name, key)
				}
				check(typ.Field(i).Type)
			}
		}
	}
	check(reflect.TypeFor[Settings]())
}

func TestBouncesGoToTheDomainOfTheSender(t *testing.T) {
	s, err := Load(write(t, "tocsin.yaml", "channels: {email: {smtp: {from: security@example.org}, bounces: {maildir: bounces}}}\n"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if b := s.Channels.Email.Bounces; !b.On() || b.Domain != "example.org" || !filepath.IsAbs(b.Maildir) {
		t.Errorf("%+v", b)
	}
	if s, err = Load("", noEnv); err != nil || s.Channels.Email.Bounces.On() {
		t.Errorf("bounces are on by themselves: %v", err)
	}
}

// A second account may serve calls alone: then it needs no sender of text messages.
func TestASecondAccountForCallsAlone(t *testing.T) {
	const yaml = "organisation: {domains: [example.org]}\npublic: {url: https://security.example.org}\nchannels:\n  phone: {mode: twilio, from: '+14155550188', second-from: '+14155550199'}\n" +
		"  twilio: {account-sid: AC1, key-sid: SK1, secret: a, auth-token: b}\n  twilio-second: {account-sid: AC2, key-sid: SK2, secret: c, auth-token: d}\n"
	s, err := Load(write(t, "tocsin.yaml", yaml), noEnv)
	if err != nil || s.Channels.Phone.SecondFrom != "+14155550199" || s.Channels.TwilioSecond.AuthToken.Reveal() != "d" {
		t.Errorf("%v", err)
	}
}
