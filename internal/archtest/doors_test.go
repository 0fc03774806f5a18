package archtest

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A door is a third-party package (and what is below it) and the one room of
// ours that may import it, tests included. Tests of the rooms in tests may too.
type door struct {
	imports string
	room    string // "": nobody but tests
	tests   []string
	why     string // why the standard library will not do
}

var doors = []door{
	{"modernc.org/sqlite", "internal/store", nil, "an embedded database without C"},
	{"github.com/jackc/pgx/v5", "internal/store", nil, "PostgreSQL's protocol"},
	{"github.com/pressly/goose/v3", "internal/store", nil, "numbered migrations, locked on PostgreSQL"},

	{"github.com/fxamacker/cbor/v2", "internal/store", nil, "contacts read three times as fast as JSON, once for every message"},

	{"github.com/nats-io/nats.go", "internal/bus", nil, "the bus"},
	{"github.com/nats-io/nats-server/v2", "internal/bus", nil, "the bus without a second program"},

	{"github.com/tink-crypto/tink-go/v2", "internal/sealed", nil, "keysets that rotate"},
	{"golang.org/x/mod", "internal/ledger", nil, "Merkle log and signed notes"},

	{"golang.org/x/crypto/argon2", "internal/account", nil, "password hashing"},
	{"github.com/pquerna/otp", "internal/account", []string{"internal/e2e"}, "the second factor"},
	{"github.com/alexedwards/scs/v2", "internal/account", nil, "sessions"},

	{"cel.dev/cel-go", "regulators/...", nil, "type-checked conditions with a cost limit"},
	{"github.com/sosodev/duration", "regulators/...", nil, "ISO 8601 durations"},
	{"github.com/signintech/gopdf", "internal/typeset", nil, "PDF with Chinese text"},
	{"github.com/rivo/uniseg", "internal/typeset", nil, "line breaks in Chinese text"},
	{"github.com/skip2/go-qrcode", "internal/qr", nil, "the picture an authenticator or a camera reads"},
	{"github.com/santhosh-tekuri/jsonschema/v6", "regulators", nil, "what we publish as JSON Schema is checked as others would"},
	{"github.com/goccy/go-yaml", "internal/strict", nil, "strict YAML with line numbers"},

	{"github.com/nyaruka/phonenumbers", "internal/roster", nil, "telephone numbers of all countries"},
	{"github.com/biter777/countries", "internal/roster", nil, "countries as people write them"},
	{"golang.org/x/net/idna", "internal/roster", nil, "international domain names"},
	{"golang.org/x/text/encoding", "internal/roster", nil, "lists in GBK and UTF-16"},
	{"golang.org/x/text/transform", "internal/roster", nil, "lists in GBK and UTF-16"},
	{"golang.org/x/text/unicode/norm", "internal/roster", nil, "one spelling for one name"},
	{"github.com/klauspost/compress", "internal/roster", nil, "zstd"},

	{"golang.org/x/text/language", "templates", nil, "BCP 47 matching"},
	{"github.com/vanng822/go-premailer", "templates", nil, "mail programs that ignore style sheets"},

	{"github.com/jordan-wright/email", "notifiers/email/...", []string{"bench/dispatch"}, "MIME; measured against as a plain sender"},
	{"github.com/emersion/go-smtp", "notifiers/email/...", []string{"internal/standin"}, "the server that takes bounces, and the stand-in of a relay"},
	{"github.com/twilio/twilio-go", "notifiers/twilio", nil, "SMS and calls"},
	{"firebase.google.com/go/v4", "notifiers/push", nil, "push"},
	{"google.golang.org/api", "notifiers/push", nil, "the options of firebase"},

	{"github.com/gorilla/mux", "web/...", nil, "the router"},
	{"github.com/gorilla/feeds", "web/...", nil, "Atom and JSON feed"},
	{"github.com/arran4/golang-ical", "web", nil, "calendars as RFC 5545 folds and escapes them"},
	{"github.com/standard-webhooks/standard-webhooks/libraries", "web/hook", nil, "signatures of Standard Webhooks"},

	{"github.com/alecthomas/kong", "cmd/tocsin", nil, "verbs, flags and help"},
	{"github.com/vbauerster/mpb/v8", "cmd/tocsin", nil, "progress on a terminal"},
	{"github.com/google/uuid", "internal/app", nil, "UUIDv7"},
	{"github.com/prometheus/client_golang", "internal/app", nil, "metrics"},

	{"github.com/chromedp", "", []string{"internal/e2e"}, "a browser in tests"},
	{"golang.org/x/net/html", "", []string{"templates/...", "notifiers/...", "web/...", "regulators/...", "internal/e2e"}, "what a browser makes of our markup, in tests"},
	{"github.com/rogpeppe/go-internal", "", []string{"..."}, "command line scripts in tests"},
	{"golang.org/x/sys/unix", "", []string{"cmd/tocsin"}, "a terminal of its own, in tests"},
	{"go.uber.org/goleak", "", []string{"..."}, "nothing left running after a test"},
	{"pgregory.net/rapid", "", []string{"..."}, "properties in tests"},
}

