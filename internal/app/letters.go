package app

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/notifiers"
	"tocsin/notifiers/letter"
	"tocsin/templates"
)

// openLetters makes what lays letters out, and, unless they stay in the
// sandbox, the channel that hands them to a printer: the first, or the second
// while the first one's folder cannot be written.
func (a *App) openLetters(_ context.Context, c *channels) (err error) {
	s := a.settings.Channels.Letter
	sender := s.Sender
	if len(sender) == 0 {
		sender = []string{a.settings.Organisation.Name}
	}
	a.printer, err = letter.NewPrinter(letter.Form{Paper: letter.Paper(s.Paper), Window: letter.Window(s.Window), Sender: sender, Duplex: s.Duplex, Date: a.book.Date}, a.now)
	if s.Mode != settings.ModeFolder {
		return nil // who sends no letters need not have a name that can be printed; looking at one says why
	}
	if err != nil {
		return err
	}
	folder := a.settings.LetterFolder()
	if s.Folder == "" {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	if !isFolder(folder) && !isFolder(s.SecondFolder) {
		return incidents.Invalid("the printer's folder is not there").On("channels.letter.folder").WithHint("make it, or mount it, before the service starts: %s", folder)
	}
	var ps []*notifiers.Provider
	for _, x := range []struct{ which, folder string }{{first, folder}, {second, s.SecondFolder}} {
		if x.folder == "" {
			continue
		}
		ch, err := letter.New(letter.Options{Printer: a.printer, Folder: x.folder, Batch: a.settings.Limits.Window.Letter, Log: a.log})
		if err != nil {
			return err
		}
		c.letters = append(c.letters, ch)
		ps = append(ps, a.provider(incidents.Letter, x.which, ch, 0))
	}
	sw := a.switched(incidents.Letter, ps)
	for which, path := range map[string]string{first: folder, second: s.SecondFolder} {
		if account := accountName(incidents.Letter, which); path != "" && !isFolder(path) {
			sw.Absent(account, "the printer's folder is not there")
			a.log.Warn("a printer's folder is not there: its letters go to the other one", "account", account)
		}
	}
	c.live[incidents.Letter] = sw
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// captureLetter keeps a letter in the sandbox as the pieces it is printed from;
// what a printer would refuse is refused here too.
func (a *App) captureLetter(m notifiers.Message) ([]byte, error) {
	if a.printer != nil {
		if err := a.printer.Check(letter.Sheet{To: m.To, Lang: m.Text.Lang, Letter: m.Text.Letter}); err != nil {
			return nil, err
		}
	}
	return json.Marshal(m.Text.Letter)
}

// LetterPDF shows a letter as it would be printed.
func (a *App) LetterPDF(l *templates.Letter, lang incidents.Lang, to string) ([]byte, error) {
	if a.printer == nil {
		return nil, incidents.Invalid("letters cannot be laid out with this sender").On("channels.letter.sender").WithHint("set the lines of the sender in the settings")
	}
	return a.printer.PDF(letter.Sheet{To: to, Lang: lang, Letter: l})
}

// LettersWaiting counts batches the printer has not answered yet; that the
// folder cannot be read is said by what writes and reads it.
func (a *App) LettersWaiting() (n int) {
	for _, ch := range a.channels.letters {
		waiting, _, err := ch.Waiting()
		if err == nil {
			n += waiting
		}
	}
	return n
}

// answers reads what the printers answered, on the sweep.
func (a *App) answers(ctx context.Context) {
	late := make([]time.Time, len(a.channels.letters)) // when each was last complained of
	a.every(ctx, a.settings.Dispatch.Sweep.Std(), func() {
		for i, ch := range a.channels.letters {
			n, err := ch.Answers(ctx, a.store.PutReceipt)
			a.mind(ctx, "read the printer's answers", err)
			if n > 0 {
				a.wakeReceipts()
			}
			if a.now().Sub(late[i]) < time.Hour {
				continue
			}
			if n, oldest, err := ch.Waiting(); err == nil && n > 0 && a.now().Sub(oldest) > answerWithin {
				late[i] = a.now()
				a.log.Warn("the printer has not answered", "folder", i+1, "batches", n, "oldest_hours", int(a.now().Sub(oldest).Hours()))
			}
		}
	})
}

// answerWithin is how long a printer may take to say that it has a batch before
// the log says so, once an hour. A batch is never sent again by itself.
const answerWithin = 24 * time.Hour
