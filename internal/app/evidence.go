package app

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/internal/store"
)

// Bundle writes the evidence of one incident: facts and judgements, texts and
// approvals, one line per delivery, reports and receipts, and the incident's
// audit entries, each proven to be in the signed log. It names nobody: lists,
// addresses and rejected rows stay out. It is written down that it was taken. Who
// watches is told how far it is.
func (a *App) Bundle(ctx context.Context, who incidents.Actor, id incidents.IncidentID, w io.Writer) (err error) {
	if err := who.May(incidents.ActEvidence); err != nil {
		return err
	}
	d, err := a.Desk.Dossier(ctx, who, string(id))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tocsin-evidence-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bundler{App: a, who: who, dossier: d, dir: dir, data: map[string]string{}, job: a.Desk.Begin(who, incidents.WorkEvidence, d.Incident.ID, string(d.Incident.ID))}
	defer func() {
		if err != nil && ctx.Err() != nil { // whatever it was that broke off first
			b.job.End(ctx.Err())
			return
		}
		b.job.End(err)
	}()
	if err := b.measure(ctx); err != nil {
		return err
	}
	if err := b.gather(ctx); err != nil {
		return fmt.Errorf("gather the evidence of %s: %w", d.Incident.Ref, err)
	}
	// The log itself vouches for what is in the bundle.
	if err := a.Desk.Record(ctx, who, "evidence.taken", id, string(id), "Took an evidence bundle.", b.data); err != nil {
		return err
	}
	return b.write(ctx, w)
}

type bundler struct {
	*App
	who     incidents.Actor
	dossier incidents.Dossier
	dir     string
	files   []ledger.File
	data    map[string]string // what binds files to the log

	job         *incidents.Job
	done, total int64 // steps of it
}

// A delivery takes as many steps as it takes time: most while its line is
// gathered, and one each time its file is read, to sum it up and to copy it.
const (
	gatherSteps = 8
	readSteps   = 1
	lineSteps   = gatherSteps + 2*readSteps
)

// measure finds out how many steps there will be.
func (b *bundler) measure(ctx context.Context) error {
	err := b.store.Read(ctx, func(tx incidents.Tx) error {
		for _, n := range b.dossier.Notices {
			tallies, err := tx.Tallies(n.No)
			if err != nil {
				return err
			}
			for _, t := range tallies {
				b.total += lineSteps * t.Sum()
			}
		}
		return nil
	})
	b.job.Far(0, max(b.total, 1))
	return err
}

// step goes on, and tells so now and then.
func (b *bundler) step(n int64) {
	const often = 1000 * lineSteps
	before := b.done / often
	b.done += n
	if b.done/often != before {
		b.job.Far(b.done, b.total)
	}
}

