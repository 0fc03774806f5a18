package email

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/incidents"
	"tocsin/notifiers"
)

var verp = NewVERP([]byte("a key for the test"), "bounces.example.org")

func mailOf(notice, seq int64) incidents.DeliveryID {
	return incidents.DeliveryID{Notice: notice, Seq: seq, Channel: incidents.Email}
}

func TestAReturnPathComesBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		id := mailOf(rapid.Int64Range(1, 999_999_999).Draw(r, "notice"), rapid.Int64Range(1, 999_999_999_999).Draw(r, "seq"))
		attempt := rapid.IntRange(0, 99_999).Draw(r, "attempt")
		address := verp.Address(id, attempt)
		if local, _, _ := strings.Cut(address, "@"); local == "" || len(local) > 64 || address != strings.ToLower(address) {
			r.Fatalf("%q is no address for every host", address)
		}
		for _, folded := range []string{address, strings.ToUpper(address)} {
			if got, n, ok := verp.Parse(folded); !ok || got != id || n != attempt {
				r.Fatalf("%s is read as %s attempt %d, %v", folded, got, n, ok)
			}
		}
		i := rapid.IntRange(0, len(address)-1).Draw(r, "changed")
		bad := []byte(address)
		bad[i] = rapid.SampledFrom([]byte("abz279-.+@")).Draw(r, "letter")
		if _, _, ok := verp.Parse(string(bad)); ok && !bytes.Equal(bad, []byte(address)) {
			r.Fatalf("%s was made of %s and is taken", bad, address)
		}
	})
}

// Reports come back weeks after the message left, to whichever version runs then.
func TestAReturnPathStaysWhatItWas(t *testing.T) {
	for want, got := range map[string]string{
		"bounce+12-345-e.1.lh7p6quopbsqumg57z7a@bounces.example.org":                 verp.Address(mailOf(12, 345), 1),
		"bounce+999999999-999999999999-e.7.avrprlfibdq3ypa5yekq@bounces.example.org": verp.Address(mailOf(999_999_999, 999_999_999_999), 7),
	} {
		if got != want {
			t.Errorf("it is %s and was %s", got, want)
		}
	}
}

func BenchmarkReturnPath(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		verp.Address(mailOf(12, 345678), 1)
	}
}

func TestAForgedReturnPathIsNobodys(t *testing.T) {
	good := verp.Address(mailOf(12, 345), 1)
	local, _, _ := strings.Cut(good, "@")
	mac := local[strings.LastIndex(local, ".")+1:]
	for name, address := range map[string]string{
		"nothing":                  "",
		"no signature":             "bounce+12-345-e.1@bounces.example.org",
		"another person":           strings.Replace(good, "345", "346", 1),
		"another attempt":          strings.Replace(good, "e.1.", "e.2.", 1),
		"a leading zero":           strings.Replace(good, "12-", "012-", 1),
		"a sign":                   strings.Replace(good, "12-", "+12-", 1),
		"another channel":          strings.Replace(good, "-e.", "-s.", 1),
		"another domain":           strings.Replace(good, "bounces.", "other.", 1),
		"another user":             strings.TrimPrefix(good, "bounce+"),
		"a domain too many":        good + "@bounces.example.org",
		"much too long":            "bounce+" + strings.Repeat("1", 80) + good,
		"of another key":           NewVERP([]byte("another key"), verp.domain).Address(mailOf(12, 345), 1),
		"a signature and no name":  "bounce+.." + mac + "@bounces.example.org",
		"the signature of nothing": "bounce+12-345-e.1.@bounces.example.org",
	} {
		if id, _, ok := verp.Parse(address); ok || id != (incidents.DeliveryID{}) {
			t.Errorf("%s: %q is taken for %s", name, address, id)
		}
	}
}

func TestWhatIsNoDeliveryHasNoReturnPath(t *testing.T) {
	for _, id := range []incidents.DeliveryID{{}, {Channel: incidents.Email}, {Notice: 1, Seq: 1, Channel: incidents.SMS}, mailOf(math.MaxInt64, math.MaxInt64)} {
		if got := verp.Address(id, 1); got != "" {
			t.Errorf("%v: %q", id, got)
		}
	}
	o := Options{Bounce: "bounces@example.org"}
	if got := o.sender(mailOf(1, 1), 1); got != o.Bounce {
		t.Errorf("without return paths: %q", got)
	}
	o.ReturnPath = verp.Address
	if got := o.sender(incidents.DeliveryID{Channel: incidents.Email}, 0); got != o.Bounce {
		t.Errorf("mail to the team: %q", got)
	}
	if _, _, ok := verp.Parse(o.sender(mailOf(1, 1), 1)); !ok {
		t.Error("a delivery has no return path of its own")
	}
}

func TestWhatIsAskedOfARelay(t *testing.T) {
	o := &outgoing{m: &notifiers.Message{Delivery: mailOf(12, 345), To: "ada@example.com"}, from: "bounces@example.org"}
	for offered, want := range map[string]string{
		"DSN":        "MAIL FROM:<bounces@example.org> RET=HDRS ENVID=12-345-e\r\nRCPT TO:<ada@example.com> NOTIFY=FAILURE,DELAY\r\n",
		"PIPELINING": "MAIL FROM:<bounces@example.org>\r\nRCPT TO:<ada@example.com>\r\n",
	} {
		k := &conn{has: map[string]bool{offered: true}}
		if k.address(o); string(k.out) != want {
			t.Errorf("where it offers %s: %q", offered, k.out)
		}
	}
}
