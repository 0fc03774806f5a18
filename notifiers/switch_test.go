package notifiers_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/channeltest"
)

// A scripted provider answers what it is told, and keeps what it took.
type scripted struct {
	mu     sync.Mutex
	answer func(m notifiers.Message) (r incidents.Receipt, took bool)
	taken  map[incidents.DeliveryID]int
	asked  int
}

func (s *scripted) Send(_ context.Context, m notifiers.Message) (incidents.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	r, took := incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "id"}, true
	if s.answer != nil {
		r, took = s.answer(m)
	}
	if took {
		if s.taken == nil {
			s.taken = map[incidents.DeliveryID]int{}
		}
		s.taken[m.Delivery]++
	}
	return r, nil
}

func (s *scripted) Find(_ context.Context, m notifiers.Message, _ int64) (incidents.Receipt, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "id"}, s.taken[m.Delivery] > 0, nil
}

func (s *scripted) set(answer func(notifiers.Message) (incidents.Receipt, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func always(r incidents.Receipt, took bool) func(notifiers.Message) (incidents.Receipt, bool) {
	return func(notifiers.Message) (incidents.Receipt, bool) { return r, took }
}

var (
	unreachable = incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, Reason: "cannot be reached"}
	silent      = incidents.Receipt{Outcome: incidents.OutcomeDoubt, Reason: "did not say"}
)

func pair(reports *[]incidents.ProviderReport) (sw *notifiers.Switch, first, second *scripted) {
	first, second = &scripted{}, &scripted{}
	var mu sync.Mutex
	return notifiers.NewSwitch(notifiers.Switch{Kind: incidents.SMS, Now: time.Now, Report: func(_ context.Context, r incidents.ProviderReport) error {
		mu.Lock()
		defer mu.Unlock()
		if reports != nil {
			*reports = append(*reports, r)
		}
		return nil
	}, Providers: []*notifiers.Provider{
		{Account: "sms/first", Channel: first, Limiter: notifiers.NewLimiter(0, time.Now)},
		{Account: "sms/second", Channel: second, Limiter: notifiers.NewLimiter(0, time.Now)}}}), first, second
}

func message(seq int64) notifiers.Message {
	return channeltest.Message(incidents.SMS, "+14155550158", seq)
}

func send(t *testing.T, sw *notifiers.Switch, seq int64) incidents.Receipt {
	t.Helper()
	r, err := sw.Send(t.Context(), message(seq))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A provider that cannot be reached is left alone after three messages, all of
// which the second carries; one message probes it later, and then it has the
// work again.
func TestTheSecondCarriesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports []incidents.ProviderReport
		sw, first, second := pair(&reports)
		first.set(always(unreachable, false))
		for i := range int64(20) {
			if r := send(t, sw, i); r.Outcome != incidents.OutcomeAccepted || r.Provider != "sms/second" {
				t.Fatalf("message %d: %+v", i, r)
			}
		}
		if first.asked != 3 || len(second.taken) != 20 {
			t.Errorf("the first was asked %d times, the second holds %d", first.asked, len(second.taken))
		}
		time.Sleep(6 * time.Second)
		send(t, sw, 30) // probes, in vain
		send(t, sw, 31)
		if first.asked != 4 {
			t.Errorf("the first was asked %d times after one probe", first.asked)
		}
		first.set(nil)
		time.Sleep(6 * time.Second)
		if send(t, sw, 32).Provider != "sms/second" {
			t.Error("a failed probe does not lengthen the time")
		}
		time.Sleep(5 * time.Second)
		for i := range int64(3) {
			if r := send(t, sw, 40+i); r.Provider != "sms/first" {
				t.Errorf("after it came back: %+v", r)
			}
		}
		var states []string
		for _, r := range reports {
			states = append(states, r.State)
			if r.State == incidents.ProviderAway && r.Error == "" {
				t.Error("a provider is away without a reason")
			}
		}
		if want := []string{"well", "away", "away", "well"}; !slices.Equal(states, want) {
			t.Errorf("reported %v, want %v", states, want)
		}
	})
}

