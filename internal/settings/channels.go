package settings

import "tocsin/incidents"

// Modes of a channel. In the sandbox a message is kept on this machine and can
// be read in the console; nobody is told.
const (
	ModeSandbox = "sandbox"
	ModeSMTP    = "smtp"
	ModeTwilio  = "twilio"
	ModeFCM     = "fcm"
	ModeFolder  = "folder"
)

// Channels is how people are reached.
type Channels struct {
	Email  Email  `yaml:"email"`
	SMS    SMS    `yaml:"sms"`
	Phone  Phone  `yaml:"phone"`
	Push   Push   `yaml:"push"`
	Letter Letter `yaml:"letter"`
	Twilio Twilio `yaml:"twilio"`
	// TwilioSecond carries on while the first account cannot; without account-sid there is none.
	TwilioSecond Twilio `yaml:"twilio-second"`
	Quiet        Quiet  `yaml:"quiet-hours"`
}

// Quiet are the hours in which nobody is disturbed, by the clock where the
// person lives.
type Quiet struct {
	From     string              `yaml:"from"`     // 21:00
	To       string              `yaml:"to"`       // 08:00; the same as from: no quiet hours
	Channels []incidents.Channel `yaml:"channels"` // sms, phone, push; none: no quiet hours
}

// Hours returns the quiet hours of checked settings. home stands in for the
// place of a person that is not known.
func (q Quiet) Hours(home incidents.Place) (incidents.QuietHours, error) {
	from, err := incidents.ParseClockTime(q.From)
	if err != nil {
		return incidents.QuietHours{}, err
	}
	to, err := incidents.ParseClockTime(q.To)
	return incidents.QuietHours{From: from, To: to, Channels: q.Channels, Home: home}, err
}

// Email is the e-mail channel.
type Email struct {
	Mode string `yaml:"mode"` // sandbox, smtp
	SMTP SMTP   `yaml:"smtp"`
	// Second is a relay that carries on while the first cannot; without an address there is none.
	Second  SMTP    `yaml:"second"`
	Bounces Bounces `yaml:"bounces"`
}

// Bounces is how mail that comes back reaches us. With neither a listener nor
// a folder it goes to smtp.bounce, and nobody here hears of it.
type Bounces struct {
	Domain  string `yaml:"domain"` // of the addresses it comes to; that of smtp.bounce when empty
	Listen  string `yaml:"listen"` // host:port for SMTP; empty: none
	TLSCert string `yaml:"tls-cert"`
	TLSKey  string `yaml:"tls-key"`
	Maildir string `yaml:"maildir"` // folder a mail system of the organisation delivers into; empty: none
}

// On tells whether bounces come to us.
func (b Bounces) On() bool { return b.Listen != "" || b.Maildir != "" }

// SMTP is the relay that takes e-mail from us.
type SMTP struct {
	Address       string   `yaml:"address"` // host:port
	Username      string   `yaml:"username"`
	Password      Secret   `yaml:"password"`
	PasswordFile  string   `yaml:"password-file"`
	StartTLS      string   `yaml:"starttls"` // required, off, implicit
	CAFile        string   `yaml:"ca-file"`  // of a relay with a private certificate
	Hello         string   `yaml:"hello"`    // our name in EHLO
	From          string   `yaml:"from"`
	FromName      string   `yaml:"from-name"`
	ReplyTo       string   `yaml:"reply-to"`
	Bounce        string   `yaml:"bounce"` // envelope sender, where bounces go
	Connections   int      `yaml:"connections"`
	RatePerSecond float64  `yaml:"rate-per-second"` // 0: as fast as the relay takes it
	Timeout       Duration `yaml:"timeout"`
	FinalTimeout  Duration `yaml:"final-timeout"` // of the answer to a whole message
}

// How a connection to the relay is protected.
const (
	StartTLSRequired = "required"
	StartTLSOff      = "off"
	StartTLSImplicit = "implicit"
)

