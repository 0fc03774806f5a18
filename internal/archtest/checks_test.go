package archtest

import (
	"strings"
	"testing"
)

// A case for each rule that breaks it and one that does not: a rule that
// cannot fail guards nothing.
func TestTheRulesBite(t *testing.T) {
	for _, tc := range []struct {
		name, path, src string
		check           func([]file) []string
		says            string // empty: no problem
	}{
		{"the domain imports the store", "incidents/x.go", `import _ "tocsin/internal/store"`, checkDirections, "knows no plumbing"},
		{"the domain imports itself in an external test", "incidents/x_test.go", `import _ "tocsin/incidents"`, checkDirections, ""},
		{"an adapter imports the domain", "incidents/siem/x.go", `import _ "tocsin/incidents"`, checkDirections, ""},
		{"a page imports the store", "web/console/x.go", `import _ "tocsin/internal/store"`, checkDirections, "a page asks the desk"},
		{"a page imports the bus", "web/x.go", `import _ "tocsin/internal/bus"`, checkDirections, "a page asks the desk"},
		{"a page imports a channel", "web/x.go", `import _ "tocsin/notifiers/sms"`, checkDirections, "a page asks the desk"},
		{"a page imports accounts", "web/x.go", `import _ "tocsin/internal/account"`, checkDirections, ""},
		{"a channel imports another", "notifiers/sms/x.go", `import _ "tocsin/notifiers/email"`, checkDirections, "another channel"},
		{"a channel imports its helper", "notifiers/sms/x.go", `import _ "tocsin/notifiers/twilio"`, checkDirections, ""},
		{"a channel imports somebody else's helper", "notifiers/email/x.go", `import _ "tocsin/notifiers/twilio"`, checkDirections, "another channel"},
		{"calls go through the helper", "notifiers/phone/x.go", `import _ "tocsin/notifiers/twilio"`, checkDirections, ""},
		{"calls import text messages", "notifiers/phone/x.go", `import _ "tocsin/notifiers/sms"`, checkDirections, "another channel"},
		{"letters import somebody else's helper", "notifiers/letter/x.go", `import _ "tocsin/notifiers/twilio"`, checkDirections, "another channel"},
		{"the pipeline imports a channel", "notifiers/x.go", `import _ "tocsin/notifiers/email"`, checkDirections, "does not know them"},
		{"the store imports the bus", "internal/store/x.go", `import _ "tocsin/internal/bus"`, checkDirections, "never publishes"},
		{"a command imports the store", "cmd/tocsin/x.go", `import _ "tocsin/internal/store"`, checkDirections, "commands are thin"},
		{"the wiring imports everything", "internal/app/x.go", `import _ "tocsin/internal/store"`, checkDirections, ""},
		{"a new room without a line", "internal/util/x.go", ``, checkDirections, "no line in the table of rooms"},

		{"a second door", "internal/store/x.go", `import _ "github.com/nats-io/nats.go/jetstream"`, checkDoors, "internal/bus alone"},
		{"a second door in a test", "web/x_test.go", `import _ "modernc.org/sqlite"`, checkDoors, "internal/store alone"},
		{"the door", "internal/bus/x.go", `import _ "github.com/nats-io/nats.go/jetstream"`, checkDoors, ""},
		{"calls open the helper's door", "notifiers/phone/x.go", `import _ "github.com/twilio/twilio-go"`, checkDoors, "notifiers/twilio alone"},
		{"letters open the door of reports", "notifiers/letter/x.go", `import _ "github.com/signintech/gopdf"`, checkDoors, "internal/typeset alone"},
		{"a module nobody agreed on", "web/x.go", `import _ "github.com/sirupsen/logrus"`, checkDoors, "no line in the table of doors"},
		{"a test library in a test", "web/x_test.go", `import _ "go.uber.org/goleak"`, checkDoors, ""},
		{"a test library in the product", "web/x.go", `import _ "go.uber.org/goleak"`, checkDoors, "tests in"},

		{"the clock is read", "incidents/x.go", "import \"time\"\nvar x = time.Now()", checkBans, "clocks are passed in"},
		{"the clock is handed on under another name", "web/x.go", "import t \"time\"\nvar x = t.Now", checkBans, "clocks are passed in"},
		{"the clock is read by the wiring", "internal/app/x.go", "import \"time\"\nvar x = time.Now()", checkBans, ""},
		{"the clock is read by a test", "web/x_test.go", "import \"time\"\nvar x = time.Now()", checkBans, ""},
		{"a field is called Now", "web/x.go", "import \"time\"\nvar d struct{Now func() time.Time}\nvar x = d.Now()", checkBans, ""},
		{"another package admits", "notifiers/x.go", "import \"tocsin/incidents\"\nvar x, _ = incidents.Admit()", checkBans, "knows the approvals"},
		{"a test of another package admits", "notifiers/x_test.go", "import \"tocsin/incidents\"\nvar x, _ = incidents.Admit()", checkBans, "knows the approvals"},
		{"the store admits", "internal/store/x.go", "import \"tocsin/incidents\"\nvar x, _ = incidents.Admit()", checkBans, ""},
		{"a dot import hides the use", "notifiers/x.go", "import . \"tocsin/incidents\"\nvar x, _ = Admit()", checkBans, "cannot be seen"},
		{"an unbounded request", "web/x.go", "import \"net/http\"\nvar x, _ = http.Get(\"\")", checkBans, "time out"},
		{"unescaped markup", "web/x.go", "import \"html/template\"\nvar x = template.HTML(\"\")", checkBans, "not escaped"},
		{"guessable numbers", "internal/account/x.go", `import _ "math/rand/v2"`, checkBans, "no token"},
		{"the old log", "web/x_test.go", `import _ "log"`, checkBans, "log/slog"},

		{"the domain admits by itself", "incidents/x.go", "func f() { Admit() }", checkAdmit, "only internal/store"},
		{"the domain makes an approved notice", "incidents/x.go", "var x = ApprovedNotice{notice: n}", checkAdmit, "without Admit"},
		{"the domain returns an empty one", "incidents/x.go", "var x = ApprovedNotice{}", checkAdmit, ""},
		{"something is left for later", "web/x.go", "// " + leftovers[0] + ": later", checkLeftovers, "issue"},
		{"a word that contains one", "web/x.go", "// " + leftovers[0] + "S are gone", checkLeftovers, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := parse("", tc.path, "package x\n"+tc.src)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(tc.check([]file{f}), "\n")
			if tc.says == "" && got != "" || !strings.Contains(got, tc.says) {
				t.Errorf("said %q", got)
			}
		})
	}
}

func TestAnUnusedRequirementIsFound(t *testing.T) {
	f, err := parse("", "internal/bus/x.go", "package bus\nimport _ \"github.com/nats-io/nats.go\"")
	if err != nil {
		t.Fatal(err)
	}
	required := []string{"github.com/nats-io/nats.go", "github.com/nats-io/nats-server/v2", "example.org/nobody"}
	got := checkRequirements([]file{f}, required)
	want := "go.mod: nobody imports github.com/nats-io/nats-server/v2\ngo.mod: nobody imports example.org/nobody"
	if strings.Join(got, "\n") != want {
		t.Errorf("said %q", got)
	}
}
