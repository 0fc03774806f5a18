package letter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// Options are what a channel is made from.
type Options struct {
	Printer *Printer
	Folder  string // where the printer takes batches from; it must be there
	Batch   int    // letters in one batch at most; 0: 500
	Log     *slog.Logger
}

const defaultBatch = 500

// A Channel puts letters, bound in batches, into the printer's folder. It is
// safe for use by several goroutines, and several processes may share a folder.
type Channel struct {
	printer *Printer
	folder  folder
	batch   int
	log     *slog.Logger
	strays  sync.Map // answers to nothing, by file name: each is complained of once
}

var (
	_ notifiers.Batcher = (*Channel)(nil)
	_ notifiers.Finder  = (*Channel)(nil)
)

// New makes a channel.
func New(o Options) (*Channel, error) {
	if o.Printer == nil || o.Folder == "" {
		return nil, incidents.Invalid("letters need a folder").On("channels.letter.folder")
	}
	c := &Channel{printer: o.Printer, folder: folder{filepath.Clean(o.Folder)}, batch: o.Batch, log: o.Log}
	if c.batch <= 0 {
		c.batch = defaultBatch
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// Batch is how many letters one batch holds at most.
func (c *Channel) Batch() int { return c.batch }

// Send is a batch of one letter.
func (c *Channel) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	return c.SendAll(ctx, ctx, []notifiers.Message{m})[0], nil
}

// SendAll prints the letters into one batch and puts it into the folder. What
// cannot be printed is refused; the rest leaves together or not at all.
func (c *Channel) SendAll(ctx, leave context.Context, ms []notifiers.Message) []incidents.Receipt {
	out := make([]incidents.Receipt, len(ms))
	var batch []notifiers.Message
	var at []int // where in ms each of batch is
	for i, m := range ms {
		if m.Mode == incidents.Drill {
			out[i] = incidents.Receipt{Outcome: incidents.OutcomeRefused, Unasked: true, Code: "drill", Reason: "a drill's letter never goes to a printer"}
			continue
		}
		if len(batch) > 0 && m.Delivery.Notice != batch[0].Delivery.Notice {
			continue // a batch is of one notice; the others follow below
		}
		batch, at = append(batch, m), append(at, i)
	}
	if len(batch) > 0 {
		for k, r := range c.bundle(ctx, leave, batch) {
			out[at[k]] = r
		}
	}
	c.rest(ctx, leave, ms, out)
	return out
}

// rest sends what belongs to other notices.
func (c *Channel) rest(ctx, leave context.Context, ms []notifiers.Message, out []incidents.Receipt) {
	var left []notifiers.Message
	var at []int
	for i, m := range ms {
		if out[i].Outcome == "" {
			left, at = append(left, m), append(at, i)
		}
	}
	if len(left) == 0 {
		return
	}
	for k, r := range c.SendAll(ctx, leave, left) {
		out[at[k]] = r
	}
}

func all(n int, r incidents.Receipt) []incidents.Receipt {
	return slices.Repeat([]incidents.Receipt{r}, n)
}

var kept = incidents.Receipt{Outcome: incidents.OutcomeKept, Reason: "sending halted before the batch left"}

// bundle writes one batch of one notice.
func (c *Channel) bundle(ctx, leave context.Context, ms []notifiers.Message) []incidents.Receipt {
	if leave.Err() != nil {
		return all(len(ms), kept)
	}
	later := incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, Code: "folder", Reason: "the printer's folder cannot be written"}
	name := batchName(ms)
	switch there, err := c.folder.has(name); {
	case err != nil:
		c.log.Warn("letters wait", "batch", name, "cause", cause(err))
		return all(len(ms), later)
	case there:
		return c.again(name, ms)
	}
	sheets := make([]Sheet, len(ms))
	for i, m := range ms {
		sheets[i] = Sheet{To: m.To, Lang: m.Text.Lang, Letter: m.Text.Letter}
	}
	doc, places, err := c.printer.bind(sheets)
	if err != nil {
		c.log.Error("letters cannot be laid out", "batch", name, "cause", err)
		return all(len(ms), incidents.Receipt{Outcome: incidents.OutcomeRetry, Unasked: true, Code: "layout", Reason: "the letters could not be laid out"})
	}
	m := c.manifest(name, ms, places)
	m.Pages = doc.Pages()
	var receipts []incidents.Receipt
	if m.Letters == 0 {
		return c.receipts(name, ms, places, kept) // nothing but refusals
	}
	left, doubt, err := c.folder.write(ctx, m, doc, func() bool { return leave.Err() != nil })
	switch {
	case err == nil && left:
		receipts = c.receipts(name, ms, places, incidents.Receipt{Outcome: incidents.OutcomeAccepted, Code: "printed"})
	case doubt:
		receipts = c.receipts(name, ms, places, incidents.Receipt{Outcome: incidents.OutcomeDoubt, Code: "folder", Reason: "nobody can say whether the batch reached the printer's folder"})
	case err == nil, ctx.Err() != nil: // halted, also while it waited for its turn to be numbered
		receipts = c.receipts(name, ms, places, kept)
	default:
		receipts = c.receipts(name, ms, places, later)
	}
	if err != nil {
		c.log.Warn("letters wait", "batch", name, "cause", cause(err))
	}
	return receipts
}

