package incidents

import (
	"log/slog"
	"strings"
)

// A Contact is the personal data of one affected person. It exists in memory
// only while it is imported, shown to someone who may see it, or rendered into
// a message; at rest it is sealed. It masks itself in logs and in formatting;
// the fields must be named one by one to be read.
type Contact struct {
	Ref        string // the list's own person id (subject_id)
	Name       string
	NameLatin  string
	Email      string
	Phone      string // E.164
	PushToken  string
	Address    string
	Birth      string // YYYY-MM-DD
	Guardian   string
	GuardianTo string   // guardian's e-mail or phone
	Categories []string // data categories touched for this person
	Zone       string   // IANA time zone
	Note       string
}

// String, GoString, LogValue and MarshalJSON keep a careless line safe.
func (Contact) String() string               { return personalData }
func (Contact) GoString() string             { return personalData }
func (Contact) LogValue() slog.Value         { return slog.StringValue(personalData) }
func (Contact) MarshalJSON() ([]byte, error) { return []byte(`"` + personalData + `"`), nil }

const personalData = "[personal data]"

// OfGuardian returns the contact a message about the person goes to when their
// guardian or representative is told: the name, the e-mail address or telephone
// number, and the household's address. There is no push to somebody else's telephone.
func (c Contact) OfGuardian() Contact {
	g := Contact{Name: c.Guardian, Address: c.Address, Zone: c.Zone}
	if strings.Contains(c.GuardianTo, "@") {
		g.Email = c.GuardianTo
	} else {
		g.Phone = c.GuardianTo
	}
	if g.Name == "" {
		g.Address = "" // a letter to nobody by name would be the person's own
	}
	return g
}

// Reaches tells whether the contact has an address for a channel.
func (c Contact) Reaches(ch Channel) bool {
	switch ch {
	case Email:
		return c.Email != ""
	case Push:
		return c.PushToken != ""
	case SMS, Phone:
		return c.Phone != ""
	case Letter:
		return c.Address != ""
	}
	return false
}

// Masked is what a page may show of a person: "S•••• H•••••", "s•••@e••••••.com".
type Masked struct {
	Name, Email, Phone, Address string
}

// Mask returns the masked form of a contact.
func (c Contact) Mask() Masked {
	return Masked{Name: maskName(c.Name), Email: maskEmail(c.Email), Phone: maskPhone(c.Phone), Address: maskWords(c.Address)}
}

func maskName(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		words[i] = firstRune(w) + "•••"
	}
	return strings.Join(words, " ")
}

func maskWords(s string) string {
	if s == "" {
		return ""
	}
	return firstRune(s) + "•••••"
}

func maskEmail(s string) string {
	local, domain, ok := strings.Cut(s, "@")
	if !ok {
		return maskWords(s)
	}
	dot := strings.LastIndexByte(domain, '.')
	if dot < 0 {
		dot = len(domain)
	}
	return firstRune(local) + "•••@" + firstRune(domain) + "•••" + domain[dot:]
}

func maskPhone(s string) string {
	if len(s) < 6 {
		return maskWords(s)
	}
	return s[:3] + "•••••" + s[len(s)-2:]
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// Person flags that steer the plan of channels.
const (
	FlagMinor     = 1 << iota // under 18 at import
	FlagChild                 // under 14 at import
	FlagDeceased              // goes another way
	FlagGuardian              // a guardian's contact is known, or a representative's; a minor's or deceased person's channels are theirs
	FlagSuppress              // excluded, with a reason
	FlagSensitive             // the list names sensitive data for the person; see SensitiveData
)

// A Person is one affected person on an incident's list: everything a page, a
// plan or a filter needs without opening personal data. Sealed holds the
// contact under the key of its block.
type Person struct {
	ID         PersonID   `json:"id"`
	IncidentID IncidentID `json:"incident_id"`
	Seq        int64      `json:"seq"`   // 1, 2, 3 … on the list
	Block      int64      `json:"block"` // sealing block
	Mode       Mode       `json:"mode"`
	Lang       Lang       `json:"lang"`
	Place      Place      `json:"place,omitempty"`
	Zone       string     `json:"zone,omitempty"` // IANA time zone, when the list names one
	Channels   []Channel  `json:"channels"`       // that have an address, in order of preference
	Flags      int        `json:"flags"`
	Excluded   string     `json:"excluded,omitempty"` // reason: an ExclusionReason, or what a plan writes
	Note       string     `json:"note,omitempty"`     // of who excluded the person
	ImportID   string     `json:"import_id"`
	Sealed     []byte     `json:"-"`
}

// Can tells whether the person has an address for a channel.
func (p Person) Can(c Channel) bool {
	for _, x := range p.Channels {
		if x == c {
			return true
		}
	}
	return false
}

// A Candidate is a person as read from a list, before sealing and before
// duplicates are known. Keys are what identifies the person: the same person
// has an equal key. They are plain here and hashed with a secret before storage.
type Candidate struct {
	Row      int64 // data row in the source, from 1
	Contact  Contact
	Lang     Lang
	Place    Place
	Channels []Channel
	Flags    int
	Repaired bool
	Keys     []string // "id:…", "ne:name\nemail"
}

// A Reject is a row that is no person record.
type Reject struct {
	Row    int64  `json:"row"`
	Reason string `json:"reason"` // "columns: 7 instead of 15"
	Raw    string `json:"-"`      // the row itself, for the reject file only
}
