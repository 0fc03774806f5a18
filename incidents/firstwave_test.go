package incidents

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatAFirstWaveIsJudgedBy(t *testing.T) {
	n := func(n int, a WaveAnswer) []WaveAnswer { return slices.Repeat([]WaveAnswer{a}, n) }
	sent := WaveAnswer{Channel: Email, State: Accepted, Outcome: OutcomeAccepted, Code: "250"}
	refused := WaveAnswer{Channel: Email, State: Rejected, Outcome: OutcomeRefused, Code: "550 5.7.1"}
	gone := WaveAnswer{Channel: Email, State: Escalated, Outcome: OutcomeGone, Code: "550 5.1.1"}
	app := WaveAnswer{Channel: Push, State: Escalated, Outcome: OutcomeGone, Code: "404"}
	putOff := WaveAnswer{Channel: Email, State: RetryWait, Outcome: OutcomeRetry, Code: "451"}
	flying := WaveAnswer{Channel: Email, State: Attempting}
	again := WaveAnswer{Channel: Phone, State: RetryWait, Outcome: OutcomeAccepted, Code: "no-answer"}
	vain := WaveAnswer{Channel: Phone, State: Escalated, Outcome: OutcomeAccepted, Code: "machine_start"}
	noNumber := WaveAnswer{Channel: Phone, State: Escalated, Outcome: OutcomeAccepted, Code: CodeCallFailed}
	kept := WaveAnswer{Channel: Email, State: RetryWait, Outcome: OutcomeKept}
	for _, c := range []struct {
		name    string
		answers []WaveAnswer
		late    bool
		want    WaveState
		why     string // part of a reason
	}{
		{"all are sent", n(20, sent), false, WavePassed, ""},
		{"a few dead addresses are no fault", slices.Concat(n(16, sent), n(4, gone)), false, WavePassed, ""},
		{"many apps are gone", slices.Concat(n(10, sent), n(10, app)), false, WavePassed, ""},
		{"all apps are gone", n(20, app), false, WaveStopped, "with the same answer, 404"},
		{"one refused alone of few", slices.Concat(n(2, sent), n(1, refused)), true, WavePassed, ""},
		{"too many are refused", slices.Concat(n(14, sent), n(3, gone), n(3, refused)), false, WaveStopped, "6 of 20 messages were refused"},
		{"all are refused alike", n(20, refused), false, WaveStopped, "with the same answer, 550 5.7.1"},
		{"all are refused, each for its reason", slices.Concat(n(10, refused), n(10, gone)), false, WaveStopped, "every message was refused"},
		{"one is in doubt, whatever the others wait for", slices.Concat(n(3, flying), n(1, WaveAnswer{Channel: Email, State: InDoubt, Outcome: OutcomeDoubt})), false, WaveStopped, "nobody can say of 1 message"},
		{"one could not be made", slices.Concat(n(19, sent), n(1, WaveAnswer{Channel: SMS, State: RetryWait, Outcome: OutcomeBroken})), false, WaveStopped, "1 message could not be made"},
		{"one was somebody else's", slices.Concat(n(19, sent), n(1, WaveAnswer{Channel: SMS, State: Rejected, Outcome: OutcomeRefused, Code: CodeWrong})), false, WaveStopped, "did not belong to the person"},
		{"one is parked", slices.Concat(n(19, sent), n(1, WaveAnswer{Channel: SMS, State: Manual, Outcome: OutcomeBroken, Code: CodeParked})), false, WaveStopped, "1 message could not be made"},
		{"the account is not taken", n(2, WaveAnswer{Channel: Email, State: RetryWait, Outcome: OutcomeRetry, Code: "535 5.7.8"}), false, WaveStopped, "the provider of email does not take our account"},
		{"some came back already", slices.Concat(n(10, sent), n(10, WaveAnswer{Channel: Email, State: Undelivered, Outcome: OutcomeAccepted, Code: "5.1.1"})), false, WaveStopped, "10 of 20 messages were refused"},
		{"some came back and went on to another channel", slices.Concat(n(10, sent), n(10, WaveAnswer{Channel: Email, State: Escalated, Outcome: OutcomeAccepted, Code: "5.1.1"})), false, WaveStopped, "10 of 20 messages were refused"},
		{"some texts came back by a receipt, without a code", slices.Concat(n(10, sent), n(10, WaveAnswer{Channel: SMS, State: Escalated, Outcome: OutcomeAccepted})), false, WaveStopped, "10 of 20 messages were refused"},
		{"some are on their way", slices.Concat(n(19, sent), n(1, flying)), false, WaveOpen, ""},
		{"there is a place left", n(19, sent), false, WaveOpen, ""},
		{"the rest sleep, and the time passed", n(19, sent), true, WavePassed, ""},
		{"one never answered", slices.Concat(n(19, sent), n(1, flying)), true, WaveStopped, "1 message had no answer"},
		{"some were kept back by a hold", slices.Concat(n(5, sent), n(15, kept)), true, WaveOpen, ""},
		{"some are put off", slices.Concat(n(5, sent), n(15, putOff)), false, WavePassed, ""},
		{"all are put off: nobody was affected", n(20, putOff), true, WaveOpen, ""},
		{"half of the calls are not taken", slices.Concat(n(10, sent), n(5, again), n(5, vain)), false, WavePassed, ""},
		{"no call was taken yet", slices.Concat(n(19, again), n(1, vain)), true, WaveOpen, ""},
		{"no call was ever taken", n(20, vain), false, WaveStopped, "nobody took any of the calls"},
		{"no call was taken, and one number is none", slices.Concat(n(19, again), n(1, noNumber)), false, WaveOpen, ""},
		{"the numbers are none", slices.Concat(n(10, sent), n(4, again), n(6, noNumber)), false, WaveStopped, "6 of 20 messages were refused"},
		{"nobody was attempted", nil, true, WaveOpen, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			count, got, reasons := JudgeWave(20, c.answers, c.late)
			if got != c.want || c.why == "" != (len(reasons) == 0) || !strings.Contains(strings.Join(reasons, "; "), c.why) {
				t.Errorf("%s, %q", got, reasons)
			}
			if sum := count.Sent + count.Refused + count.PutOff + count.Unanswered + count.InDoubt + count.Broken + count.Waiting; sum != count.Attempted || int(sum) != len(c.answers) {
				t.Errorf("the counts do not add up: %+v", count)
			}
		})
	}
}

