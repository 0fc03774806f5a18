package app

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tocsin/incidents"
	"tocsin/internal/sealed"
	"tocsin/internal/settings"
	"tocsin/internal/store"
)

// openKeys opens the master key and the key store. A master key is made by a
// server alone, and only for a database and a key store that are nobody's yet:
// one made beside them would open nothing, and seal what nobody else can read.
func (a *App) openKeys(ctx context.Context) error {
	s := a.settings
	if s.MasterKey.Passphrase.Reveal() == "" {
		return incidents.Invalid("the master key needs a passphrase").On("master-key.passphrase").
			WithHint("set TOCSIN_PASSPHRASE, or name a file in master-key.passphrase-file, and keep it somewhere else too: without it the lists cannot be read")
	}
	missing := false
	if _, err := os.Stat(s.MasterKey.File); errors.Is(err, fs.ErrNotExist) {
		missing = true
	}
	owner, err := store.OwnerOf(ctx, s.Database.URL.Reveal(), s.DataDir)
	if err != nil {
		return err
	}
	switch {
	case missing && owner.Used:
		return anothers("database", s.MasterKey)
	case missing && a.worker:
		return incidents.NotFound("there is no master key file at %s, and a worker makes none", s.MasterKey.File).On("master-key.file").
			WithHint("start tocsin serve first; then copy its master key file there, or point master-key.file at it")
	}
	vault, err := store.OpenVault(ctx, store.VaultOptions{URL: s.KeyDatabase.URL.Reveal(), Dir: filepath.Dir(s.KeyDatabaseFile())})
	if err != nil {
		return err
	}
	a.stops.add("key store", func(context.Context) error { return vault.Close() })
	owned, err := sealed.Owned(ctx, vault)
	switch {
	case err != nil:
		return err
	case missing && owned:
		return anothers("key store", s.MasterKey)
	}
	if err := os.MkdirAll(filepath.Dir(s.MasterKey.File), 0o700); err != nil {
		return err
	}
	if a.master, err = sealed.OpenMaster(s.MasterKey.File, []byte(s.MasterKey.Passphrase.Reveal()), missing); err != nil {
		return err
	}
	switch {
	case owner.Mark != nil && !bytes.Equal(owner.Mark, a.master.Mark()):
		return anothers("database", s.MasterKey)
	case owner.Mark != nil && !owned:
		return incidents.Conflict("the key store is empty, and the keys of this database are in another one").On("key-database").
			WithHint("point key-database.url at the key store of the server, or restore data-dir/keys from its backup")
	}
	a.keeper = sealed.New(a.master, vault)
	if err := a.keeper.Claim(ctx); err != nil {
		if incidents.KindOf(err) == incidents.KindConflict {
			return anothers("key store", s.MasterKey)
		}
		return err
	}
	return a.keeper.Resume(ctx)
}

// anothers refuses a start with a master key that is not that of the data.
func anothers(what string, k settings.MasterKey) error {
	return incidents.Conflict("this %s belongs to another master key than %s", what, k.File).On("master-key.file").
		WithHint("copy the master key file of the server that made it there, or point master-key.file at it; if it is lost, restore it from its backup")
}
