package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tocsin/incidents"
	"tocsin/internal/sealed"
	"tocsin/internal/settings"
)

// openMaster opens the master key, or makes one on the first start.
func openMaster(s settings.MasterKey) (*sealed.Master, error) {
	if s.Passphrase.Reveal() == "" {
		return nil, incidents.Invalid("the master key needs a passphrase").On("master-key.passphrase").
			WithHint("set TOCSIN_PASSPHRASE, or name a file in master-key.passphrase-file, and keep it somewhere else too: without it the lists cannot be read")
	}
	if err := os.MkdirAll(filepath.Dir(s.File), 0o700); err != nil {
		return nil, err
	}
	_, err := os.Stat(s.File)
	fresh := errors.Is(err, fs.ErrNotExist)
	return sealed.OpenMaster(s.File, []byte(s.Passphrase.Reveal()), fresh)
}