// SMS is the text message channel.
type SMS struct {
	Mode           string   `yaml:"mode"` // sandbox, twilio
	RatePerSecond  float64  `yaml:"rate-per-second"`
	Timeout        Duration `yaml:"timeout"`
	ValidityPeriod Duration `yaml:"validity-period"` // after that the provider gives up
	Countries      []string `yaml:"countries"`       // where messages may go, ISO 3166; empty: anywhere
	// NumberTypes are the types of number that are texted.
	NumberTypes []incidents.NumberType `yaml:"number-types"`
}

// Phone is the telephone channel.
type Phone struct {
	Mode          string   `yaml:"mode"`        // sandbox, twilio
	From          string   `yaml:"from"`        // E.164; the number people see
	SecondFrom    string   `yaml:"second-from"` // the same of the account that carries on; empty: it makes no calls
	Hours         Hours    `yaml:"hours"`
	TriesPerDay   int      `yaml:"tries-per-day"` // to one person who is not reached; then the next channel
	Gap           Duration `yaml:"gap"`           // between two of them
	RatePerSecond float64  `yaml:"rate-per-second"`
	Timeout       Duration `yaml:"timeout"`
	Countries     []string `yaml:"countries"` // where calls may go, ISO 3166; empty: anywhere
	// NumberTypes are the types of number that are called.
	NumberTypes []incidents.NumberType `yaml:"number-types"`
}

// Push is the app notification channel.
type Push struct {
	Mode            string   `yaml:"mode"`     // sandbox, fcm
	BaseURL         string   `yaml:"base-url"` // empty: Google's own
	Project         string   `yaml:"project"`
	CredentialsFile string   `yaml:"credentials-file"` // service account; empty: none is shown, for stand-ins
	RatePerSecond   float64  `yaml:"rate-per-second"`
	Timeout         Duration `yaml:"timeout"`
	// Second carries on while the first project cannot; without project there is none.
	Second FCM `yaml:"second"`
}

// Letter is the post, through a printer that takes batches from a folder.
type Letter struct {
	Mode   string `yaml:"mode"`   // sandbox, folder
	Folder string `yaml:"folder"` // empty: letters in the data folder
	// SecondFolder takes the batches while the first cannot be written; empty: there is none.
	SecondFolder string   `yaml:"second-folder"`
	Paper        string   `yaml:"paper"`  // a4, letter
	Window       string   `yaml:"window"` // of the envelope: din5008b, us10
	Sender       []string `yaml:"sender"` // name and lines of the return address
	Duplex       bool     `yaml:"duplex"` // each letter begins on a front page
}

// Paper and windows of letters.
const (
	PaperA4        = "a4"
	PaperLetter    = "letter"
	WindowDIN5008B = "din5008b"
	WindowUS10     = "us10"
)

// FCM is one more Firebase project.
type FCM struct {
	BaseURL         string  `yaml:"base-url"`
	Project         string  `yaml:"project"`
	CredentialsFile string  `yaml:"credentials-file"`
	RatePerSecond   float64 `yaml:"rate-per-second"`
}

// Twilio is the account behind SMS and telephone.
type Twilio struct {
	BaseURL          string `yaml:"base-url"` // empty: Twilio's own
	AccountSID       string `yaml:"account-sid"`
	KeySID           string `yaml:"key-sid"`
	Secret           Secret `yaml:"secret"`
	SecretFile       string `yaml:"secret-file"`
	AuthToken        Secret `yaml:"auth-token"` // checks the signatures of callbacks
	AuthTokenFile    string `yaml:"auth-token-file"`
	MessagingService string `yaml:"messaging-service"`
	From             string `yaml:"from"` // E.164; for SMS without a messaging service
	// Redaction is what Twilio blanks of a text message once it is sent; only an
	// account with Message Redaction can.
	Redaction string `yaml:"redaction"` // none, numbers, all
}

// What Twilio blanks of text messages.
const (
	RedactNone    = "none"
	RedactNumbers = "numbers"
	RedactAll     = "all"
)
