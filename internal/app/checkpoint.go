package app

import (
	"context"
	"encoding/hex"
)

func hexKey(b []byte) string { return hex.EncodeToString(b) }

// checkpoint signs the head of the audit log when it moved since the last one.
func (a *App) checkpoint(ctx context.Context) error {
	head, err := a.store.Head(ctx)
	if err != nil || head.Size == 0 {
		return err
	}
	last, err := a.store.Checkpoints(ctx, 1)
	if err != nil {
		return err
	}
	if len(last) > 0 && last[0].Size == head.Size {
		return nil
	}
	signed, err := a.signer.Sign(head)
	if err != nil {
		return err
	}
	return a.store.SaveCheckpoint(ctx, head.Size, signed)
}
