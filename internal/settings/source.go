package settings

// A Source may post alerts to /hooks/<name>.
type Source struct {
	Name            string `yaml:"name"`
	Format          string `yaml:"format"` // the adapter that reads it
	Auth            Auth   `yaml:"auth"`
	DefaultSeverity string `yaml:"default-severity"` // when the sender says none
	MaxBody         Size   `yaml:"max-body"`         // 0: limits.max-body
}

// Styles of Auth.
const (
	AuthNone             = "none"              // anybody who reaches the inside listener; only on loopback
	AuthBearer           = "bearer"            // Authorization: Bearer <token>
	AuthBasic            = "basic"             // Authorization: Basic <user:password>
	AuthHeader           = "header"            // <header>: <token>
	AuthURLToken         = "url-token"         // /hooks/<name>?token=<token>
	AuthHMAC             = "hmac"              // <header>: <prefix><mac of the body>
	AuthGitHub           = "github"            // X-Hub-Signature-256
	AuthStandardWebhooks = "standard-webhooks" // webhook-id, webhook-timestamp, webhook-signature
	AuthSNS              = "sns"               // the signature in the body, by Amazon's certificate
)

// Auth is how a source proves itself. Plain data: web/hook does the proving.
type Auth struct {
	Style        string `yaml:"style"`
	Token        Secret `yaml:"token"`
	TokenFile    string `yaml:"token-file"`
	User         string `yaml:"user"`
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password-file"`
	Header       string `yaml:"header"`
	Algorithm    string `yaml:"algorithm"` // sha1, sha256, sha512
	Encoding     string `yaml:"encoding"`  // hex, base64
	Prefix       string `yaml:"prefix"`    // before the signature, for example sha256=
	// TimestampHeader is signed together with the body as <timestamp>:<body>, and must be fresh.
	TimestampHeader string `yaml:"timestamp-header"`
	// Secrets all count, so that one can follow the other without a gap.
	Secrets     []Secret `yaml:"secrets"`
	SecretsFile string   `yaml:"secrets-file"` // one a line
	Topics      []string `yaml:"topics"`       // sns: the ARNs that may post
	// CertificateFile is Amazon's signing certificate as PEM, for sns; it is never fetched.
	CertificateFile string `yaml:"certificate-file"`
}
