package bounce

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tocsin/incidents"
	"tocsin/notifiers/email"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	addresses = email.NewVERP([]byte("a key for the test"), "bounces.example.org")
	theirs    = incidents.DeliveryID{Notice: 12, Seq: 345, Channel: incidents.Email}
	theirPath = addresses.Address(theirs, 1)
)

const person = "sam.harper.unique@example.net"

// returned reads a mail of testdata as it comes to a return path.
func returned(t testing.TB, name, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.NewReplacer("RETURNPATH", path, "ADDRESSEE", person, "ENVELOPE", theirs.String(), "\n", "\r\n").Replace(string(b)))
}

var cases = []struct {
	name   string
	null   bool // from <>
	kind   Kind
	code   string
	reason string
	weak   bool
}{
	{"postfix-unknown-user", true, Failed, "550 5.1.1", "the address does not exist", false},
	{"postfix-delayed", true, Delayed, "4.4.1", "delivery is delayed; the mail system still tries", false},
	{"postfix-expired", true, Failed, "4.4.1", "the host did not answer", false},
	{"postfix-relayed", true, Other, "", "a report of something else than a failure", false},
	{"exchange-unknown-user", true, Failed, "550 5.1.10", "the address does not exist, or its domain takes no mail", false},
	{"gmail-unknown-user", true, Failed, "550 5.1.1", "the address does not exist", false},
	{"mailbox-full-no-detail", true, Failed, "552 5.2.2", "the mailbox is full", false},
	{"utf8-report-in-base64", true, Failed, "5.1.1", "the address does not exist", false},
	{"qmail", true, Failed, "", "the message came back, without a report that says why", true},
	{"exim-old", true, Failed, "", "the message came back, without a report that says why", true},
	{"exim-old-delayed", true, Delayed, "", "delivery is delayed, says a mail without a report", true},
	{"exchange-old", true, Failed, "", "the message came back, without a report that says why", true},
	{"complaint", true, Complaint, "", "the person called the message spam", false},
	{"authentication-report", true, Other, "", "a feedback report that is no complaint", false},
	{"vacation", true, AutoReply, "", "a program answered", false},
	{"out-of-office", true, AutoReply, "", "a program answered", false},
	{"autoreply-old", false, AutoReply, "", "not from a mail system", false},
	{"answer-of-a-person", false, Other, "", "not from a mail system", false},
	{"person-forwards-a-bounce", false, Other, "", "not from a mail system", false},
	{"read-receipt", true, Other, "", "a mail system wrote, and not of a failure", false},
}

func TestWhatComesBack(t *testing.T) {
	hashes := map[string]string{}
	for _, c := range cases {
		r, err := Read(returned(t, c.name, theirPath), c.null)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if r.Kind != c.kind || r.Code != c.code || r.Reason != c.reason || r.Weak != c.weak {
			t.Errorf("%s: %+v", c.name, r)
		}
		if other := hashes[r.Hash]; other != "" || len(r.Hash) != 64 {
			t.Errorf("%s has the hash of %q", c.name, other)
		}
		hashes[r.Hash] = c.name
		if strings.Contains(r.Code+r.Reason+r.Envelope, "@") {
			t.Errorf("%s: an address stays", c.name)
		}
	}
}

func TestTheReportNamesTheMessage(t *testing.T) {
	r, err := Read(returned(t, "postfix-unknown-user", theirPath), true)
	if err != nil || r.Envelope != theirs.String() {
		t.Errorf("%q, %v", r.Envelope, err)
	}
}

func TestAFailureIsHeardAmongSeveralRecipients(t *testing.T) {
	group := func(action, status string) string {
		return "Final-Recipient: rfc822; x@example.net\r\nAction: " + action + "\r\nStatus: " + status + "\r\n\r\n"
	}
	delivered, delayed, failed := group("delivered", "2.0.0"), group("delayed", "4.2.0"), group("failed", "5.2.1")
	for _, c := range []struct {
		name, report string
		want         Kind
	}{
		{"failed last", delivered + delayed + failed, Failed},
		{"failed first", failed + delivered + delayed, Failed},
		{"only delayed", delivered + delayed, Delayed},
		{"only delivered", delivered, Other},
		{"failed and yet 2.0.0", group("failed", "2.0.0"), Other},
		{"no action, permanent", "Status: 5.1.1\r\n", Failed},
		{"no action, transient", "Status: 4.1.1\r\n", Delayed},
		{"no action, no status", "Final-Recipient: rfc822; x@example.net\r\n", Other},
		{"nothing", "", Other},
	} {
		if got := status([]byte(c.report)); got.Kind != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestCodeOf(t *testing.T) {
	for _, c := range []struct{ status, diagnostic, want string }{
		{"5.1.1", "smtp; 550 5.1.1 no such user", "550 5.1.1"},
		{"5.1.1", "", "5.1.1"},
		{"5.0.0", "smtp; 550 5.7.1 refused", "550 5.7.1"},
		{"5.0.0", "smtp; 554 version 5.2.1 of our system refused", "554 5.0.0"},
		{"", "smtp;550 no such user", "550"},
		{"4.4.7", "smtp; 550 4.4.7 expired", "4.4.7"},
		{"5.4.1", "x-unix; 550 5.1.1", "5.4.1"},
		{"", "smtp; x@example.net", ""},
		{"9.9.9", "", ""},
	} {
		if got := codeOf(c.status, c.diagnostic); got != c.want {
			t.Errorf("%q and %q: %q, want %q", c.status, c.diagnostic, got, c.want)
		}
	}
}

func TestWhatIsNoMail(t *testing.T) {
	for name, raw := range map[string]string{"empty": "", "binary": "\x00\x01\x02", "no header": "hello\r\n\r\nthere"} {
		if r, err := Read([]byte(raw), true); incidents.KindOf(err) != incidents.KindInvalid || err == nil {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// Parts within parts, and many of them, end at a bound.
func TestAMailIsReadToABound(t *testing.T) {
	deep := "From: postmaster@example.net\r\n"
	for range 40 {
		deep += "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	}
	deep += "Content-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n"
	wide := "From: postmaster@example.net\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: text/html\r\n\r\nx\r\n", 1000) +
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n--b--\r\n"
	long := "From: postmaster@example.net\r\nSubject: x\r\n\r\n" + strings.Repeat("a", 3*MaxRead)
	for name, raw := range map[string]string{"deep": deep, "wide": wide, "long": long} {
		if r, err := Read([]byte(raw), true); err != nil || r.Kind != Other {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, c := range cases {
		f.Add(returned(f, c.name, theirPath), c.null)
	}
	f.Add([]byte("Content-Type: multipart/report; boundary=\"\"\n\n----\n"), true)
	known := map[Kind]bool{Failed: true, Delayed: true, Complaint: true, AutoReply: true, Other: true}
	f.Fuzz(func(t *testing.T, raw []byte, null bool) {
		r, err := Read(raw, null)
		if err != nil {
			return
		}
		if !known[r.Kind] || len(r.Code) > 15 || len(r.Reason) > 100 || strings.ContainsAny(r.Code+r.Reason, "@\r\n\x00") {
			t.Fatalf("%+v", r)
		}
		if again, err := Read(raw, null); err != nil || again != r {
			t.Fatalf("read again: %+v, %v", again, err)
		}
		if receipt, ok := r.Receipt(theirs, 1); ok && (receipt.ID == "" || receipt.Delivery != theirs || strings.Contains(receipt.ID, r.Hash)) {
			t.Fatalf("%+v", receipt)
		}
	})
}