// again answers for a batch that was written before: exactly once by name.
func (c *Channel) again(name string, ms []notifiers.Message) []incidents.Receipt {
	m, err := c.folder.manifest(name)
	if err != nil {
		return all(len(ms), incidents.Receipt{Outcome: incidents.OutcomeDoubt, Code: "manifest", Reason: "the batch is there, but its manifest cannot be read"})
	}
	out := make([]incidents.Receipt, len(ms))
	for i, x := range ms {
		out[i] = incidents.Receipt{Outcome: incidents.OutcomeRefused, Code: "unprintable", Reason: "the letter could not be printed when its batch was made"}
		if pos := m.find(x.Delivery); pos >= 0 {
			out[i] = incidents.Receipt{Outcome: incidents.OutcomeAccepted, Code: "printed", ProviderID: provider(name, pos)}
		}
	}
	return out
}

func provider(batch string, pos int) string { return fmt.Sprintf("%s#%d", batch, pos+1) }

func (m Manifest) find(id incidents.DeliveryID) int {
	return slices.IndexFunc(m.Items, func(x Item) bool { return x.Delivery == id })
}

func (c *Channel) manifest(name string, ms []notifiers.Message, places []place) Manifest {
	f := c.printer.form
	m := Manifest{Format: manifestFormat, Batch: name, MadeAt: c.printer.now().UTC().Truncate(1e9), Paper: f.Paper, Window: f.Window, Duplex: f.Duplex}
	for i, x := range ms {
		if places[i].refused == "" {
			m.Items = append(m.Items, Item{Delivery: x.Delivery, Attempt: x.Attempt, FirstPage: places[i].first, Pages: places[i].pages})
		}
	}
	m.Letters = len(m.Items)
	return m
}

// receipts gives every printed letter the batch's, and the others their refusal.
func (c *Channel) receipts(name string, ms []notifiers.Message, places []place, r incidents.Receipt) []incidents.Receipt {
	out := make([]incidents.Receipt, len(ms))
	pos := 0
	for i := range ms {
		if places[i].refused != "" {
			out[i] = incidents.Receipt{Outcome: incidents.OutcomeRefused, Unasked: true, Code: "unprintable", Reason: places[i].refused}
			continue
		}
		out[i] = r
		if r.Outcome == incidents.OutcomeAccepted {
			out[i].ProviderID = provider(name, pos)
		}
		pos++
	}
	return out
}

// cause says what was wrong with a file, without temporary names.
func cause(err error) string {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Op + ": " + p.Err.Error()
	case errors.As(err, &l):
		return l.Op + ": " + l.Err.Error()
	}
	return err.Error()
}

// Find looks a delivery up in the manifests: one that is in a batch the printer
// has not refused was taken, whichever attempt it was; one that is in none was
// not. A folder or manifest that cannot be read proves nothing.
func (c *Channel) Find(_ context.Context, m notifiers.Message, _ int64) (incidents.Receipt, bool, error) {
	entries, err := os.ReadDir(c.folder.path)
	if err != nil {
		return incidents.Receipt{}, false, incidents.Unavailable("the printer's folder cannot be read")
	}
	for _, e := range entries {
		batch, ok := strings.CutSuffix(e.Name(), endManifest)
		if !ok || !mayHold(batch, m.Delivery) {
			continue
		}
		man, ok, err := c.folder.holding(batch, m.Delivery)
		if err != nil {
			return incidents.Receipt{}, false, incidents.Unavailable("the manifest of a batch cannot be read")
		}
		pos := man.find(m.Delivery)
		if !ok || pos < 0 {
			continue
		}
		refused, err := c.refused(batch, m.Delivery)
		if err != nil {
			return incidents.Receipt{}, false, incidents.Unavailable("the printer's folder cannot be read")
		}
		if !refused {
			return incidents.Receipt{Outcome: incidents.OutcomeAccepted, Code: "printed", ProviderID: provider(batch, pos)}, true, nil
		}
	}
	return incidents.Receipt{}, false, nil
}
