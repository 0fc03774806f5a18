package email_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/email"
)

// The ways a batch leaves.
var modes = []struct {
	name   string
	offers []string
}{
	{"BDAT and PIPELINING", []string{"PIPELINING", "CHUNKING", "ENHANCEDSTATUSCODES", "DSN", "SIZE 10000000"}},
	{"PIPELINING", []string{"PIPELINING", "ENHANCEDSTATUSCODES"}},
	{"PIPELINING, and DATA is taken without a recipient", []string{"PIPELINING", "lenient"}},
	{"one command at a time", []string{"DSN", "SIZE 10000000"}},
}

// batchOf makes n messages, to p1 … pn.
func batchOf(n int) (ms []notifiers.Message) {
	for i := range n {
		ms = append(ms, channeltest.Message(incidents.Email, fmt.Sprintf("p%d@secret.example", i+1), int64(i+1)))
	}
	return ms
}

func opened(t *testing.T, r *relay, change func(*email.Options)) *email.Channel {
	t.Helper()
	o := options(r.addr)
	o.Timeout = time.Minute
	if change != nil {
		change(&o)
	}
	c, err := email.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// sound checks what must hold whatever a relay does, and returns the outcomes.
func sound(t *testing.T, r *relay, ms []notifiers.Message, got []incidents.Receipt) (outcomes []incidents.Outcome) {
	t.Helper()
	if len(got) != len(ms) {
		t.Fatalf("%d receipts of %d messages", len(got), len(ms))
	}
	for i, m := range ms {
		to, _, _ := strings.Cut(m.To, "@")
		o, taken := got[i].Outcome, len(r.bodies(to))
		outcomes = append(outcomes, o)
		switch {
		case taken > 1:
			t.Errorf("%s was taken %d times", to, taken)
		case taken == 1 && o != incidents.OutcomeAccepted && o != incidents.OutcomeDoubt:
			t.Errorf("%s was taken and is %s", to, o)
		case taken == 0 && o == incidents.OutcomeAccepted:
			t.Errorf("%s was not taken and is accepted", to)
		case o == "":
			t.Errorf("%s has no outcome", to)
		}
		shown := fmt.Sprintf("%+v", got[i])
		for _, secret := range []string{"secret", to + "@", m.Name, "canary", m.Code, "hunter2"} {
			if strings.Contains(shown, secret) {
				t.Errorf("%q is shown in %s", secret, shown)
			}
		}
		if taken == 1 && !strings.Contains(r.bodies(to)[0], "X-Delivery-Id: "+m.Delivery.String()+"\r\n") {
			t.Errorf("%s got another's message", to)
		}
	}
	return outcomes
}

const (
	yes   = incidents.OutcomeAccepted
	retry = incidents.OutcomeRetry
	no    = incidents.OutcomeRefused
	gone  = incidents.OutcomeGone
	doubt = incidents.OutcomeDoubt
	kept  = incidents.OutcomeKept
)

func TestWhateverARelayDoesToTheThirdOfFive(t *testing.T) {
	refused := func(code string) answer { return answer{text: code + " <p3@secret.example> Ada Canary hunter2"} }
	closing := answer{text: "421 4.3.2 p3@secret.example closing", cut: true}
	for _, tc := range []struct {
		name   string
		stage  string
		do     answer
		always bool // also when it is tried again
		want   incidents.Outcome
		// rest is what becomes of the fourth and the fifth by BDAT, where they
		// were sent before the answer was read; accepted when empty.
		rest incidents.Outcome
		// once tells that the message was opened no second time.
		once bool
	}{
		{name: "nothing", want: yes, once: true},
		{name: "550 to MAIL", stage: "mail", do: refused("550 5.7.1"), want: retry, once: true},
		{name: "451 to MAIL", stage: "mail", do: refused("451 4.3.0"), want: retry, once: true},
		{name: "550 5.1.1 to RCPT", stage: "rcpt", do: refused("550 5.1.1"), want: gone, once: true},
		{name: "550 to RCPT", stage: "rcpt", do: refused("550"), want: no, once: true},
		{name: "450 to RCPT", stage: "rcpt", do: refused("450 4.2.0"), want: retry, once: true},
		{name: "451 to DATA", stage: "data", do: refused("451 4.3.0"), want: retry, once: true},
		{name: "554 to DATA", stage: "data", do: refused("554 5.7.1"), want: no, once: true},
		{name: "452 to the message", stage: "end", do: refused("452 4.3.1"), want: retry, once: true},
		{name: "554 to the message", stage: "end", do: refused("554 5.6.0"), want: no, once: true},
		{name: "552 in several lines", stage: "end", do: answer{text: "552-5.2.2 p3@secret.example\n552-5.2.2 more\n552 5.2.2 end"}, want: no, once: true},
		{name: "250 in several lines, byte by byte", stage: "end", do: answer{text: "250-2.0.0 one\n250 2.0.0 Q9", take: true, drip: true}, want: yes, once: true},
		{name: "250 without a text", stage: "end", do: answer{text: "250", take: true}, want: yes, once: true},
		{name: "250 and the connection is cut", stage: "end", do: answer{text: "250 2.0.0 ok", take: true, cut: true}, want: yes, rest: doubt, once: true},
		{name: "550 and the connection is cut", stage: "end", do: answer{text: "550 5.0.0 no", cut: true}, want: no, rest: doubt, once: true},

		{name: "421 to MAIL, once", stage: "mail", do: closing, want: yes},
		{name: "421 to RCPT, once", stage: "rcpt", do: closing, want: yes},
		{name: "421 to DATA, once", stage: "data", do: closing, want: yes},
		{name: "421 to the message, once", stage: "end", do: closing, want: yes},
		{name: "421 to RCPT, always", stage: "rcpt", do: closing, always: true, want: retry},
		{name: "421 to DATA, always", stage: "data", do: closing, always: true, want: retry},
		{name: "421 to the message, always", stage: "end", do: closing, always: true, want: retry},
		{name: "421 to RCPT, and it goes on all the same", stage: "rcpt", do: answer{text: "421 4.7.0 wait"}, always: true, want: retry},
		{name: "421 to MAIL, and it goes on all the same", stage: "mail", do: answer{text: "421 4.7.0 wait"}, want: yes},
		{name: "421 to the message, and it goes on all the same", stage: "end", do: answer{text: "421 4.7.0 wait"}, always: true, want: retry},

		{name: "cut at RCPT, once", stage: "rcpt", do: answer{cut: true}, want: yes, rest: doubt},
		{name: "cut at RCPT, always", stage: "rcpt", do: answer{cut: true}, always: true, want: retry, rest: doubt},
		{name: "cut before the body", stage: "body", do: answer{cut: true}, want: doubt, rest: doubt},
		{name: "cut after the body, not taken", stage: "end", do: answer{cut: true}, want: doubt, rest: doubt, once: true},
		{name: "cut after the body, taken", stage: "end", do: answer{cut: true, take: true}, want: doubt, rest: doubt, once: true},
		{name: "no answer to a message it took", stage: "end", do: answer{hang: true, take: true}, want: doubt, rest: doubt, once: true},
		{name: "no answer to RCPT", stage: "rcpt", do: answer{hang: true}, want: yes, rest: doubt},
		{name: "no answer to RCPT, ever", stage: "rcpt", do: answer{hang: true}, always: true, want: retry, rest: doubt},
		{name: "half an answer", stage: "end", do: answer{text: "2", take: true, cut: true}, want: doubt, rest: doubt, once: true},
		{name: "not SMTP after the message", stage: "end", do: answer{text: "HTTP/1.1 200 OK", take: true, cut: true}, want: doubt, rest: doubt, once: true},
		{name: "an answer without end", stage: "end", do: answer{text: strings.TrimSuffix(strings.Repeat("250-on\n", 100), "\n"), take: true, cut: true}, want: doubt, rest: doubt, once: true},
		{name: "a line without end", stage: "end", do: answer{text: "250 " + strings.Repeat("x", 10000), take: true, cut: true}, want: doubt, rest: doubt, once: true},
		{name: "not SMTP to RCPT", stage: "rcpt", do: answer{text: "hello?", cut: true}, want: yes, rest: doubt},
	} {
		for _, mode := range modes {
			chunks := mode.offers[len(mode.offers)-1] != "lenient" && strings.HasPrefix(mode.name, "BDAT")
			if chunks && tc.stage == "data" || !chunks && tc.stage == "body" {
				continue
			}
			t.Run(tc.name+", "+mode.name, func(t *testing.T) {
				t.Parallel()
				var hit atomic.Int64
				r := newRelay(t, func(r *relay) {
					r.offers = mode.offers
					r.script = func(p point) (answer, bool) {
						return tc.do, p.stage == tc.stage && p.to == "p3" && p.stage != "mail" && (hit.Add(1) == 1 || tc.always) ||
							p.stage == "mail" && tc.stage == "mail" && hit.Add(1) == 3
					}
				})
				c := opened(t, r, func(o *email.Options) {
					if tc.do.hang {
						o.Timeout = 2 * time.Second
					}
				})
				ms := batchOf(5)
				got := sound(t, r, ms, c.SendAll(t.Context(), t.Context(), ms))
				want, rest := tc.want, yes
				if chunks && tc.rest != "" {
					rest = tc.rest
					if tc.rest == doubt && tc.stage != "end" {
						want = doubt // all of it was sent before it was seen to be cut
					}
				}
				if w := []incidents.Outcome{yes, yes, want, rest, rest}; fmt.Sprint(got) != fmt.Sprint(w) {
					t.Errorf("outcomes %v, want %v", got, w)
				}
				if tc.once && r.count("rcpt p3") > 1 {
					t.Errorf("the third was opened %d times", r.count("rcpt p3"))
				}
				again := batchOf(2)
				for i := range again {
					again[i].To, again[i].Delivery.Seq = fmt.Sprintf("q%d@secret.example", i), int64(10+i)
				}
				after := sound(t, r, again, c.SendAll(t.Context(), t.Context(), again))
				if after[0] != yes || after[1] != yes {
					t.Errorf("the next batch: %v", after)
				}
			})
		}
	}
}

// A relay that looks at a message for long has taken it once it says so.
func TestARelayMayTakeItsTimeOverAMessage(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			r := newRelay(t, func(r *relay) {
				r.offers = mode.offers
				r.script = func(p point) (answer, bool) {
					return answer{text: "250 2.0.0 taken", take: true, slow: 3 * time.Second}, p.stage == "end" && p.to == "p2"
				}
			})
			c := opened(t, r, func(o *email.Options) { o.Timeout, o.FinalTimeout = 2*time.Second, time.Minute })
			ms := batchOf(3)
			if got := sound(t, r, ms, c.SendAll(t.Context(), t.Context(), ms)); fmt.Sprint(got) != fmt.Sprint([]incidents.Outcome{yes, yes, yes}) {
				t.Errorf("outcomes %v", got)
			}
		})
	}
}

