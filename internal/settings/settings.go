package settings

import "tocsin/incidents"

// Settings is the whole file. What each key means is written beside it in the
// example file, see Example.
type Settings struct {
	// DataDir holds everything that is kept on this machine.
	DataDir      string       `yaml:"data-dir"`
	Organisation Organisation `yaml:"organisation"`
	Inside       Listener     `yaml:"inside"`
	Public       Listener     `yaml:"public"`
	Database     Database     `yaml:"database"`
	KeyDatabase  Database     `yaml:"key-database"`
	Bus          Bus          `yaml:"bus"`
	MasterKey    MasterKey    `yaml:"master-key"`
	Channels     Channels     `yaml:"channels"`
	Persons      Persons      `yaml:"persons"`
	Limits       Limits       `yaml:"limits"`
	Sources      []Source     `yaml:"sources"`
	Correlation  Correlation  `yaml:"correlation"`
	Dispatch     Dispatch     `yaml:"dispatch"`
	Targets      Targets      `yaml:"targets"`
	Escalation   Escalation   `yaml:"escalation"`
	Session      Session      `yaml:"session"`
	Log          Log          `yaml:"log"`
	// RulesPack is a signed file of rules in place of the built-in ones; RulesKeys
	// are the public keys it may be signed with.
	RulesPack string   `yaml:"rules-pack"`
	RulesKeys []string `yaml:"rules-keys"`
	// RulesDir and TemplatesDir hold files that stand in for the built-in ones, or
	// for those of the pack, of the same name.
	RulesDir     string `yaml:"rules-dir"`
	TemplatesDir string `yaml:"templates-dir"`
}

// Organisation is who gives notice.
type Organisation struct {
	Name      string           `yaml:"name"`      // legal name
	Country   incidents.Place  `yaml:"country"`   // where it is established, ISO 3166
	Domains   []string         `yaml:"domains"`   // the only domains links in notices may point to
	Contact   Contact          `yaml:"contact"`   // for affected persons
	DPO       Contact          `yaml:"dpo"`       // data protection officer, for regulators
	Languages []incidents.Lang `yaml:"languages"` // default first
	Facts     map[string]any   `yaml:"facts"`     // what is true of us whatever happens; see Known
}

// Contact is a person or desk that answers.
type Contact struct {
	Name  string `yaml:"name"`
	Email string `yaml:"email"`
	Phone string `yaml:"phone"`
}

// Listener is one HTTP listener and the address people reach it at.
type Listener struct {
	Listen         string   `yaml:"listen"`
	URL            string   `yaml:"url"` // as seen from outside, through any proxy
	TLSCert        string   `yaml:"tls-cert"`
	TLSKey         string   `yaml:"tls-key"`
	TrustedProxies []string `yaml:"trusted-proxies"` // whose X-Forwarded-For is believed
}

// Database is where rows are kept; an empty URL is SQLite in the data folder.
type Database struct {
	URL     Secret `yaml:"url"` // may hold a password
	URLFile string `yaml:"url-file"`
}

// Bus is the message bus; an empty URL is the embedded one.
type Bus struct {
	URL             string               `yaml:"url"`
	User            string               `yaml:"user"`
	Password        Secret               `yaml:"password"`
	PasswordFile    string               `yaml:"password-file"`
	CAFile          string               `yaml:"ca-file"`  // who signed an external server's certificate; empty: the system's
	TLSCert         string               `yaml:"tls-cert"` // what is shown to an external server
	TLSKey          string               `yaml:"tls-key"`
	CredentialsFile string               `yaml:"credentials-file"` // a NATS user's token and key, instead of user and password
	Replicas        int                  `yaml:"replicas"`         // of every stream; 0: 3 where the cluster has three servers, else 1
	MaxIntake       Size                 `yaml:"max-intake"`       // of alerts on the bus that are not in the database yet
	CollectorListen string               `yaml:"collector-listen"`
	Collectors      map[string]Collector `yaml:"collectors"` // by the name of a source
}

// Collector is the credential of a program that publishes straight to the bus.
type Collector struct {
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password-file"`
}

// MasterKey is what all personal data is sealed under in the end.
type MasterKey struct {
	File           string `yaml:"file"`
	Passphrase     Secret `yaml:"passphrase"`
	PassphraseFile string `yaml:"passphrase-file"`
}

