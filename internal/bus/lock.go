package bus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"tocsin/incidents"
)

// A lock holds a folder for this process. The kernel drops it when the process
// dies, however it dies. nats-server itself takes none: two of them on one
// folder both start.
type lock struct{ file *os.File }

// lockFolder makes the folder if need be and takes its lock.
func lockFolder(dir string) (*lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("bus folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("bus folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &lock{f}, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, incidents.Conflict("another process uses the bus folder %s", dir).
			WithHint("stop the other tocsin, or give this one its own data-dir")
	}
	return nil, fmt.Errorf("lock bus folder: %w", err)
}

func (l *lock) release() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}