// What is refused last leaves a transaction open, which the next batch on the
// same connection must not fall into.
func TestARefusalAtTheEndOfABatchDoesNotHarmTheNext(t *testing.T) {
	for _, mode := range modes {
		for _, stage := range []string{"rcpt", "end"} {
			t.Run(mode.name+", "+stage, func(t *testing.T) {
				r := newRelay(t, func(r *relay) {
					r.offers = mode.offers
					r.script = func(p point) (answer, bool) { return answer{text: "550 5.1.1 no"}, p.stage == stage && p.to == "p2" }
				})
				c := opened(t, r, nil)
				ms := batchOf(3)
				first := sound(t, r, ms[:2], c.SendAll(t.Context(), t.Context(), ms[:2]))
				then := sound(t, r, ms[2:], c.SendAll(t.Context(), t.Context(), ms[2:]))
				if fmt.Sprint(first, then) != fmt.Sprint([]incidents.Outcome{yes, gone}, []incidents.Outcome{yes}) {
					t.Errorf("outcomes %v and %v", first, then)
				}
				if n, _ := r.connections(); n != 1 {
					t.Errorf("%d connections", n)
				}
			})
		}
	}
}

func TestWhatDoesNotGetAsFarAsAMessage(t *testing.T) {
	for _, tc := range []struct {
		name   string
		script func(point) (answer, bool)
		want   incidents.Outcome
	}{
		{"421 at the greeting", at("greet", answer{text: "421 4.3.2 busy", cut: true}), retry},
		{"554 at the greeting", at("greet", answer{text: "554 5.7.1 go away", cut: true}), retry},
		{"cut at the greeting", at("greet", answer{cut: true}), retry},
		{"not SMTP at the greeting", at("greet", answer{text: "SSH-2.0-OpenSSH_9.9"}), retry},
		{"550 to EHLO", at("ehlo", answer{text: "550 5.7.1 no"}), retry},
		{"421 to EHLO", at("ehlo", answer{text: "421 4.3.2 busy", cut: true}), retry},
		{"cut at EHLO", at("ehlo", answer{cut: true}), retry},
		{"421 to QUIT", at("quit", answer{text: "421 4.3.2 busy", cut: true}), yes},
		{"cut at QUIT", at("quit", answer{cut: true}), yes},
		{"a greeting byte by byte, in lines", at("greet", answer{text: "220-one\n220 two", drip: true}), yes},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRelay(t, func(r *relay) { r.offers, r.script = modes[0].offers, tc.script })
			c := opened(t, r, nil)
			ms := batchOf(3)
			got := sound(t, r, ms, c.SendAll(t.Context(), t.Context(), ms))
			if fmt.Sprint(got) != fmt.Sprint([]incidents.Outcome{tc.want, tc.want, tc.want}) {
				t.Errorf("outcomes %v", got)
			}
			if n, _ := r.connections(); n != 1 {
				t.Errorf("%d connections for one batch", n)
			}
		})
	}
}

