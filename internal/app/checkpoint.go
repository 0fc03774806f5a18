package app

import (
	"context"
	"fmt"
	"iter"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/internal/store"
)

// origin names the audit log in its checkpoints.
const origin = "tocsin"

// checkpoint signs the audit log when it grew since the last one.
func (a *App) checkpoint(ctx context.Context) error {
	_, err := a.store.Sign(ctx, a.signer)
	return err
}

// Latest is the newest signed checkpoint, for the public site and for witnesses.
func (a *App) Latest(ctx context.Context) ([]byte, error) {
	last, err := a.store.Checkpoints(ctx, 1)
	if err != nil {
		return nil, err
	}
	if len(last) == 0 {
		return nil, incidents.NotFound("there is no checkpoint yet")
	}
	return last[0].Signed, nil
}

// Verifier is the public key evidence and checkpoints are checked with.
func (a *App) Verifier() string { return a.signer.VerifierKey() }

// mostCheckpoints of our own are compared with the log.
const mostCheckpoints = 10_000

// VerifyLog recomputes the whole audit log and compares it with the stored
// hashes, with our own checkpoints and with others kept elsewhere: only those
// show that both the end of the log and our checkpoints of it were cut off. An
// empty key is our own. far is told how many of the entries are read.
func (a *App) VerifyLog(ctx context.Context, elsewhere [][]byte, key string, far incidents.Far) (r ledger.Report, err error) {
	kept, err := a.store.Checkpoints(ctx, mostCheckpoints)
	if err != nil {
		return r, err
	}
	for _, c := range kept {
		elsewhere = append(elsewhere, c.Signed)
	}
	if key == "" {
		key = a.Verifier()
	}
	err = a.store.View(ctx, func(v store.LogView) error {
		r, err = ledger.VerifyLog(ledger.Log{Records: counted(v.Entries(0), v.Size, far), Checkpoints: elsewhere, VerifierKey: key, Leaf: v.Leaf})
		if err == nil && r.OK() && (r.Records != v.Size || r.Root != v.Root) {
			r.Problems = append(r.Problems, fmt.Sprintf("the log was truncated or its head was edited: it ends at record %d, the head says %d", r.Records, v.Size))
		}
		return err
	})
	return r, err
}

// counted tells how far a sequence of so many records is read.
func counted(records iter.Seq2[[]byte, error], total int64, far incidents.Far) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		done := int64(0)
		for rec, err := range records {
			if !yield(rec, err) {
				return
			}
			if done++; done%100 == 0 || done == total {
				far(done, total)
			}
		}
	}
}
