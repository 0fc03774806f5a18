package incidents

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// WaveState is where the first wave of a notice has got to.
type WaveState string

// The states of a first wave.
const (
	WaveOpen      WaveState = "open"      // no more than its messages may be attempted
	WavePassed    WaveState = "passed"    // the checks found nothing: the rest leaves
	WaveStopped   WaveState = "stopped"   // the checks found something: a person decides
	WaveOverruled WaveState = "overruled" // a person let the rest leave all the same
)

// A FirstWave is the first few messages of a released notice. The others wait
// until automatic checks of what came of these have passed (RELIABILITY P8).
type FirstWave struct {
	Notice   int64     `json:"-"`
	Size     int64     `json:"size"` // at most so many are attempted before the checks
	State    WaveState `json:"state"`
	OpenedAt time.Time `json:"opened_at"`
	WaveCount
	Reasons  []string   `json:"reasons,omitempty"` // why it did not pass, without personal data
	JudgedAt *time.Time `json:"judged_at,omitempty"`
	// By a person who decided on a wave that did not pass:
	By        AccountID  `json:"by,omitempty"`
	ByName    string     `json:"by_name,omitempty"`
	Because   string     `json:"because,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	Told      bool       `json:"told,omitempty"` // the team knows that it did not pass
}

// A WaveCount says what came of the messages of a wave.
type WaveCount struct {
	Attempted int64 `json:"attempted"`
	Sent      int64 `json:"sent"`           // accepted, and not sent back since
	Refused   int64 `json:"refused"`        // for good, or came back
	Gone      int64 `json:"gone,omitempty"` // of Refused: push to an app no longer installed
	PutOff    int64 `json:"put_off"`        // a transient no: tried again later
	// Unanswered calls were made, and nobody took them: no fault of anybody.
	Unanswered int64 `json:"unanswered,omitempty"`
	InDoubt    int64 `json:"in_doubt"`
	Broken     int64 `json:"broken"`  // could not be made, or were not what they should be: never sent
	Waiting    int64 `json:"waiting"` // no outcome yet
}

// Text is the count in words.
func (c WaveCount) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d sent, %d refused", c.Sent, c.Refused)
	if c.Gone > 0 {
		fmt.Fprintf(&b, " (%d as the app is no longer installed)", c.Gone)
	}
	for _, x := range []struct {
		n    int64
		what string
	}{{c.PutOff, "put off"}, {c.Unanswered, "not taken"}, {c.InDoubt, "in doubt"}, {c.Broken, "not as they should be"}, {c.Waiting, "without an answer"}} {
		if x.n > 0 {
			fmt.Fprintf(&b, ", %d %s", x.n, x.what)
		}
	}
	return b.String()
}

// CodeWrong is the code of a message that was not what it should be: it did not
// belong to its person or its mode, or was changed after it was written. It was
// not sent.
const CodeWrong = "wrong-message"

// CodeCallFailed is the code of a call that could not be made: the number is none.
const CodeCallFailed = "failed"

// A WaveAnswer is what is known of one message of a wave.
type WaveAnswer struct {
	Channel Channel
	State   DeliveryState
	Outcome Outcome // of the last attempt; "": none yet
	Code    string  // of the last attempt
	Since   time.Time
	// Silent tells of one that went on to the next channel that nothing but time
	// speaks against it: it was taken, and no receipt came.
	Silent bool
}

// JudgeWave is what the answers say of a wave. Something that points to a fault
// of ours stops it at once; it passes when every message has an outcome. Late
// tells that the waiting time passed since the last one was written down: then
// it is judged by what is there. A wave of which nothing was sent or refused for
// good stays open: nobody was affected, and nothing is known.
func JudgeWave(size int64, answers []WaveAnswer, late bool) (c WaveCount, verdict WaveState, reasons []string) {
	c, gaveUp, silent, refusals, accounts := countWave(answers)
	c.Gone = goneApps(answers)
	refused := c.Refused - c.Gone
	why := func(n int64, format string) {
		if n > 0 {
			reasons = append(reasons, fmt.Sprintf(format, n, map[bool]string{true: "message", false: "messages"}[n == 1]))
		}
	}
	why(c.InDoubt, "nobody can say of %d %s whether it left")
	why(c.Broken, "%d %s could not be made, or did not belong to the person it was written for")
	for _, a := range accounts {
		reasons = append(reasons, "the provider of "+a+" does not take our account")
	}
	if len(reasons) > 0 {
		return c, WaveStopped, reasons
	}
	if !late && (c.Waiting > 0 || c.Attempted < size) {
		return c, WaveOpen, nil
	}
	why(silent, "%d %s had no answer when the waiting time passed")
	settled := c.Sent + c.Refused + c.Unanswered
	switch {
	case len(refusals) == 1 && c.Refused == settled && settled > 0:
		reasons = append(reasons, "every message was refused with the same answer, "+cmp.Or(refusals[0], "without a code"))
	case c.Refused == settled && settled > 0:
		reasons = append(reasons, "every message was refused")
	case refused > 1 && refused*mostRefused > settled:
		reasons = append(reasons, fmt.Sprintf("%d of %d messages were refused: more than one in %d", refused, settled, mostRefused))
	case c.Sent == 0 && gaveUp > 0 && gaveUp == c.Unanswered:
		reasons = append(reasons, "nobody took any of the calls")
	}
	switch {
	case len(reasons) > 0:
		return c, WaveStopped, reasons
	case c.Sent == 0 && (c.Refused == 0 || c.Unanswered > 0) || c.Waiting > 0: // who did not take a call is called again
		return c, WaveOpen, nil
	}
	return c, WavePassed, nil
}

// mostRefused: a wave in which more than one message in so many is refused does
// not pass. Old lists have that many dead addresses seldom.
const mostRefused = 4

// goneApps counts push messages to apps that are no longer installed. Many are,
// on any list, and it points to a fault only when it is all of them.
func goneApps(answers []WaveAnswer) (n int64) {
	for _, a := range answers {
		if a.Channel == Push && a.Outcome == OutcomeGone {
			n++
		}
	}
	return n
}

// countWave counts answers: people who are not called again, those without any,
// the different permanent ones, and the channels whose provider does not take our account.
func countWave(answers []WaveAnswer) (c WaveCount, gaveUp, silent int64, refusals, accounts []string) {
	c.Attempted = int64(len(answers))
	for _, a := range answers {
		switch {
		case a.Outcome == OutcomeBroken || a.Code == CodeWrong || a.Code == CodeParked:
			c.Broken++
		case a.State == InDoubt || a.State == Manual:
			c.InDoubt++
		case a.State == Accepted || a.State == Delivered:
			c.Sent++
		case a.State == Attempting:
			c.Waiting++
			silent++
		case a.unanswered():
			c.Unanswered++
			if a.State != RetryWait {
				gaveUp++
			}
		case a.Outcome == OutcomeRetry:
			c.PutOff++
			if ofAccount(a.Code) {
				accounts = append(accounts, string(a.Channel))
			}
		case a.Outcome == OutcomeRefused || a.Outcome == OutcomeGone || a.State == Undelivered || a.State == Rejected:
			c.Refused++
			refusals = append(refusals, a.Code)
		case a.State == Escalated && a.Silent: // it may not have arrived, and it is no fault
			c.Sent++
		case a.State == Escalated: // it came back, and the next channel is tried
			c.Refused++
			refusals = append(refusals, a.Code)
		case a.State == Suppressed || a.State == Cancelled || a.State == Expired:
			c.PutOff++
		default: // kept back by a hold, or ready again
			c.Waiting++
		}
	}
	slices.Sort(refusals)
	slices.Sort(accounts)
	return c, gaveUp, silent, slices.Compact(refusals), slices.Compact(accounts)
}

// unanswered tells of a call that was made and that nobody took, or a machine.
func (a WaveAnswer) unanswered() bool {
	if a.Channel != Phone || a.Outcome != OutcomeAccepted || a.Code == CodeCallFailed {
		return false
	}
	return a.State == RetryWait || (a.State == Undelivered || a.State == Escalated) && !a.Silent
}

// ofAccount tells the code of a provider who does not take our account or sender:
// SMTP after RFC 4954, HTTP of Firebase, Twilio's own.
func ofAccount(code string) bool {
	first, _, _ := strings.Cut(code, " ")
	return slices.Contains([]string{"530", "534", "535", "538", "401", "403", "20003", "21601", "21606", "21659", "21661", "21703", "21705", "30029", "30030", "30032", "30034"}, first)
}

// WaveTx keeps first waves.
type WaveTx interface {
	// FirstWave returns the first wave of a notice, with the counts as they stand
	// while it is open; not found when it has none.
	FirstWave(notice int64) (FirstWave, error)
	// PutFirstWave replaces a wave. One that is no longer in the way lets the
	// other deliveries go.
	PutFirstWave(FirstWave, time.Time) error
	// UntoldWaves lists waves that did not pass and of which the team was not told.
	UntoldWaves() ([]FirstWave, error)
}

// PassFirstWave lets a notice go on whose first wave did not pass: an officer's
// decision, or of who released it, with a fresh second factor.
func (d *Desk) PassFirstWave(ctx context.Context, a Actor, id NoticeID, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	return d.write(ctx, a, ActRelease, func(tx Tx) error {
		n, err := tx.Notice(id)
		if err != nil {
			return err
		}
		w, err := tx.FirstWave(n.No)
		if err != nil {
			return err
		}
		if n.Status != NoticeHeld || w.State != WaveStopped {
			return Conflict("notice N-%d does not wait for a decision on its first wave", n.No)
		}
		if a.May(ActApprove) != nil && a.ID != n.ReleasedBy {
			return Forbidden("a privacy officer decides this, or who released the notice")
		}
		now := d.Now().UTC().Truncate(time.Second)
		if err := freshFactor(a, d.Now(), "letting the rest leave"); err != nil {
			return err
		}
		in, err := tx.Incident(n.IncidentID)
		if err != nil {
			return err
		}
		if err := held(tx, in); err != nil {
			return err
		}
		n.Status, n.HoldReason, n.UpdatedAt = NoticeSending, "", now
		if err := tx.PutNotice(n); err != nil {
			return err
		}
		w.State, w.By, w.ByName, w.Because, w.DecidedAt = WaveOverruled, a.ID, a.Name, reason, &now
		if err := tx.PutFirstWave(w, now); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "notice.wave_overruled", incident: n.IncidentID, subject: string(id), quote: reason,
			line: "Let notice N-" + itoa(n.No) + " go on though its first wave did not pass (" + strings.Join(w.Reasons, "; ") + "):",
			data: map[string]string{"no": itoa(n.No), "found": strings.Join(w.Reasons, "; ")}})
	})
}

// freshFactor refuses who has not just proven the second factor.
func freshFactor(a Actor, now time.Time, what string) error {
	if age := now.Sub(a.SecondFactorAt); a.SecondFactorAt.IsZero() || age > SecondFactorFresh || age < 0 {
		return Forbidden("%s needs a fresh second factor", what).On("code").WithHint("enter a new code of your authenticator")
	}
	return nil
}

// waveDecided is a conflict while a first wave that did not pass waits for a decision.
func waveDecided(tx Tx, n Notice) error {
	w, err := tx.FirstWave(n.No)
	if err != nil {
		return ignoreMissing(err)
	}
	if w.State == WaveStopped {
		return Conflict("the first wave of notice N-%d did not pass its checks", n.No).WithHint("look at the reasons on its delivery page; there a privacy officer, or who released it, lets it go on, or you stop it")
	}
	return nil
}

// A WaveAlarm is a first wave that did not pass.
type WaveAlarm struct {
	Wave     FirstWave
	Notice   Notice
	Incident Incident
}

// WaveAlarms lists first waves that did not pass and of which the team was not told.
func (d *Desk) WaveAlarms(ctx context.Context) ([]WaveAlarm, error) {
	return read(ctx, d, System, ActRead, func(tx Tx) (out []WaveAlarm, err error) {
		waves, err := tx.UntoldWaves()
		for _, w := range waves {
			x := WaveAlarm{Wave: w}
			if err == nil {
				x.Notice, err = tx.NoticeByNo(w.Notice)
			}
			if err == nil {
				x.Incident, err = tx.Incident(x.Notice.IncidentID)
			}
			out = append(out, x)
		}
		return out, err
	})
}

// WaveTold notes that the team was told.
func (d *Desk) WaveTold(ctx context.Context, no int64) error {
	return d.Store.Write(ctx, func(tx Tx) error {
		w, err := tx.FirstWave(no)
		if err != nil {
			return err
		}
		w.Told = true
		return tx.PutFirstWave(w, d.Now())
	})
}
