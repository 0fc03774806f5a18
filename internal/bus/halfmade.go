package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// clearHalfMade takes away what a process that was killed began to make: the
// server describes a stream or a consumer in one file and writes its checksum into
// another. Where the second is missing it does not read the first, nor ever writes
// it again: what is stored there later would be lost at the next start. Nothing
// is stored before both are written, so what holds anything is left alone.
func clearHalfMade(o Options) error {
	for _, kind := range []struct{ under, holds string }{
		{"streams/*", "msgs/*.blk"},
		{"streams/*/obs/*", "o.dat"},
	} {
		made, err := filepath.Glob(filepath.Join(o.Dir, "jetstream", "*", filepath.FromSlash(kind.under), "meta.inf"))
		if err != nil {
			return fmt.Errorf("look into bus folder: %w", err)
		}
		for _, f := range made {
			dir := filepath.Dir(f)
			if _, err := os.Stat(filepath.Join(dir, "meta.sum")); !errors.Is(err, fs.ErrNotExist) {
				continue
			}
			held, err := holds(dir, kind.holds)
			if err != nil {
				return fmt.Errorf("look into bus folder: %w", err)
			}
			if held {
				continue
			}
			o.Log.Warn("bus: what was begun when the process was killed is made anew", "folder", dir)
			if err := os.RemoveAll(dir); err != nil {
				return fmt.Errorf("clear bus folder: %w", err)
			}
		}
	}
	return nil
}

// holds tells whether any file of a folder that matches has something in it.
func holds(dir, pattern string) (bool, error) {
	found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	for _, f := range found {
		info, serr := os.Stat(f)
		if serr != nil {
			return false, serr
		}
		if info.Size() > 0 {
			return true, nil
		}
	}
	return false, err
}
