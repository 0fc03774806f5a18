package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"tocsin/incidents"
	"tocsin/internal/rulepack"
	"tocsin/regulators"
)

// rulesEvery is how often the pack file is looked at while the service runs.
const rulesEvery = 5 * time.Second

// law is everything that is made from the rules; all of it changes together.
type law struct {
	pack    *regulators.Pack
	reports *regulators.Reports
	file    *rulepack.File // nil: the rules of the program
}

// readLaw reads the pack the settings name, or the shipped one, with the team's
// folder over it, and everything made from it.
func (a *App) readLaw() (l law, err error) {
	var base fs.FS
	if s := a.settings; s.RulesPack != "" {
		if l.file, err = rulepack.Read(s.RulesPack, s.RulesKeys...); err != nil {
			return l, fmt.Errorf("rules-pack: %w", err)
		}
		base = l.file
	}
	t := a.settings.Targets
	l.pack, err = regulators.OpenOn(base, overlay(a.settings.RulesDir), regulators.Options{
		IndividualsTarget: time.Duration(t.IndividualsHours) * time.Hour, RegulatorTarget: time.Duration(t.RegulatorHours) * time.Hour})
	if err != nil {
		return l, err
	}
	l.reports, err = regulators.NewReports(regulators.ReportOptions{Pack: l.pack})
	return l, err
}

func (a *App) openRules(context.Context) error {
	if a.settings.RulesPack != "" {
		if err := rulepack.CheckKeys(a.settings.RulesKeys); err != nil {
			return fmt.Errorf("rules-keys: %w", err)
		}
	}
	stands := standOf(a.settings.RulesPack)
	l, err := a.readLaw()
	if err != nil {
		return err
	}
	a.rules, a.rulesStand = regulators.Hold(l.pack, l.reports), stands
	if l.file == nil {
		return nil
	}
	a.log.Info("rules", "pack", l.pack.Version(), "signed-by", l.file.Signer(), "sha256", l.file.SHA256)
	if shipped, err := regulators.Open(nil, regulators.Options{}); err == nil && incidents.OlderPack(l.pack.Version(), shipped.Version()) {
		a.log.Warn("the rule pack is older than the rules in this program", "pack", l.pack.Version(), "shipped", shipped.Version())
	}
	return nil
}

// A stand is how a file stood when it was last looked at. The zero stand is a
// file that is not there.
type stand struct{ at, size int64 }

func standOf(path string) stand {
	info, err := os.Stat(path)
	if path == "" || err != nil {
		return stand{}
	}
	return stand{info.ModTime().UnixNano(), info.Size()}
}

// A rulesWatch is what the loop that looks at the pack file remembers.
type rulesWatch struct {
	used     stand     // of the file that was read last, used or refused
	seen     stand     // of the last look
	tells    bool      // it judges again, writes down and tells the team; a worker only follows
	judge    bool      // open incidents are to be judged by the new pack
	until    time.Time // as long may a worker still judge by the pack before
	unjudged sweepWatch
	unspoken *rulesNews
}

// rulesNews is what the team was not told of yet.
type rulesNews struct {
	incidents.PackNews
	id       string // makes it one message, however often it is tried
	older    bool
	recorded bool
}

// watchRules takes up a new pack file at the same path. A worker follows too, so
// that the duties it settles are judged by the same law.
func (a *App) watchRules(ctx context.Context, tells bool) {
	if a.settings.RulesPack == "" {
		return
	}
	w := &rulesWatch{used: a.rulesStand, seen: a.rulesStand, tells: tells, unjudged: sweepWatch{of: "rules"}}
	a.every(ctx, rulesEvery, func() { a.lookAtRules(ctx, w) })
}

// lookAtRules reads the file when it stands differently than the one in use, and
// no more changed since the last look: a file that is being written is left alone.
func (a *App) lookAtRules(ctx context.Context, w *rulesWatch) {
	now := standOf(a.settings.RulesPack)
	still := now == w.seen
	w.seen = now
	if now != w.used && still {
		w.used = now
		w.unspoken = a.takeUpRules()
		if w.unspoken != nil {
			w.unspoken.id = fmt.Sprintf("rules-%d-%d", now.at, now.size)
		}
		if w.unspoken != nil && w.unspoken.To != "" {
			w.judge, w.until = true, a.now().Add(time.Minute)
		}
	}
	if w.judge && w.tells {
		err := a.Desk.RejudgeAll(ctx)
		a.mind(ctx, "judge open incidents by the new rules", err)
		a.tellUnswept(ctx, &w.unjudged, err)
		w.judge = err != nil || a.now().Before(w.until)
	}
	if w.unspoken != nil && w.tells && a.speakOfRules(ctx, w.unspoken) {
		w.unspoken = nil
	}
}

// takeUpRules verifies the file and swaps the pack, all of it or nothing. A file
// that is refused leaves the present pack in place.
func (a *App) takeUpRules() *rulesNews {
	was := a.rules.Version()
	n := &rulesNews{PackNews: incidents.PackNews{From: was}}
	l, err := a.readLaw()
	if l.file != nil {
		n.SHA256, n.Key = l.file.SHA256, l.file.Key
	}
	if err != nil {
		n.Reason = reasonOf(err)
		a.rules.Refuse(n.Reason)
		a.log.Error("a new rule pack was refused; the present one stays", "file", a.settings.RulesPack, "pack", was, "cause", err)
		return n
	}
	a.rules.Refuse("")
	if l.pack.Version() == was {
		return nil // written anew, or signed by another trusted key
	}
	n.To, n.older = l.pack.Version(), incidents.OlderPack(l.pack.Version(), was)
	a.rules.Swap(l.pack, l.reports)
	a.log.Info("rules replaced", "from", was, "to", n.To, "signed-by", l.file.Signer(), "sha256", n.SHA256, "older", n.older)
	return n
}

func reasonOf(err error) string {
	var e *incidents.Error
	if errors.As(err, &e) && e.Hint != "" {
		return err.Error() + " (" + e.Hint + ")"
	}
	return err.Error()
}

// speakOfRules writes down what became of a pack file and tells the team of one
// that was refused, or is older than the one before. It tells whether that is
// done; if not, it is tried again.
func (a *App) speakOfRules(ctx context.Context, n *rulesNews) bool {
	if !n.recorded {
		if err := a.Desk.RecordPack(ctx, n.PackNews); err != nil {
			a.mind(ctx, "write down what became of the rule pack", err)
			return false
		}
		n.recorded = true
	}
	if n.To != "" && !n.older {
		return true
	}
	subject, text := a.rulesWords(n)
	if err := a.tell(ctx, n.id, subject, text); err != nil {
		a.log.Error("the team could not be told", "about", "rules", "cause", err)
		return false
	}
	return true
}

func (a *App) rulesWords(n *rulesNews) (subject, text string) {
	if n.To == "" {
		subject = "A new rule pack was refused"
		return subject, fmt.Sprintf("%s\n\n%s\n\nThe present pack %s stays in force. Put a pack that verifies at the same path; until then a start of the service would fail.\n\n%s/rules\n",
			subject, n.Reason, n.From, a.settings.Inside.URL)
	}
	subject = "An older rule pack is in force"
	return subject, fmt.Sprintf("%s\n\nThe pack %s was replaced by %s, which is older. It is signed with a trusted key, so it was taken up, and open incidents were judged again. If this was not meant, put the newer pack back at the same path.\n\n%s/rules\n",
		subject, n.From, n.To, a.settings.Inside.URL)
}
