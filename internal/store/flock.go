package store

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// tryLock takes the lock of an open file, unless another process has it. The
// kernel drops it when the file is closed or the process dies.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// lockedByFile runs fn while no other process runs one under the same file.
func lockedByFile(ctx context.Context, path string, fn func(context.Context) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // drops the lock
	for {
		held, err := tryLock(f)
		if err != nil {
			return err
		}
		if held {
			return fn(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