// Persons says how those are told who cannot simply be written to.
type Persons struct {
	Minors   string `yaml:"minors-without-guardian"` // tell, suppress
	Deceased string `yaml:"deceased"`                // suppress, representative
	// CoverSensitive leaves notices about sensitive data out of the e-mail: they
	// are read on the page where the code is checked.
	CoverSensitive bool `yaml:"cover-sensitive"`
}

// What becomes of a notice about a person who has died.
const (
	DeceasedSuppress       = "suppress"
	DeceasedRepresentative = "representative"
)

// Routes are the settings in the words of the domain.
func (p Persons) Routes() incidents.Routes {
	return incidents.Routes{Minors: p.Minors, Representatives: p.Deceased == DeceasedRepresentative}
}

// Limits bounds what is taken in and how it is sent.
type Limits struct {
	TwoApproversAbove int64  `yaml:"two-approvers-above"` // persons; 0: one is always enough
	Window            Window `yaml:"window"`
	Spend             Spend  `yaml:"spend"`
	MaxBody           Size   `yaml:"max-body"`   // of one alert
	MaxImport         Size   `yaml:"max-import"` // of one list of persons, as it is sent: packed, if it is packed
	MaxUpload         Size   `yaml:"max-upload"` // of one receipt or attachment
}

// Spend is when an incident has to stop sending until two people agree to more.
type Spend struct {
	Currency string `yaml:"currency"` // ISO 4217
	Email    Tariff `yaml:"email"`
	SMS      Tariff `yaml:"sms"`
	Push     Tariff `yaml:"push"`
	Phone    Tariff `yaml:"phone"` // a message is a call that was asked for, whoever answers
	Letter   Tariff `yaml:"letter"`
}

// Tariff is what a channel's messages cost, in hundredths of the currency, and
// how many of them one incident may send. 0: no cap.
type Tariff struct {
	Messages int64            `yaml:"messages"`
	Money    int64            `yaml:"money"`
	Price    int64            `yaml:"price"`
	Prices   map[string]int64 `yaml:"prices"` // by country, ISO 3166
}

// Window is how many sends may be in doubt per worker after a crash, by channel.
type Window struct {
	Email  int `yaml:"email"`
	SMS    int `yaml:"sms"`
	Push   int `yaml:"push"`
	Phone  int `yaml:"phone"`
	Letter int `yaml:"letter"` // also the letters of one batch
}

// Dispatch is how the sending of notices recovers and keeps going.
type Dispatch struct {
	Workers   int      `yaml:"workers"`    // chunks of 1,000 persons worked on at once, of each channel
	Lease     Duration `yaml:"lease"`      // a worker not heard of for this long is taken for dead
	Sweep     Duration `yaml:"sweep"`      // how often what was forgotten is looked for
	DoubtWait Duration `yaml:"doubt-wait"` // before a doubtful message is sent again
	// FirstWave is how many messages of a notice may be attempted before the checks
	// of what came of them pass; 0: none has a first wave.
	FirstWave     int      `yaml:"first-wave"`
	FirstWaveWait Duration `yaml:"first-wave-wait"` // for answers, before the wave is judged without them
}

// Correlation says when an alert joins an open incident.
type Correlation struct {
	JoinWithin Duration `yaml:"join-within"`
}

// Targets are the team's own, for duties that say only "without undue delay".
type Targets struct {
	IndividualsHours int `yaml:"individuals-hours"`
	RegulatorHours   int `yaml:"regulator-hours"`
}

// Escalation is who is told that a clock burns.
type Escalation struct {
	Email   []string `yaml:"email"`
	Webhook Webhook  `yaml:"webhook"`
}

// A Webhook is an address of the team's own tools that is told by POST. The
// address often is a secret itself; with Secret what is sent is signed.
type Webhook struct {
	URL        Secret `yaml:"url"`
	URLFile    string `yaml:"url-file"`
	Secret     Secret `yaml:"secret"`
	SecretFile string `yaml:"secret-file"`
}

// Session bounds a sign-in to the console.
type Session struct {
	Idle     Duration `yaml:"idle"`
	Absolute Duration `yaml:"absolute"`
}

// Log says how much is logged, and how.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // text, json
}
