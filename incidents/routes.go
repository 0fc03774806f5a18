package incidents

import "slices"

// A Reader is who a message about a person is written to.
type Reader string

// The readers. Whoever else it is, the notice is about the person on the list.
const (
	ReaderPerson         Reader = ""               // the person themselves
	ReaderMinor          Reader = "minor"          // a person under 18 told directly: asked to show it to an adult
	ReaderGuardian       Reader = "guardian"       // a minor's parent or guardian
	ReaderRepresentative Reader = "representative" // of a person who has died
)

// Readers lists every reader beside the person themselves.
func Readers() []Reader { return []Reader{ReaderMinor, ReaderGuardian, ReaderRepresentative} }

// What becomes of minors of 14 and over whose guardian is not known.
const (
	MinorsTold       = "tell"     // directly, in words that ask them to show it to an adult
	MinorsSuppressed = "suppress" // not at all: they are listed for another way
)

// Routes says how those are told who cannot simply be written to. It is part of
// a notice's content, so that what an officer approves is who reads what.
//
// A child under 14 is never told alone: handling their data needs a guardian's
// consent (PIPL Art. 31), and children merit specific protection (GDPR Recital
// 38). A message about a minor whose guardian is known goes to the guardian.
type Routes struct {
	Minors          string `json:"minors"`                    // tell or suppress
	Representatives bool   `json:"representatives,omitempty"` // the known representative of a deceased person is told
}

// ReaderOf says who a message about a person with these flags is written to.
// The channels of such a person are the reader's: the import saw to that.
func ReaderOf(flags int) Reader {
	guarded := flags&FlagGuardian != 0
	switch {
	case flags&FlagDeceased != 0 && guarded:
		return ReaderRepresentative
	case flags&FlagMinor != 0 && guarded:
		return ReaderGuardian
	case flags&FlagMinor != 0:
		return ReaderMinor
	}
	return ReaderPerson
}

// A Bar is one rule that keeps a notice from a person: every bit of All set and
// every bit of None clear.
type Bar struct {
	All, None int
	Reason    string
}

// Bars lists the rules in the order in which they count. A content without
// routes was written before there were any: it keeps what it was approved with.
func (c Content) Bars() []Bar {
	bars := []Bar{{All: FlagSuppress, Reason: BarredOnList}}
	if c.Routes == nil {
		return append([]Bar{{All: FlagDeceased, Reason: BarredDeceased}}, bars...)
	}
	dead := Bar{All: FlagDeceased, Reason: BarredDeceased}
	if c.Routes.Representatives {
		dead.None = FlagGuardian
	}
	bars = append(bars, dead, Bar{All: FlagChild, None: FlagGuardian | FlagDeceased, Reason: BarredNoGuardian})
	if c.Routes.Minors == MinorsSuppressed {
		bars = append(bars, Bar{All: FlagMinor, None: FlagGuardian | FlagDeceased, Reason: BarredNoGuardian})
	}
	return bars
}

// Barred returns why a person with these flags is not told, or "".
func (c Content) Barred(flags int) string {
	for _, b := range c.Bars() {
		if flags&b.All == b.All && flags&b.None == 0 {
			return b.Reason
		}
	}
	return ""
}

// When chooses the persons a plan of their own is for.
type When string

// The groups. A person belongs to the first group of a notice that fits.
const (
	WhenChild     When = "child"     // under 14
	WhenMinor     When = "minor"     // under 18
	WhenSensitive When = "sensitive" // the list names sensitive data for the person
	WhenPlace     When = "place"     // lives in one of Places
)

// A GroupPlan is the channel plan of a group of persons: wait a day for a
// receipt and then call those whose health data was taken, for example.
type GroupPlan struct {
	When   When    `json:"when"`
	Places []Place `json:"places,omitempty"` // of WhenPlace; a country takes its subdivisions
	Plan   []Step  `json:"plan"`
}

// Flags are the bits that make a person one of the group; 0 when places do.
func (g GroupPlan) Flags() int {
	switch g.When {
	case WhenChild:
		return FlagChild
	case WhenMinor:
		return FlagMinor
	case WhenSensitive:
		return FlagSensitive
	}
	return 0
}

// Fits tells whether a person belongs to the group.
func (g GroupPlan) Fits(flags int, at Place) bool {
	if g.When == WhenPlace {
		return slices.ContainsFunc(g.Places, func(p Place) bool { return within(at, p) })
	}
	return flags&g.Flags() != 0
}

// PlanFor returns the channel plan of a person.
func (c Content) PlanFor(flags int, at Place) []Step {
	for _, g := range c.Plans {
		if g.Fits(flags, at) {
			return g.Plan
		}
	}
	return c.Plan
}

// Channels lists every channel some person may be reached by, in the order of
// the plans.
func (c Content) Channels() (out []Channel) {
	add := func(plan []Step) {
		for _, s := range plan {
			if !slices.Contains(out, s.Channel) {
				out = append(out, s.Channel)
			}
		}
	}
	add(c.Plan)
	for _, g := range c.Plans {
		add(g.Plan)
	}
	return out
}

func checkPlans(plans []GroupPlan) error {
	if len(plans) > 20 {
		return Invalid("%d plans of groups are more than anybody can check", len(plans)).On("plans").WithHint("20 at most")
	}
	for _, g := range plans {
		switch g.When {
		case WhenChild, WhenMinor, WhenSensitive:
			if len(g.Places) > 0 {
				return Invalid("the group %q is chosen by no place", g.When).On("plans")
			}
		case WhenPlace:
			if len(g.Places) == 0 {
				return Invalid("name the places of the group").On("plans").WithHint("ISO 3166 codes like DE or US-CA")
			}
			for _, p := range g.Places {
				if !ValidPlace(p) {
					return Invalid("%q is not an ISO 3166 code", p).On("plans")
				}
			}
		default:
			return Invalid("there is no group %q", g.When).On("plans").WithHint("child, minor, sensitive or place")
		}
		if err := checkPlan(g.Plan, "plans"); err != nil {
			return err
		}
	}
	return nil
}

// within tells whether a place is another, or a subdivision of it.
func within(p, of Place) bool {
	return p == of || len(p) > len(of) && p[:len(of)] == of && p[len(of)] == '-'
}

// SensitiveData tells data whose disclosure can do harm by itself: health,
// biometrics, genetics, sexual life, belief, politics, unions, criminal records
// (GDPR Art. 9 and 10, PIPL Art. 28). The category "other" of GB/T 35273 is
// where that standard keeps most of them.
func SensitiveData(category string) bool {
	switch category {
	case "health", "biometric", "other", "medical", "genetic", "health_insurance",
		"sexual_life", "sexual_orientation", "religion", "belief", "politics", "union", "ethnicity", "criminal":
		return true
	}
	return false
}

// Kinds are the categories and items of data the facts name.
func (f Facts) Kinds() []string {
	cats, _ := f.List("data_categories")
	items, _ := f.List("data_items")
	var out []string
	for _, k := range slices.Concat(cats, items) {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// Sensitive tells whether the facts, or the list, name sensitive data; known is
// false while neither says which data is touched.
func (f Facts) Sensitive() (yes, known bool) {
	_, known = f.List("data_categories")
	return f.Listed || slices.ContainsFunc(f.Kinds(), SensitiveData), known || f.Listed
}
