package app

import (
	"context"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/internal/store"
)

// origin names the audit log in its checkpoints.
const origin = "tocsin"

// checkpoint signs the head of the audit log when it moved since the last one.
func (a *App) checkpoint(ctx context.Context) error {
	size, root, err := a.store.Head(ctx)
	if err != nil || size == 0 {
		return err
	}
	last, err := a.store.Checkpoints(ctx, 1)
	if err != nil {
		return err
	}
	if len(last) > 0 && last[0].Size == size {
		return nil
	}
	signed, err := a.signer.Sign(ledger.Checkpoint{Origin: origin, Size: size, Root: root})
	if err != nil {
		return err
	}
	return a.store.SaveCheckpoint(ctx, store.Checkpoint{Size: size, At: a.now().UTC(), Signed: signed})
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
