package bus

import (
	"context"
	"errors"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"

	"tocsin/incidents"
)

// The embedded server remembers a failed write: its stream answers nothing any
// more, though the server calls itself healthy, also when the disk has room
// again. So a store that does not answer is noted, and opened anew before the
// next use.

// minFree is the room the disk must have before the store is opened anew.
const minFree = 32 << 20

// suspect notes that the store did not answer in time, unless the caller was
// in more of a hurry than we are.
func (b *Bus) suspect(caller context.Context, err error) {
	if b.server != nil && errors.Is(err, context.DeadlineExceeded) && caller.Err() == nil {
		b.broken.Store(true)
	}
}

// mend opens the store anew if it needs it. While the disk is full it says so
// at once, instead of letting every caller wait.
func (b *Bus) mend() error {
	if b.server == nil || b.whole() {
		return nil
	}
	b.mending.Lock()
	defer b.mending.Unlock()
	if b.whole() {
		return nil // somebody else did it
	}
	if !b.server.Running() {
		return incidents.Unavailable("the embedded bus has stopped")
	}
	if free, err := freeBytes(b.o.Dir); err != nil || free < minFree {
		return incidents.Unavailable("the disk of the bus is full: %d MiB free", free>>20).WithHint("free some space; the bus goes on by itself")
	}
	return b.reopenStore()
}

func (b *Bus) whole() bool { return b.server.JetStreamEnabled() && !b.broken.Load() }

func (b *Bus) reopenStore() error {
	b.log.Warn("bus store is opened anew after a failed write")
	if b.server.JetStreamEnabled() {
		if err := b.server.DisableJetStream(); err != nil {
			return refused("close the store", err)
		}
	}
	err := b.server.EnableJetStream(&server.JetStreamConfig{StoreDir: b.o.Dir, MaxStore: b.o.MaxStore, SyncAlways: true})
	if err != nil {
		return refused("open the store", err)
	}
	b.broken.Store(false)
	return nil
}

func freeBytes(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
