package regulators

// The shapes of the rule pack's files. Unknown keys are errors.

// A jurisdictionFile is one file of rules/.
type jurisdictionFile struct {
	Jurisdiction string                `yaml:"jurisdiction"` // "EU", "CN", "US-CA"
	Name         string                `yaml:"name"`
	Zone         string                `yaml:"zone"`     // IANA zone in which days are counted
	Calendar     string                `yaml:"calendar"` // business days, unless a clock names another
	Conditions   map[string]clauseSpec `yaml:"conditions"`
	Rules        []ruleSpec            `yaml:"rules"`
}

// A ruleSpec is one duty as written.
type ruleSpec struct {
	ID          string           `yaml:"id"`
	Title       string           `yaml:"title"`
	TitleZH     string           `yaml:"title-zh"`
	Law         string           `yaml:"law"`
	Citation    string           `yaml:"citation"`
	Authority   string           `yaml:"authority"`
	Directory   string           `yaml:"directory"` // authorities/<directory>.yaml names the authority of a place
	Audience    string           `yaml:"audience"`
	Status      string           `yaml:"status"`
	Effective   string           `yaml:"effective"`
	Until       string           `yaml:"until"`
	Confidence  string           `yaml:"confidence"`
	Unverified  []string         `yaml:"unverified"`
	Sources     []string         `yaml:"sources"`
	Locators    []string         `yaml:"locators"` // official addresses given from memory, not opened
	Checked     string           `yaml:"checked"`
	Binding     string           `yaml:"binding"`
	Exceptions  []string         `yaml:"exceptions"`
	Substitute  []substituteSpec `yaml:"substitute"`
	Penalty     string           `yaml:"penalty"`
	Notes       []string         `yaml:"notes"`
	Content     []string         `yaml:"content"`
	Headings    []string         `yaml:"headings"`  // prescribed by the law, in order
	Forbidden   []string         `yaml:"forbidden"` // what the notice must not say, in plain words
	Remedies    []remedySpec     `yaml:"remedies"`  // what is owed besides the words
	Records     string           `yaml:"records"`   // what must be kept, and how long
	Deemed      []string         `yaml:"deemed"`    // other laws whose notice counts as this one, in plain words
	Language    []string         `yaml:"language"`  // of the notice or report, as the law or the authority wants it
	Via         string           `yaml:"via"`       // how the law was read
	Report      string           `yaml:"report"`
	Place       string           `yaml:"place"`    // whose residents count: a place or a group
	PlaceOf     string           `yaml:"place-of"` // text fact that names the place of the authority
	FanOut      string           `yaml:"fan-out"`  // one obligation per place of this group with residents
	Pause       string           `yaml:"pause"`    // tri fact that stops the clock
	PauseReason string           `yaml:"pause-reason"`
	Applies     []clauseSpec     `yaml:"applies"`
	Clock       clockSpec        `yaml:"clock"`
}

// A remedySpec is something owed to people besides being told.
type remedySpec struct {
	What     string `yaml:"what"`   // credit-monitoring, identity-theft-services, security-freeze, other
	Months   int    `yaml:"months"` // 0: the law gives no number
	When     string `yaml:"when"`   // in plain words; empty: always
	Citation string `yaml:"citation"`
}

// A clauseSpec is one condition with the words that explain it. Exactly one of
// When, Use and Requires is set.
type clauseSpec struct {
	When     string `yaml:"when"`
	Because  string `yaml:"because"`
	Not      string `yaml:"not"`
	Unknown  string `yaml:"unknown"`
	Use      string `yaml:"use"`      // a named condition of the same file
	Requires string `yaml:"requires"` // another rule that must apply
}

// A clockSpec is how the due time is counted.
type clockSpec struct {
	Start      string      `yaml:"start"`
	Facts      []string    `yaml:"facts"`
	Pick       string      `yaml:"pick"`  // first (default): the first known one; earliest: the earliest known one
	After      []string    `yaml:"after"` // rules whose due time starts this clock
	YearEnd    bool        `yaml:"year-end"`
	Length     string      `yaml:"length"`
	Unit       string      `yaml:"unit"`
	FirstDay   bool        `yaml:"first-day"` // the day of the start counts as the first day
	Calendar   string      `yaml:"calendar"`
	Zone       string      `yaml:"zone"`
	Qualifier  string      `yaml:"qualifier"`
	Guidance   bool        `yaml:"guidance"`  // the number comes from guidance, not from the law
	Together   bool        `yaml:"together"`  // due together with the duty that starts it, for want of a number
	NoTarget   bool        `yaml:"no-target"` // soft words that get no target of our own
	EarliestOf []clockSpec `yaml:"earliest-of"`
}

// The closed lists of the format.
var (
	statuses = []string{"in_force", "enacted_not_in_force", "proposed", "not_yet_applicable", "superseded",
		"voluntary", "recommended_standard", "no_obligation"}
	confidences = []string{"verified", "recalled"}
	bindings    = []string{"statute", "regulation", "guidance", "policy_document", "draft_regulation", "recommended_standard"}
	starts      = []string{"suspicion", "awareness", "determination", "occurrence", "classification", "materiality", "payment",
		"obligation", "order", "calendar", "new-information", "handling-completed"}
	units       = []string{"", "hours", "calendar-days", "business-days"}
	vias        = []string{"", "official_page", "official_text_quoted_by_third_party", "official_draft", "law_firm", "compilation", "press", "vendor", "none"}
	remedies    = []string{"credit-monitoring", "identity-theft-services", "security-freeze", "other"}
	picks       = []string{"", "first", "earliest"}
	reportNames = []string{"", "gdpr33", "cn-cac", "uk-ico", "us-hhs", "us-nydfs", "sg-pdpc", "jp-ppc", "kr-pipc", "br-anpd", "au-oaic"}
)
