package siem

import (
	"strings"
	"time"

	"tocsin/incidents"
)

// What the classes of data in breach notices mean for those concerned, and
// whether they make a breach grave.
var dataClasses = []struct {
	part, hint string
	grave      bool
}{
	{"email", "email", false}, {"password", "credentials", true}, {"security question", "credentials", true}, {"phone", "phone", false},
	{"address", "address", false}, {"name", "name", false}, {"date of birth", "personal", false}, {"dates of birth", "personal", false},
	{"credit card", "bank-account", true}, {"bank", "bank-account", true}, {"payment", "bank-account", true}, {"health", "health", true}, {"medical", "health", true},
	{"social security", "identity-document", true}, {"passport", "identity-document", true}, {"government", "identity-document", true}, {"national id", "identity-document", true},
	{"identity", "identity-document", true}, {"driver", "identity-document", true},
}

func readClasses(classes []string) (hints []string, grave bool) {
	for _, class := range classes {
		c := strings.ToLower(class)
		for _, k := range dataClasses {
			if !strings.Contains(c, k.part) || (k.part == "address" && (strings.Contains(c, "email") || strings.Contains(c, "ip "))) || (k.part == "email" && !strings.Contains(c, "address")) {
				continue
			}
			hints, grave = append(hints, k.hint), grave || k.grave
		}
	}
	return hints, grave
}

// hibp reads a breach in the model of Have I Been Pwned. A verified breach with
// passwords, payment, health or identity data is high; a list of spammers low.
func hibp(r *reader, doc object) error {
	name := doc.text("Name")
	if name == "" {
		return incidents.Invalid("a breach has no Name")
	}
	a := incidents.Alert{ExternalID: name, Title: "HIBP: breach of " + doc.text("Title", "Name"), DedupKey: name, GroupKey: name, OccurredAt: doc.time("BreachDate"),
		ObservedAt: orZero(doc.time("AddedDate")), Revision: stamp(doc.time("ModifiedDate")), Assets: doc.texts("Domain"), Count: doc.count("PwnCount")}
	hints, grave := readClasses(doc.texts("DataClasses"))
	a.DataHints = hints
	breachRule(&a, doc.flag("IsSpamList"), grave && doc.flag("IsVerified"))
	r.add(a, doc)
	return nil
}

func breachRule(a *incidents.Alert, spam, grave bool) {
	switch {
	case spam:
		fixed(a, low, "format-rule")
	case grave:
		fixed(a, high, "format-rule")
	default:
		fixed(a, medium, "format-rule")
	}
}

// breachReport reads the postback of a breach watch: an address and the
// breaches it was found in.
func breachReport(r *reader, doc object) error {
	list := doc.objs("breaches")
	if len(list) == 0 {
		return incidents.Invalid("the postback names no breaches")
	}
	whose := line(doc.text("emailAddress"))
	for _, b := range list {
		id := b.text("breachId")
		if id == "" {
			return incidents.Invalid("a breach of the postback has no breachId")
		}
		user := nonEmpty([]string{b.text("emailAddress"), whose})
		a := incidents.Alert{ExternalID: id, Title: "Breach: " + b.text("title"), DedupKey: id, GroupKey: id, Users: []string{user}, Count: b.count("compromisedAccounts"), OccurredAt: breachMonth(b)}
		if user != "" {
			a.DedupKey += "/" + hash(strings.ToLower(user))
		}
		hints, grave := readClasses(b.texts("breachDataTypes"))
		a.DataHints = hints
		breachRule(&a, false, grave)
		r.add(a, b)
	}
	return nil
}

func breachMonth(b object) *time.Time {
	month := b.text("breachMonth")
	if len(month) == 1 {
		month = "0" + month
	}
	return instant(b.text("breachYear") + "-" + month)
}
