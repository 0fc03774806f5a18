package sealed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// A destruction is the record of a scope whose blocks were, or are being,
// destroyed. It is written first, so that a fault neither loses the count nor
// lets new blocks in, and stays for ever.
type destruction struct {
	Blocks  int64  `json:"blocks"`
	IDsHash string `json:"ids_sha256"`
	Done    bool   `json:"done"`
}

// DestroyBlocks destroys every block key of a scope and the epoch key that
// wrapped them. It returns how many there were and the SHA-256 over their ids,
// sorted, a line each. After a fault, call it again: it goes on, and answers
// the same. The scope is closed for ever.
func (k *Keeper) DestroyBlocks(ctx context.Context, scope string) (n int64, idsHash string, err error) {
	if err := checkScope(scope); err != nil {
		return 0, "", err
	}
	err = k.exclusive(ctx, func(ctx context.Context) error {
		d, err := k.destroy(ctx, scope)
		n, idsHash = d.Blocks, d.IDsHash
		return err
	})
	return n, idsHash, err
}

func (k *Keeper) destroy(ctx context.Context, scope string) (destruction, error) {
	d, found, err := k.destruction(ctx, scope)
	if err != nil || d.Done {
		return d, err
	}
	ids, err := k.idsOf(ctx, blockPrefix+scope+"/")
	if err != nil {
		return d, err
	}
	if !found {
		sum := sha256.Sum256([]byte(strings.Join(ids, "\n")))
		d = destruction{Blocks: int64(len(ids)), IDsHash: hex.EncodeToString(sum[:])}
		if err := k.record(ctx, scope, d); err != nil {
			return d, err
		}
	}
	k.cache.kill(scope)
	nexts, err := k.idsOf(ctx, nextPrefix+scope+"/")
	if err != nil {
		return d, err
	}
	if err := k.vault.DeleteKeys(ctx, append(ids, nexts...)); err != nil {
		return d, fmt.Errorf("destroy the keys of %s: %w", scope, err)
	}
	if err := k.rotate(ctx); err != nil {
		return d, err
	}
	d.Done = true
	return d, k.record(ctx, scope, d)
}

func (k *Keeper) idsOf(ctx context.Context, prefix string) ([]string, error) {
	keys, err := k.vault.Keys(ctx, prefix)
	if err != nil {
		return nil, fmt.Errorf("list the keys %s: %w", prefix, err)
	}
	ids := make([]string, len(keys))
	for i, w := range keys {
		ids[i] = w.ID
	}
	return ids, nil
}

func (k *Keeper) destruction(ctx context.Context, scope string) (d destruction, found bool, err error) {
	w, err := k.vault.Key(ctx, destroyedID(scope))
	if isNotFound(err) {
		return d, false, nil
	}
	if err == nil {
		err = json.Unmarshal(w.Data, &d)
	}
	if err != nil {
		return d, false, fmt.Errorf("read the record of destruction of %s: %w", scope, err)
	}
	return d, true, nil
}

func (k *Keeper) record(ctx context.Context, scope string, d destruction) error {
	b, err := json.Marshal(d)
	if err == nil {
		err = k.vault.PutKeys(ctx, []WrappedKey{{ID: destroyedID(scope), Data: b}})
	}
	if err != nil {
		return fmt.Errorf("record the destruction of %s: %w", scope, err)
	}
	return nil
}

// unfinished lists the scopes whose destruction was begun and not ended.
func (k *Keeper) unfinished(ctx context.Context) ([]string, error) {
	keys, err := k.vault.Keys(ctx, destroyedPrefix)
	if err != nil {
		return nil, fmt.Errorf("list the records of destruction: %w", err)
	}
	var out []string
	for _, w := range keys {
		var d destruction
		if err := json.Unmarshal(w.Data, &d); err != nil {
			return nil, fmt.Errorf("read the record %s: %w", w.ID, err)
		}
		if !d.Done {
			out = append(out, strings.TrimPrefix(w.ID, destroyedPrefix))
		}
	}
	return out, nil
}