// One failure is being written down while two more follow: what is written last
// is that the provider is left alone, not what it was before.
func TestTheLastReportIsOfThePresent(t *testing.T) {
	var mu sync.Mutex
	var states []string
	writing, gate := make(chan struct{}, 8), make(chan struct{})
	first := &scripted{answer: always(unreachable, false)}
	sw := notifiers.NewSwitch(notifiers.Switch{Kind: incidents.SMS, Now: time.Now, Providers: []*notifiers.Provider{{Account: "sms/first", Channel: first}},
		Report: func(_ context.Context, r incidents.ProviderReport) error {
			if r.State == incidents.ProviderWell {
				writing <- struct{}{}
				<-gate
			}
			mu.Lock()
			defer mu.Unlock()
			states = append(states, r.State)
			return nil
		}})
	var all sync.WaitGroup
	all.Go(func() { _, _ = sw.Send(t.Context(), message(1)) })
	<-writing
	for i := range int64(2) {
		all.Go(func() { _, _ = sw.Send(t.Context(), message(2+i)) })
	}
	for asked := 0; asked < 3; time.Sleep(5 * time.Millisecond) {
		first.mu.Lock()
		asked = first.asked
		first.mu.Unlock()
	}
	time.Sleep(20 * time.Millisecond) // room for a report that would overtake
	close(gate)
	all.Wait()
	if len(states) == 0 || states[len(states)-1] != incidents.ProviderAway {
		t.Errorf("reported %v", states)
	}
}

// What is in doubt never goes to the second; what comes after three doubts does.
func TestADoubtStaysWithItsProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sw, first, second := pair(nil)
		first.set(always(silent, true))
		for i := range int64(3) {
			if r := send(t, sw, i); r.Outcome != incidents.OutcomeDoubt || r.Provider != "sms/first" {
				t.Fatalf("%+v", r)
			}
		}
		if second.asked != 0 {
			t.Fatal("a doubt went to the second")
		}
		if r := send(t, sw, 4); r.Provider != "sms/second" || r.Outcome != incidents.OutcomeAccepted {
			t.Errorf("after three doubts: %+v", r)
		}
	})
}

// A provider that asks to be left alone is, and the second carries on meanwhile.
func TestAPausedProviderIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sw, first, second := pair(nil)
		first.set(always(incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, RetryAfter: 30 * time.Second, Code: "429"}, false))
		for i := range int64(10) {
			if r := send(t, sw, i); r.Provider != "sms/second" {
				t.Fatalf("%+v", r)
			}
		}
		if first.asked != 1 || len(second.taken) != 10 {
			t.Errorf("the first was asked %d times", first.asked)
		}
		first.set(nil)
		time.Sleep(31 * time.Second)
		if r := send(t, sw, 11); r.Provider != "sms/first" {
			t.Errorf("after the pause: %+v", r)
		}
	})
}

// With nobody to be reached the message is tried again later, and nobody is asked meanwhile.
func TestBothAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sw, first, second := pair(nil)
		first.set(always(unreachable, false))
		second.set(always(unreachable, false))
		for i := range int64(10) {
			if r := send(t, sw, i); r.Outcome != incidents.OutcomeRetry {
				t.Fatalf("%+v", r)
			}
		}
		if first.asked != 3 || second.asked != 3 {
			t.Errorf("asked %d and %d times", first.asked, second.asked)
		}
		if r := send(t, sw, 11); r.RetryAfter != 5*time.Second || r.Code != "away" {
			t.Errorf("%+v", r)
		}
	})
}

// What a provider refuses for a reason of its account is taken by the other; an
// opt-out, or a number that does not exist, is the last word.
func TestRefusals(t *testing.T) {
	sw, first, second := pair(nil)
	first.set(always(incidents.Receipt{Outcome: incidents.OutcomeRefused, Elsewhere: true}, false))
	if r := send(t, sw, 1); r.Outcome != incidents.OutcomeAccepted || r.Provider != "sms/second" {
		t.Errorf("%+v", r)
	}
	second.set(always(incidents.Receipt{Outcome: incidents.OutcomeRefused, Elsewhere: true}, false))
	if r := send(t, sw, 2); r.Outcome != incidents.OutcomeRefused {
		t.Errorf("%+v", r)
	}
	first.set(always(unreachable, false))
	if r := send(t, sw, 3); r.Outcome != incidents.OutcomeRetry || r.Provider != "sms/first" {
		t.Errorf("what the first may take later was refused for good: %+v", r)
	}
	first.set(always(incidents.Receipt{Outcome: incidents.OutcomeRefused}, false))
	before := second.asked
	if r := send(t, sw, 4); r.Outcome != incidents.OutcomeRefused || second.asked != before {
		t.Errorf("an opt-out went on to the second: %+v", r)
	}
}

