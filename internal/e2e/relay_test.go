package e2e

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
)

const relayPersons = 300

// A relay closes with 421 after the 250 to every tenth message and says 421 to
// every QUIT, and the service is stopped in the middle and started again:
// everybody has one message, and nobody is in doubt. Then it loses the 250 of
// some and hangs over others until the sender gives up: nobody is missing, and
// whoever has two messages is listed.
func TestARelayThatIsRudeAndOneThatLosesItsAnswers(t *testing.T) {
	b := newBinary(t)
	b.rewrite("connections: 4}", "connections: 4, timeout: 2s}")
	var rude, lost atomic.Int64
	var once sync.Map
	first := func(to string) bool { _, again := once.LoadOrStore(to, true); return !again }
	b.mail.Bye = "421 4.3.2 too busy to say goodbye"
	b.mail.Closes = func(to string) bool {
		if !strings.HasPrefix(to, "rude.") || !strings.HasSuffix(to, "5@example.com") {
			return false
		}
		rude.Add(1)
		return true
	}
	b.mail.Lose = func(to string) bool {
		hangs := strings.HasSuffix(to, "77@example.com")
		if !strings.HasPrefix(to, "lost.") || !hangs && !strings.HasSuffix(to, "33@example.com") || !first(to) {
			return false
		}
		lost.Add(1)
		if hangs {
			time.Sleep(3 * time.Second)
		}
		return true
	}
	b.mail.Answer = func(string) error { time.Sleep(5 * time.Millisecond); return nil }

	b.start(true)
	in, notice := b.relayed("olga", "rude")
	b.checkDrain()
	b.start(true)
	b.settled(notice)
	b.checkDrain()
	b.start(true) // what it said to QUIT is no reason to send again
	b.settled(notice)
	if extra, listed := b.copies(in, notice, "rude"); extra+listed > 0 || rude.Load() == 0 {
		t.Errorf("%d extra copies and %d in doubt, of %d times 421 after a 250", extra, listed, rude.Load())
	}

	b.hire("otto", "officer", "read,approve")
	in, notice = b.relayed("otto", "lost")
	b.settled(notice)
	extra, listed := b.copies(in, notice, "lost")
	t.Logf("%d answers lost: %d extra copies, %d were in doubt", lost.Load(), extra, listed)
	if n := lost.Load(); n == 0 || int64(extra) > n || extra > crashWindow {
		t.Errorf("%d extra copies, of %d lost answers and a window of %d", extra, n, crashWindow)
	}
	b.checkDrain()
}

// relayed releases a notice and waits until a third of it has left.
func (b *binary) relayed(officer, mark string) (in incidents.Incident, notice int64) {
	b.t.Helper()
	some := b.mail.Count() + relayPersons/3
	in, notice = b.released(officer, incidents.Email, relayPersons, strings.ReplaceAll(csvOf(relayPersons), "person.", mark+"."))
	for end := time.Now().Add(2 * time.Minute); b.mail.Count() < some; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("%d of %d messages in two minutes:\n%s", b.mail.Count(), some, b.log.String())
		}
	}
	return in, notice
}

// copies counts the messages beyond the first that the relay took, and who is
// listed as perhaps told twice. Nobody may be missing, or have two unlisted.
func (b *binary) copies(in incidents.Incident, notice int64, mark string) (extra, listed int) {
	b.t.Helper()
	copies := map[string]int{}
	for _, l := range b.mail.Letters() {
		copies[l.To]++
	}
	for seq := 1; seq <= relayPersons; seq++ {
		n := copies[fmt.Sprintf("%s.%05d@example.com", mark, seq)]
		var list page[incidents.Delivery]
		b.api("rita", "GET", fmt.Sprintf("/incidents/%s/persons/%d/deliveries?notice=%d", in.Ref, seq, notice), nil, &list, "")
		twice := list.Items[0].MaybeTwice
		if n == 0 || n > 1 && !twice {
			b.t.Errorf("person %d has %d messages, and is listed as perhaps told twice: %v", seq, n, twice)
		}
		extra += n - 1
		if twice {
			listed++
		}
	}
	return extra, listed
}