func at(stage string, a answer) func(point) (answer, bool) {
	return func(p point) (answer, bool) { return a, p.stage == stage }
}

func TestARelayThatKnowsOnlyHELO(t *testing.T) {
	r := newRelay(t, func(r *relay) { r.helo = true })
	ms := batchOf(3)
	ms[1].To = "jürgen@secret.example"
	got := sound(t, r, ms, opened(t, r, nil).SendAll(t.Context(), t.Context(), ms))
	if fmt.Sprint(got) != fmt.Sprint([]incidents.Outcome{yes, no, yes}) {
		t.Errorf("outcomes %v", got)
	}
}

func TestAnAddressOutsideASCIINeedsSMTPUTF8(t *testing.T) {
	for _, mode := range modes {
		r := newRelay(t, func(r *relay) { r.offers = append([]string{"SMTPUTF8"}, mode.offers...) })
		ms := batchOf(3)
		ms[1].To = "jürgen@secret.example"
		if got := sound(t, r, ms, opened(t, r, nil).SendAll(t.Context(), t.Context(), ms)); fmt.Sprint(got) != fmt.Sprint([]incidents.Outcome{yes, yes, yes}) {
			t.Errorf("%s: outcomes %v", mode.name, got)
		}
	}
}

// A relay that ends connections by itself, saying so, costs nothing.
func TestConnectionsThatTheRelayEnds(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			per := map[int]int{}
			r := newRelay(t, func(r *relay) {
				r.offers = mode.offers
				r.script = func(p point) (answer, bool) {
					if p.stage != "mail" {
						return answer{}, false
					}
					r.mu.Lock()
					defer r.mu.Unlock()
					per[p.conn]++
					return answer{text: "421 4.7.0 three are enough", cut: true}, per[p.conn] > 3
				}
			})
			c := opened(t, r, nil)
			ms := batchOf(10)
			for _, part := range [][]notifiers.Message{ms[:2], ms[2:9], ms[9:]} {
				for i, o := range sound(t, r, part, c.SendAll(t.Context(), t.Context(), part)) {
					if o != yes {
						t.Errorf("%s is %s", part[i].To, o)
					}
				}
			}
		})
	}
	t.Run("while they stand idle, without a word", func(t *testing.T) {
		r := newRelay(t, func(r *relay) { r.offers = modes[0].offers })
		var clock atomic.Int64
		c := opened(t, r, func(o *email.Options) {
			o.Now = func() time.Time { return noon.Add(time.Duration(clock.Load())) }
		})
		ms := batchOf(2)
		first := sound(t, r, ms[:1], c.SendAll(t.Context(), t.Context(), ms[:1]))
		r.closeAll()
		clock.Store(int64(time.Minute))
		then := sound(t, r, ms[1:], c.SendAll(t.Context(), t.Context(), ms[1:]))
		if first[0] != yes || then[0] != yes {
			t.Errorf("outcomes %v and %v", first, then)
		}
	})
}

