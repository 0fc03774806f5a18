package archtest

import (
	"fmt"
	"strings"
	"testing"
)

// A room is a folder (with /... also what is below) and the rooms of ours it
// may look into. The first line that fits a package counts.
type room struct {
	folder string
	sees   []string
	why    string
}

var rooms = []room{
	{"incidents", nil, "the domain knows no plumbing: it can be read, tested and trusted alone"},
	{"incidents/siem", []string{"incidents"}, "adapters are pure: bytes in, alerts out"},
	{"incidents/...", []string{"incidents"}, "what belongs to the domain knows no plumbing"},

	{"templates/...", []string{"incidents", "internal/strict"}, "words are data; who sends them is not their business"},
	{"regulators/...", []string{"incidents", "regulators/...", "internal/strict", "internal/typeset"}, "the law is data, evaluated by a pure function"},

	{"notifiers/email/...", channel("email"), aChannel},
	{"notifiers/sms/...", channel("sms", "notifiers/twilio"), aChannel},
	{"notifiers/phone/...", channel("phone", "notifiers/twilio"), aChannel},
	{"notifiers/push/...", channel("push"), aChannel},
	{"notifiers/letter/...", channel("letter", "internal/typeset", "internal/qr"), aChannel},
	{"notifiers", []string{"incidents", "templates", "internal/killpoint"}, "the pipeline is given its channels and its journal, it does not know them"},
	{"notifiers/...", []string{"incidents", "templates", "notifiers"}, "a helper of channels knows no channel"},

	{"web/hook/...", []string{"incidents", "incidents/siem", "web/..."}, "the hook takes bytes and hands over alerts; what happens to them is the desk's"},
	{"web/...", []string{"incidents", "templates", "regulators", "web/...", "internal/account"},
		"a page asks the desk: never the store, the bus, a channel, the seals or the ledger; accounts are there for sessions"},

	{"bench/...", []string{"..."}, "it measures the service from outside and is built into nothing"},

	{"internal/strict", []string{"incidents"}, "the door to YAML knows error kinds only"},
	{"internal/settings", []string{"incidents", "internal/strict"}, "settings are plain data; internal/app turns them into parts"},
	{"internal/bus", []string{"incidents"}, "the bus carries bytes and knows nobody"},
	{"internal/sealed", []string{"incidents"}, "sealing is told where keys are kept"},
	{"internal/ledger", []string{"incidents"}, "evidence must verify without the service"},
	{"internal/rulepack", []string{"incidents", "internal/ledger", "internal/sealed", "regulators"}, "the law is read from any folders; that they come in one signed file is known here"},
	{"internal/account", []string{"incidents", "internal/qr"}, "accounts declare the storage they need"},
	{"internal/typeset", nil, "text on pages: reports and letters are set alike and know nothing of each other"},
	{"internal/killpoint", nil, "names of moments: built for the kill tests alone, it knows nobody"},
	{"internal/pace", nil, "it sets how Go runs a process and knows nothing else"},
	{"internal/qr", nil, "a picture of a text, whoever shows it"},
	{"internal/roster", []string{"incidents"}, "lists are read without knowing where they go"},
	{"internal/store/storetest/cluster", nil, "it starts a throw-away PostgreSQL and knows nothing else"},
	{"internal/store/storetest", []string{"internal/store", "internal/sealed", "internal/store/storetest/cluster"}, "real stores for tests of any package"},
	{"internal/store", []string{"incidents", "internal/ledger", "internal/sealed", "internal/account", "internal/killpoint"},
		"storage keeps what the domain, the accounts, the seals and the ledger define; it never publishes"},

	{"internal/standin", nil, "it answers in place of providers, at protocol level, and knows nothing of ours"},
	{"internal/demo", []string{"incidents", "internal/app", "internal/settings", "internal/ledger", "internal/standin"}, "the demonstration acts through the service, as its people would"},
	{"internal/archtest", nil, "the judge is no party"},
	{"internal/e2e", []string{"..."}, "the whole service in one test process"},
	{"internal/app", []string{"..."}, "the one place that sees everything"},
	{"cmd/tocsin", []string{"incidents", "internal/app", "internal/pace", "internal/settings", "internal/ledger", "internal/rulepack", "internal/demo", "regulators", "templates"},
		"commands are thin: they read settings, judge rules and words, start the service, verify a bundle, or show the demonstration"},
}

const aChannel = "a channel is judged, replaced and drilled alone: it never sees another channel, the store or the bus"

func channel(name string, more ...string) []string {
	return append(more, "incidents", "templates", "internal/killpoint", "notifiers", "notifiers/"+name+"/...")
}

func roomOf(pkg string) (room, bool) {
	for _, r := range rooms {
		if within(pkg, r.folder) {
			return r, true
		}
	}
	return room{}, false
}

func (r room) maySee(pkg, other string) bool {
	if other == pkg {
		return true // its external tests
	}
	for _, s := range r.sees {
		if s == "..." && !strings.HasPrefix(other, "cmd/") || within(other, s) {
			return true
		}
	}
	return false
}

// checkDirections judges what is built; a test may use what it needs.
func checkDirections(files []file) (problems []string) {
	for _, f := range files {
		if f.test {
			continue
		}
		r, ok := roomOf(f.pkg)
		if !ok {
			problems = append(problems, fmt.Sprintf("%s: package %s has no line in the table of rooms", f.path, f.pkg))
			continue
		}
		for imported := range f.imports {
			other, ours := strings.CutPrefix(imported, module+"/")
			if ours && !r.maySee(f.pkg, other) {
				problems = append(problems, fmt.Sprintf("%s: %s may not import %s: %s", f.path, f.pkg, other, r.why))
			}
		}
	}
	return problems
}

func TestImportsPointOneWay(t *testing.T) { report(t, checkDirections(tree(t))) }

func TestEveryRoomHasAReason(t *testing.T) {
	for _, r := range rooms {
		if len(r.why) < 20 {
			t.Errorf("%s has no reason", r.folder)
		}
	}
}
