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
	for _, kind := range []struct{ folders, holds string }{{streamFolders, "msgs/*.blk"}, {consumerFolders, "o.dat"}} {
		found, err := described(o.Dir, kind.folders)
		if err != nil {
			return fmt.Errorf("look into bus folder: %w", err)
		}
		for _, f := range found {
			dir := filepath.Join(o.Dir, filepath.FromSlash(f))
			left, err := halfMade(os.DirFS(dir), kind.holds)
			if err != nil {
				return fmt.Errorf("look into bus folder: %w", err)
			}
			if !left {
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

// halfMade tells that a folder has no checksum, and nothing in the files that would hold something.
func halfMade(dir fs.FS, holds string) (bool, error) {
	if _, err := fs.Stat(dir, "meta.sum"); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	found, err := fs.Glob(dir, holds)
	for _, f := range found {
		info, err := fs.Stat(dir, f)
		if err != nil || info.Size() > 0 {
			return false, err
		}
	}
	return err == nil, err
}
