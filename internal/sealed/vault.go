package sealed

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// A WrappedKey is a key at rest, or a small record about keys. Epoch names
// the key that wraps it.
type WrappedKey struct {
	ID    string
	Epoch string
	Data  []byte
}

// A Vault keeps wrapped keys apart from the data and its backups. Each method
// is atomic and synced, and must not need a transaction its caller holds.
// What DeleteKeys removed must be gone: overwritten, not only marked.
// internal/store implements it.
type Vault interface {
	// PutKeys inserts or replaces, all or none.
	PutKeys(ctx context.Context, keys []WrappedKey) error
	// Key returns one key, a not_found error when there is none.
	Key(ctx context.Context, id string) (WrappedKey, error)
	// DeleteKeys removes keys; ids that are not there are no error.
	DeleteKeys(ctx context.Context, ids []string) error
	// Keys lists the keys whose id starts with prefix, in order of id.
	Keys(ctx context.Context, prefix string) ([]WrappedKey, error)
}

// A Locker is a Vault used by several processes: Locked runs fn while no other
// process runs one under the same name. The Keeper uses it when the vault has it.
type Locker interface {
	Locked(ctx context.Context, name string, fn func(context.Context) error) error
}

// How keys are named in the vault.
const (
	blockPrefix     = "block/"     // block/<scope>/<n>
	nextPrefix      = "next/"      // next/<scope>/<n>/<try>: takes the place of a block key
	epochPrefix     = "epoch/"     // epoch/<n>
	destroyedPrefix = "destroyed/" // destroyed/<scope>: a record, no key
	pendingRotation = "pending/rotation"
	byMaster        = "master"
)

func blockID(scope string, n int64) string { return blockPrefix + place(scope, n) }
func nextIDs(scope string, n int64) string { return nextPrefix + place(scope, n) + "/" }
func place(scope string, n int64) string   { return scope + "/" + strconv.FormatInt(n, 10) }
func epochID(n int64) string               { return epochPrefix + strconv.FormatInt(n, 10) }
func destroyedID(scope string) string      { return destroyedPrefix + scope }

// number reads the number an id ends in.
func number(id string) (int64, error) {
	n, err := strconv.ParseInt(id[strings.LastIndexByte(id, '/')+1:], 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("the vault holds a key with the odd id %q", id)
	}
	return n, nil
}

func checkScope(scope string) error {
	if scope == "" || len(scope) > 128 || strings.ContainsAny(scope, "/\x00") {
		return incidents.Invalid("%q cannot name a set of blocks", scope)
	}
	return nil
}

// isNotFound tells a missing key from a vault that cannot answer.
func isNotFound(err error) bool { return incidents.KindOf(err) == incidents.KindNotFound }