// A lookup asks the account that made the attempt, both when nobody knows.
func TestFindAsksWhoMadeTheAttempt(t *testing.T) {
	sw, first, second := pair(nil)
	first.set(always(unreachable, false))
	send(t, sw, 1)
	m := message(1)
	for account, want := range map[string]bool{"sms/first": false, "sms/second": true, "": true} {
		m.Provider = account
		first.asked, second.asked = 0, 0
		r, found, err := sw.Find(t.Context(), m, 0)
		if err != nil || found != want || found && r.Provider != "sms/second" {
			t.Errorf("asked %q: %v %v %+v", account, found, err, r)
		}
		if account == "sms/second" && first.asked != 0 {
			t.Error("the other provider was asked as well")
		}
	}
}

// Two accounts that both have a record of what was sent once leave it open which
// is ours.
func TestARecordAtBothIsNoAnswer(t *testing.T) {
	sw, first, second := pair(nil)
	m := message(1)
	first.taken, second.taken = map[incidents.DeliveryID]int{m.Delivery: 1}, map[incidents.DeliveryID]int{m.Delivery: 1}
	if _, found, err := sw.Find(t.Context(), m, 0); found || incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("found %v, %v", found, err)
	}
	m.Provider = "sms/first"
	if r, found, err := sw.Find(t.Context(), m, 0); !found || err != nil || r.Provider != "sms/first" {
		t.Errorf("found %v, %v, %+v", found, err, r)
	}
}

// What was decided here is no answer of a provider: it neither ends its illness
// nor begins one.
func TestWhatNoProviderWasAskedJudgesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sw, first, second := pair(nil)
		first.set(always(unreachable, false))
		for i := range int64(3) {
			send(t, sw, i)
		}
		time.Sleep(time.Minute) // it may be probed
		first.set(always(incidents.Receipt{Outcome: incidents.OutcomeRefused, Unasked: true}, false))
		send(t, sw, 4)
		first.set(always(unreachable, false))
		asked := first.asked
		for i := range int64(5) {
			if r := send(t, sw, 10+i); r.Provider != "sms/second" {
				t.Errorf("%+v", r)
			}
		}
		if n := first.asked - asked; n != 1 {
			t.Errorf("%d messages went to a provider that is away, want one probe", n)
		}
		if second.asked != 8 {
			t.Errorf("the second was asked %d times", second.asked)
		}
	})
}

// An account that is not there at the start is left alone, and used once a probe
// finds it.
func TestAnAbsentAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports []incidents.ProviderReport
		sw, first, second := pair(&reports)
		sw.Absent("sms/first", "it is not there")
		if r := reports[len(reports)-1]; r.Account != "sms/first" || r.State != incidents.ProviderAway || r.Error != "it is not there" {
			t.Errorf("reported %+v", r)
		}
		if r := send(t, sw, 1); r.Provider != "sms/second" || first.asked != 0 {
			t.Errorf("%+v", r)
		}
		time.Sleep(10 * time.Second)
		if r := send(t, sw, 2); r.Provider != "sms/first" || second.asked != 1 {
			t.Errorf("%+v", r)
		}
	})
}

// A drowsy channel may not be used for an hour.
type drowsy struct {
	scripted
	until func() time.Duration
}

func (d *drowsy) Wait(notifiers.Message) time.Duration { return d.until() }