// What came back is refused on every channel, whatever its code and whether or
// not another channel is tried; who only kept silent is not.
func TestWhatCameBackIsRefusedOnEveryChannel(t *testing.T) {
	for _, c := range []struct {
		channel Channel
		code    string // of what came back
	}{{Email, "5.1.1"}, {Email, "4.4.7"}, {SMS, "30007"}, {SMS, ""}, {Push, "UNREGISTERED"}, {Phone, CodeCallFailed}, {Letter, "moved"}} {
		t.Run(string(c.channel)+" "+c.code, func(t *testing.T) {
			back := WaveAnswer{Channel: c.channel, State: Undelivered, Outcome: OutcomeAccepted, Code: c.code}
			onward := back
			onward.State = Escalated
			for _, a := range []WaveAnswer{back, onward} {
				count, got, reasons := JudgeWave(20, slices.Repeat([]WaveAnswer{a}, 20), false)
				if got != WaveStopped || count.Refused != 20 || !strings.Contains(strings.Join(reasons, "; "), "every message was refused") {
					t.Errorf("%s: %s, %s, %q", a.State, got, count.Text(), reasons)
				}
			}
			silent := WaveAnswer{Channel: c.channel, State: Escalated, Outcome: OutcomeAccepted, Code: "550", Silent: true}
			if count, got, reasons := JudgeWave(20, slices.Repeat([]WaveAnswer{silent}, 20), false); got != WavePassed || count.Sent != 20 {
				t.Errorf("silence: %s, %s, %q", got, count.Text(), reasons)
			}
		})
	}
}

// A wave may pass with many refusals when it is apps that are gone: it says so.
func TestAWaveSaysWhyRefusalsDidNotStopIt(t *testing.T) {
	answers := slices.Concat(slices.Repeat([]WaveAnswer{{Channel: Email, State: Accepted, Outcome: OutcomeAccepted}}, 10), slices.Repeat([]WaveAnswer{{Channel: Push, State: Escalated, Outcome: OutcomeGone, Code: "404"}}, 10))
	c, verdict, _ := JudgeWave(20, answers, false)
	if got := c.Text(); verdict != WavePassed || got != "10 sent, 10 refused (10 as the app is no longer installed)" {
		t.Errorf("%s: %s", verdict, got)
	}
}