func (b *bundler) gather(ctx context.Context) error {
	for _, step := range []func(context.Context) error{b.facts, b.notices, b.announcements, b.reportFiles, b.receiptFiles} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// doc adds a JSON file and binds it to the log by its hash.
func (b *bundler) doc(path string, v any) error {
	js, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return b.bytes(path, append(js, '\n'))
}

func (b *bundler) bytes(path string, data []byte) error {
	b.files = append(b.files, ledger.Bytes(path, data))
	b.data[ledger.SHA256Key(path)] = sha256Hex(data)
	return nil
}

func (b *bundler) facts(ctx context.Context) error {
	d := b.dossier
	alerts, err := b.alerts(ctx)
	if err != nil {
		return err
	}
	for path, v := range map[string]any{"incident.json": d.Incident, "alerts.json": alerts, "assessment.json": d.Assessment, "obligations.json": d.Obligations, "imports.json": d.Imports, "waivers.json": d.Waivers,
		"proposals.json": d.Proposals, "decisions.json": d.Decisions, "risk.json": d.Risk, "risk_decisions.json": d.RiskDecisions} {
		if err := b.doc(path, v); err != nil {
			return err
		}
	}
	return b.store.Read(ctx, func(tx incidents.Tx) error {
		for rev := 0; rev <= d.Facts.Rev; rev++ {
			f, err := tx.FactsAt(d.Incident.ID, rev)
			if err != nil {
				return err
			}
			if err := b.doc(fmt.Sprintf("facts/rev-%03d.json", rev), f); err != nil {
				return err
			}
		}
		return nil
	})
}

// alerts is every alert of the incident, newest first, without what may hold
// personal data.
func (b *bundler) alerts(ctx context.Context) (all []incidents.Alert, err error) {
	err = b.store.Read(ctx, func(tx incidents.Tx) error {
		all = []incidents.Alert{}
		page := incidents.AlertFilter{Incident: b.dossier.Incident.ID}
		for {
			some, err := tx.Alerts(page)
			if err != nil || len(some) == 0 {
				return err
			}
			for _, al := range some {
				al.Raw, al.Users, al.IPs = nil, nil, nil
				all = append(all, al)
			}
			page.Before = some[len(some)-1].ID
		}
	})
	return all, err
}

func (b *bundler) notices(ctx context.Context) error {
	for _, n := range b.dossier.Notices {
		dir := fmt.Sprintf("notices/N-%d/", n.No)
		versions, err := b.Desk.NoticeVersions(ctx, b.who, n.ID)
		if err != nil {
			return err
		}
		_, approvals, err := b.Desk.Notice(ctx, b.who, n.ID)
		if err != nil {
			return err
		}
		p, err := b.Desk.Progress(ctx, b.who, n.ID)
		if err != nil {
			return err
		}
		for path, v := range map[string]any{"versions.json": versions, "approvals.json": approvals, "reconciliation.json": p.Reconciliation, "exclusions.json": p.Exclusions, "channels.json": p.Tallies} {
			if err := b.doc(dir+path, v); err != nil {
				return err
			}
		}
		if n.ReleasedAt == nil {
			continue
		}
		if err := b.deliveries(ctx, n.No, dir+"deliveries.jsonl"); err != nil {
			return err
		}
	}
	return nil
}

// deliveries streams one line per delivery into a file, and binds its Merkle
// root to the log, so that one line can be proven without the others.
func (b *bundler) deliveries(ctx context.Context, no int64, path string) error {
	f, err := os.CreateTemp(b.dir, "deliveries-")
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	var tree ledger.Tree
	err = b.store.DeliveryLines(ctx, no, func(d incidents.Delivery) error {
		line, err := json.Marshal(struct {
			ID       string `json:"id"`
			State    string `json:"state"`
			Step     int    `json:"step"`
			Attempts int    `json:"attempts"`
			Provider string `json:"provider_id,omitempty"`
			Account  string `json:"provider,omitempty"`
			Code     string `json:"code,omitempty"`
			Twice    bool   `json:"maybe_twice,omitempty"`
			At       string `json:"at"`
		}{d.ID.String(), string(d.State), d.Step, d.Attempts, d.ProviderID, d.Provider, d.Code, d.MaybeTwice, d.UpdatedAt.UTC().Format(time.RFC3339)})
		if err != nil {
			return err
		}
		tree.Add(line)
		b.step(gatherSteps)
		_, err = w.Write(append(line, '\n'))
		return err
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	name := f.Name()
	b.files = append(b.files, ledger.File{Path: path, Open: func() (io.ReadCloser, error) {
		r, err := os.Open(name)
		return steps{r, b}, err
	}})
	b.data[ledger.RootKey(path)] = fmt.Sprintf("%x", tree.Root())
	return nil
}

// steps counts the lines of a file while it is read.
type steps struct {
	io.ReadCloser
	b *bundler
}

func (s steps) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.b.step(readSteps * int64(bytes.Count(p[:n], []byte{'\n'})))
	return n, err
}

func (b *bundler) announcements(ctx context.Context) error {
	for i, n := range b.dossier.Announcements {
		_, approvals, err := b.Desk.Announcement(ctx, b.who, n.ID)
		if err != nil {
			return err
		}
		if err := b.doc(fmt.Sprintf("announcements/%d.json", i+1), map[string]any{"announcement": n, "approvals": approvals}); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundler) reportFiles(ctx context.Context) error {
	for _, r := range b.dossier.Reports {
		for _, format := range []string{"json", "html", "pdf"} {
			data, _, err := b.Desk.RenderReport(ctx, b.who, r.ID, format)
			if err != nil {
				return err
			}
			if err := b.bytes(fmt.Sprintf("reports/R-%d.%s", r.No, format), data); err != nil {
				return err
			}
		}
	}
	return nil
}

// receiptFiles adds the authorities' receipts; rejected rows hold personal data and stay out.
func (b *bundler) receiptFiles(ctx context.Context) error {
	for _, f := range b.dossier.Files {
		if f.Kind != "receipt" {
			continue
		}
		_, rc, err := b.store.OpenFile(ctx, f.ID)
		if err != nil {
			return err
		}
		var buf bytes.Buffer
		_, err = io.Copy(&buf, rc)
		rc.Close()
		if err != nil {
			return err
		}
		if err := b.bytes("receipts/"+string(f.ID), buf.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundler) write(ctx context.Context, w io.Writer) error {
	return b.store.View(ctx, func(v store.LogView) error {
		entries, err := v.Of(b.dossier.Incident.ID)
		if err != nil {
			return err
		}
		return ledger.WriteBundle(w, ledger.Bundle{Incident: b.dossier.Incident.ID, Ref: b.dossier.Incident.Ref, Created: b.now(), Signer: b.signer,
			Checkpoint: ledger.Checkpoint{Origin: origin, Size: v.Size, Root: v.Root}, Read: v.Hashes, Entries: entries, Files: b.files})
	})
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