func doorOf(imported string) (door, bool) {
	for _, d := range doors {
		if imported == d.imports || strings.HasPrefix(imported, d.imports+"/") {
			return d, true
		}
	}
	return door{}, false
}

func (d door) opensTo(f file) bool {
	if d.room != "" && within(f.pkg, d.room) {
		return true
	}
	return (f.test || f.pkg == standIns || within(f.pkg, benches)) && (slices.Contains(d.tests, "...") || withinAny(f.pkg, d.tests))
}

// standIns is a room that exists for tests and the demonstration alone.
const standIns = "internal/standin"

// benches compare the product with others and are built into nothing.
const benches = "bench/..."

// foreign tells whether an import is neither ours nor the standard library's.
func foreign(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

func checkDoors(files []file) (problems []string) {
	for _, f := range files {
		for imported := range f.imports {
			if !foreign(imported) {
				continue
			}
			d, ok := doorOf(imported)
			switch {
			case !ok:
				problems = append(problems, fmt.Sprintf("%s: %s has no line in the table of doors", f.path, imported))
			case !d.opensTo(f):
				problems = append(problems, fmt.Sprintf("%s: %s is imported by %s alone (%s)", f.path, imported, d.who(), d.why))
			}
		}
	}
	return problems
}

func (d door) who() string {
	if d.room == "" {
		return "tests in " + strings.Join(d.tests, ", ")
	}
	return d.room
}

func TestOneSDKOneDoor(t *testing.T) { report(t, checkDoors(tree(t))) }

// checkRequirements finds modules that go.mod asks for and nobody imports.
func checkRequirements(files []file, required []string) (problems []string) {
	used := map[string]bool{}
	for _, f := range files {
		for imported := range f.imports {
			used[imported] = true
		}
	}
	for _, m := range required {
		if !importedAny(used, m) {
			problems = append(problems, fmt.Sprintf("go.mod: nobody imports %s", m))
		}
	}
	return problems
}

func importedAny(used map[string]bool, m string) bool {
	for imported := range used {
		if imported == m || strings.HasPrefix(imported, m+"/") {
			return true
		}
	}
	return false
}

// directRequirements reads the modules go.mod names without "// indirect".
func directRequirements(t *testing.T) (required []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(moduleRoot(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(strings.TrimPrefix(lines.Text(), "require "))
		if len(fields) == 2 && strings.HasPrefix(fields[1], "v") && foreign(fields[0]) {
			required = append(required, fields[0])
		}
	}
	if err := lines.Err(); err != nil || len(required) == 0 {
		t.Fatalf("no requirements read: %v", err)
	}
	return required
}

func TestNoModuleIsRequiredForNothing(t *testing.T) {
	report(t, checkRequirements(tree(t), directRequirements(t)))
}

func TestEveryRequirementHasADoor(t *testing.T) {
	for _, m := range directRequirements(t) {
		known := slices.ContainsFunc(doors, func(d door) bool {
			return d.imports == m || strings.HasPrefix(d.imports, m+"/") || strings.HasPrefix(m, d.imports+"/")
		})
		if !known {
			t.Errorf("%s has no line in the table of doors", m)
		}
	}
}
