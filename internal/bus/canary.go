package bus

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"tocsin/incidents"
)

// The canary is a known sentence sealed under the bus key. nats-server started
// with a wrong key reports itself ready, says the streams are "not found", and
// destroys their data when they are created: so the key is proved first.
const canaryText = "tocsin bus canary 1"

var errWrongKey = errors.New("does not open with this key")

func canaryCipher(key []byte) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, key, nil, "tocsin bus canary", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func sealCanary(key []byte) ([]byte, error) {
	a, err := canaryCipher(key)
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, nil, []byte(canaryText), nil), nil
}

func openCanary(key, sealed []byte) error {
	a, err := canaryCipher(key)
	if err != nil {
		return err
	}
	got, err := a.Open(nil, nil, sealed, nil)
	if err != nil || string(got) != canaryText {
		return errWrongKey
	}
	return nil
}

// proveKey refuses to go on when the folder holds data that this key cannot be
// shown to open. It returns the streams the database says existed; none of
// them may be created over data on disk.
func proveKey(ctx context.Context, o Options) (known []string, err error) {
	sealed, known, err := o.Canary.LoadCanary(ctx)
	if err != nil {
		return nil, fmt.Errorf("load bus canary: %w", err)
	}
	onDisk, err := streamsOnDisk(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("look into bus folder: %w", err)
	}
	if len(onDisk) > 0 {
		if err := proveAgainst(o, sealed); err != nil {
			return known, err
		}
		return known, clearHalfMade(o)
	}
	if sealed != nil && len(known) > 0 {
		o.Log.Warn("bus folder is empty, starting afresh: work is picked up again from the database", "streams", len(known))
	}
	if sealed != nil && openCanary(o.Key, sealed) == nil {
		return known, nil
	}
	if sealed, err = sealCanary(o.Key); err != nil {
		return nil, err
	}
	// Saved before the server starts: data on disk always has a canary.
	if err := o.Canary.SaveCanary(ctx, sealed, nil); err != nil {
		return nil, fmt.Errorf("save bus canary: %w", err)
	}
	return nil, nil
}

func proveAgainst(o Options, sealed []byte) error {
	if sealed == nil {
		return incidents.Conflict("the bus folder %s holds streams, but the database knows no key for them", o.Dir).
			WithHint("they belong to another database; use that one, or move the folder away: work is picked up again from the database")
	}
	if err := openCanary(o.Key, sealed); err != nil {
		return incidents.Conflict("the bus key is not the one the folder %s was written with; nothing was touched", o.Dir).
			WithHint("start with the master key in use before, or move the folder away: work is picked up again from the database")
	}
	return nil
}

// streamsOnDisk lists the streams whose description is on disk, readable or not.
func streamsOnDisk(dir string) ([]string, error) {
	found, err := described(dir, streamFolders)
	for i, f := range found {
		found[i] = path.Base(f)
	}
	return found, err
}

// Where the server keeps streams, and their consumers, in its folder.
const (
	streamFolders   = "jetstream/*/streams/*"
	consumerFolders = streamFolders + "/obs/*"
)

// described lists the folders of a kind that hold a description, below dir.
func described(dir, kind string) ([]string, error) {
	found, err := fs.Glob(os.DirFS(dir), kind+"/meta.inf")
	for i, f := range found {
		found[i] = path.Dir(f)
	}
	return found, err
}

// mayCreate refuses to create a stream over data that the server could not read.
func mayCreate(o Options, known []string, stream string) error {
	if o.URL != "" {
		return nil
	}
	onDisk, err := streamsOnDisk(o.Dir)
	if err != nil {
		return fmt.Errorf("look into bus folder: %w", err)
	}
	if slices.Contains(known, stream) && slices.Contains(onDisk, stream) {
		return incidents.Conflict("stream %s is in the bus folder %s but cannot be read; nothing was touched", stream, o.Dir).
			WithHint("restore the folder, or move it away: work is picked up again from the database")
	}
	return nil
}