// Behind a Switch, too, what is early is kept before any account is asked, and
// leaves when its hour has come.
func TestHoursHoldBehindASwitch(t *testing.T) {
	w := newWorld(t)
	opens := w.now().Add(time.Hour)
	first := &drowsy{until: func() time.Duration { return opens.Sub(w.now()) }}
	second := &drowsy{until: first.until}
	mail := notifiers.NewSwitch(notifiers.Switch{Kind: incidents.Email, Now: w.now, Providers: []*notifiers.Provider{{Account: "email/first", Channel: first}, {Account: "email/second", Channel: second}}})
	d := w.dispatcher(mail, &scripted{}, nil)
	n := w.sending(3)
	w.ok(d.Chunk(t.Context(), n.No, 1))
	if got := w.states(n.No, incidents.Email); got[incidents.RetryWait] != 3 || first.asked+second.asked != 0 {
		t.Fatalf("%v, asked %d", got, first.asked+second.asked)
	}
	w.pass(time.Hour)
	w.ok(d.Chunk(t.Context(), n.No, 1))
	if got := w.states(n.No, incidents.Email); got[incidents.Accepted] != 3 || first.asked != 3 || second.asked != 0 {
		t.Errorf("%v, asked %d and %d", got, first.asked, second.asked)
	}
}

// However two providers answer, no message is taken twice, none is lost without
// being said so, and a batch is answered in its order.
func TestNothingIsSentTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sw, first, second := pair(nil)
		for _, p := range []*scripted{first, second} {
			p.answer = func(notifiers.Message) (incidents.Receipt, bool) {
				switch rapid.IntRange(0, 5).Draw(rt, "answer") {
				case 0:
					return unreachable, false
				case 1:
					return silent, rapid.Bool().Draw(rt, "took")
				case 2:
					return incidents.Receipt{Outcome: incidents.OutcomeRefused, Elsewhere: rapid.Bool().Draw(rt, "elsewhere")}, false
				case 3:
					return incidents.Receipt{Outcome: incidents.OutcomeGone}, false
				}
				return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "id"}, true
			}
		}
		for round := range rapid.IntRange(1, 10).Draw(rt, "rounds") {
			var ms []notifiers.Message
			for i := range rapid.IntRange(1, 8).Draw(rt, "messages") {
				ms = append(ms, message(int64(100*round+i)))
			}
			for i, r := range sw.SendAll(context.Background(), context.Background(), ms) {
				took := first.taken[ms[i].Delivery] + second.taken[ms[i].Delivery]
				switch {
				case took > 1:
					rt.Fatalf("%s was taken %d times", ms[i], took)
				case r.Outcome == incidents.OutcomeAccepted && took != 1, took == 1 && r.Outcome != incidents.OutcomeAccepted && r.Outcome != incidents.OutcomeDoubt:
					rt.Fatalf("%s: taken %d times, said %s", ms[i], took, r.Outcome)
				}
			}
		}
	})
}

// The kill switch keeps what waits for a provider; a panic over one message
// leaves that one in doubt and its neighbours sent.
func TestKeptAndPanicked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sw, first, second := pair(nil)
		first.set(func(m notifiers.Message) (incidents.Receipt, bool) {
			if m.Delivery.Seq == 2 {
				panic("poison")
			}
			return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "id"}, true
		})
		outcomes := map[incidents.Outcome]int{}
		for _, r := range sw.SendAll(t.Context(), t.Context(), []notifiers.Message{message(1), message(2), message(3)}) {
			outcomes[r.Outcome]++
		}
		if want := map[incidents.Outcome]int{incidents.OutcomeAccepted: 2, incidents.OutcomeDoubt: 1}; !maps.Equal(outcomes, want) {
			t.Errorf("%v", outcomes)
		}
		slow := always(incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, RetryAfter: time.Hour}, false)
		first.set(slow)
		second.set(slow)
		send(t, sw, 4)
		leave, halt := context.WithTimeout(t.Context(), 2*time.Second)
		defer halt()
		start := time.Now()
		if r, _ := sw.SendLeaving(t.Context(), leave, message(5)); r.Outcome != incidents.OutcomeKept || time.Since(start) > 2*time.Second {
			t.Errorf("%+v after %s", r, time.Since(start))
		}
		if first.taken[message(5).Delivery]+second.taken[message(5).Delivery] != 0 {
			t.Error("it left all the same")
		}
	})
}