// When nothing may leave any more, nothing leaves and nothing waits: not for a
// connection, not for a relay that does not greet.
func TestHaltedIsKept(t *testing.T) {
	check := func(t *testing.T, r *relay, ms []notifiers.Message, got []incidents.Receipt) {
		t.Helper()
		for _, o := range sound(t, r, ms, got) {
			if o != kept {
				t.Errorf("it is %s", o)
			}
		}
	}
	t.Run("before", func(t *testing.T) {
		r := newRelay(t, nil)
		leave, halt := context.WithCancel(t.Context())
		halt()
		ms := batchOf(3)
		check(t, r, ms, opened(t, r, nil).SendAll(t.Context(), leave, ms))
		if n, _ := r.connections(); n != 0 {
			t.Errorf("%d connections", n)
		}
	})
	t.Run("while the relay does not greet", func(t *testing.T) {
		leave, halt := context.WithCancel(t.Context())
		r := newRelay(t, func(r *relay) {
			r.script = func(p point) (answer, bool) { halt(); return answer{hang: true}, p.stage == "greet" }
		})
		ms := batchOf(3)
		check(t, r, ms, opened(t, r, nil).SendAll(t.Context(), leave, ms))
	})
	t.Run("while an idle connection does not answer", func(t *testing.T) {
		leave, halt := context.WithCancel(t.Context())
		r := newRelay(t, func(r *relay) {
			r.script = func(p point) (answer, bool) {
				if p.stage == "rset" {
					halt()
				}
				return answer{hang: true}, p.stage == "rset"
			}
		})
		var clock atomic.Int64
		c := opened(t, r, func(o *email.Options) {
			o.Now = func() time.Time { return noon.Add(time.Duration(clock.Load())) }
		})
		ms := batchOf(3)
		if o := sound(t, r, ms[:1], c.SendAll(t.Context(), t.Context(), ms[:1])); o[0] != yes {
			t.Fatal(o)
		}
		clock.Store(int64(time.Minute))
		check(t, r, ms[1:], c.SendAll(t.Context(), leave, ms[1:]))
	})
	t.Run("while all connections are taken", func(t *testing.T) {
		leave, halt := context.WithCancel(t.Context())
		busy, end := make(chan struct{}), make(chan struct{})
		r := newRelay(t, func(r *relay) {
			r.script = func(p point) (answer, bool) {
				if p.stage == "end" {
					close(busy)
					<-end
				}
				return answer{}, false
			}
		})
		c := opened(t, r, func(o *email.Options) { o.Connections = 1 })
		ms := batchOf(4)
		first := make(chan []incidents.Receipt)
		go func() { first <- c.SendAll(t.Context(), leave, ms[:1]) }()
		<-busy
		time.AfterFunc(10*time.Millisecond, halt)
		check(t, r, ms[1:], c.SendAll(t.Context(), leave, ms[1:]))
		close(end)
		if o := sound(t, r, ms[:1], <-first); o[0] != yes {
			t.Errorf("what was leaving is %s", o)
		}
	})
	t.Run("in the middle, what has not left stays", func(t *testing.T) {
		leave, halt := context.WithCancel(t.Context())
		r := newRelay(t, func(r *relay) { // step by step, or all of it would have left
			r.script = func(p point) (answer, bool) {
				if p.stage == "rcpt" && p.to == "p2" {
					halt()
					return answer{text: "550 5.1.1 no"}, true
				}
				return answer{}, false
			}
		})
		c := opened(t, r, nil)
		ms := batchOf(5)
		got := sound(t, r, ms, c.SendAll(t.Context(), leave, ms))
		if fmt.Sprint(got) != fmt.Sprint([]incidents.Outcome{yes, gone, kept, kept, kept}) {
			t.Errorf("outcomes %v", got)
		}
		rest := sound(t, r, ms[2:], c.SendAll(t.Context(), t.Context(), ms[2:])) // on the connection the refusal left
		if fmt.Sprint(rest) != fmt.Sprint([]incidents.Outcome{yes, yes, yes}) {
			t.Errorf("outcomes afterwards %v", rest)
		}
	})
}

// The process has no more time: what the relay can have is doubt, the rest is not.
func TestTheEndOfTheContext(t *testing.T) {
	for _, mode := range modes {
		for _, stage := range []string{"rcpt", "end"} {
			t.Run(mode.name+", "+stage, func(t *testing.T) {
				ctx, end := context.WithCancel(t.Context())
				r := newRelay(t, func(r *relay) {
					r.offers = mode.offers
					r.script = func(p point) (answer, bool) {
						if p.stage == stage && p.to == "p3" {
							end()
							return answer{hang: true}, true
						}
						return answer{}, false
					}
				})
				ms := batchOf(5)
				got := sound(t, r, ms, opened(t, r, nil).SendAll(ctx, t.Context(), ms))
				may := [][]incidents.Outcome{{yes, doubt}, {yes, doubt}, {retry}, {retry}, {retry}} // an answer that was on its way is lost
				if stage == "end" {
					may[2][0] = doubt
				}
				if strings.HasPrefix(mode.name, "BDAT") {
					may[2][0], may[3][0], may[4][0] = doubt, doubt, doubt
				}
				for i, o := range got {
					if !slices.Contains(may[i], o) {
						t.Errorf("the message to p%d is %s", i+1, o)
					}
				}
			})
		}
	}
}
