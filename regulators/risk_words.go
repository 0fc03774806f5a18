package regulators

import "tocsin/incidents"

// A riskClass is data that threatens people in the same way. Who has data of
// several classes belongs to the first of them that fits.
type riskClass struct {
	key    string
	name   string   // of the group whose heaviest data it is
	data   []string // categories
	harm   string   // what its disclosure can mean
	lost   string   // what its loss can mean, beside what any loss means
	advice []string
}

// riskClasses are the classes, the heaviest first. It is one table on purpose.
var riskClasses = []riskClass{
	{"sensitive", "People whose health, biometric or other sensitive data was touched", []string{"health", "biometric", "other"},
		"Discrimination, exposure or blackmail by what nobody else was to know; what is known once cannot be taken back.",
		"Treatment or care can be late or wrong while records are missing.",
		[]string{"Be wary of anybody who mentions your health or private life unasked, and do not pay.", "Tell us or the police at once if somebody threatens to publish it."}},
	{"financial", "People whose bank, payment or property data was touched", []string{"property"},
		"Loss of money by payments or debits they did not order.", "",
		[]string{"Look through your statements, and dispute what you did not order.", "Ask your bank for a new card, or to watch the account."}},
	{"credentials", "People whose passwords or accounts were touched", []string{"network_identity"},
		"Somebody else signs in as them, here and wherever the same password is used.", "",
		[]string{"Change the password here and wherever you use the same one.", "Turn on a second factor."}},
	{"identity", "People whose identity documents or numbers were touched", []string{"identity"},
		"Contracts, credit or accounts taken out in their name.", "",
		[]string{"Tell the office that issued the document, and have it replaced where it advises so.", "Ask a credit bureau for a copy of your file, and for a warning or a block on it."}},
	{"behaviour", "People whose messages, contacts, location or use of devices was touched", []string{"communication", "contacts", "internet_access", "devices", "location"},
		"Their habits, whereabouts and relations are laid open, to stalk, embarrass or deceive them or those they know.", "",
		[]string{"Tell those you wrote with that they may get messages in your name.", "If you are in danger when somebody learns where you are, tell us and the police."}},
	{"work", "People whose school or work records were touched", []string{"education_work"},
		"Disadvantage at school or at work, or embarrassment before colleagues.", "",
		[]string{"Tell your employer or school if the records are held against you."}},
	{"contact", "People whose contact data alone was touched", []string{"basic"},
		"Unwanted calls and messages, and deception that uses what is known of them.", "",
		[]string{"Do not answer messages that ask for passwords, codes or money, whoever they seem to come from."}},
}

// A riskCircle is people whom the same breach meets harder, or otherwise,
// whatever their data.
type riskCircle struct {
	key        string
	name       string
	kind       incidents.PersonKind
	vulnerable bool // weighs one step more in the method
	why        string
	harm       string
	advice     string
}

// riskCircles are asked before the classes of data, the first that fits.
var riskCircles = []riskCircle{
	{"deceased", "People who have died", incidents.PersonDeceased, false,
		"They cannot act for themselves; whoever represents them can.",
		"Distress of their family, and deception in the name of the dead.",
		"Whoever represents the person can tell banks, insurers and offices of the death."},
	{"children", "Children under 14", incidents.PersonChild, true,
		"Children know the risks less and merit specific protection (GDPR Recital 38); their data counts as sensitive in China (PIPL Art. 28).",
		"Harm can stay unseen for years, until the child opens an account of their own.",
		"A parent or guardian acts for the child, and talks with them about strangers who seem to know them."},
	{"minors", "Minors from 14 to 17", incidents.PersonMinor, true,
		"Minors know the risks less and merit specific protection (GDPR Recital 38).",
		"They are easier to press or to deceive.",
		"Show the message to a parent or another adult you trust."},
}

// vulnerableCircle is known by the facts alone: no list says who belongs to it.
var vulnerableCircle = riskCircle{"vulnerable", "Other vulnerable people", 0, true,
	"The facts say that vulnerable people are affected: the same breach meets them harder.",
	"They are easier to press or to deceive, and less able to mend the harm.",
	"Ask somebody you trust, or us, for help with these steps."}

// What any breach of its kind can mean.
const (
	harmAltered   = "Decisions about them can rest on wrong data until it is put right."
	harmLost      = "What needs the data is late or fails until it can be had again."
	harmGone      = "The data is gone for good: they may have to go without what rests on it."
	harmUnread    = "The data cannot be read while its key stays safe."
	adviceUnread  = "You need do nothing while the key stays safe; we tell you if that changes."
	adviceAltered = "Check what is on file about you, and have it corrected."
	adviceLost    = "If something you need fails meanwhile, tell us what cannot wait."
)
