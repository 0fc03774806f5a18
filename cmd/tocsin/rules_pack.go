package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/rulepack"
	"tocsin/regulators"
)

// A passphraseFlag opens a sealed key. A passphrase is never an argument: others
// on the machine can read those.
type passphraseFlag struct {
	PassphraseFile string `help:"File with the passphrase of the key; without it TOCSIN_PASSPHRASE." type:"existingfile" placeholder:"FILE"`
}

func (f passphraseFlag) read(t *terminal) ([]byte, error) {
	if f.PassphraseFile == "" {
		return []byte(t.env("TOCSIN_PASSPHRASE")), nil
	}
	b, err := os.ReadFile(f.PassphraseFile)
	return bytes.TrimRight(b, "\r\n"), err
}

type rulesPackCmd struct {
	Rules string `arg:"" help:"Folder of a whole pack, or: shipped."`
	Out   string `required:"" help:"File to write." placeholder:"FILE"`
	Key   string `required:"" help:"File of the signing key; tocsin rules keygen makes one." type:"existingfile" placeholder:"FILE"`
	Over  bool   `name:"over-shipped" help:"The folder is laid over the shipped rules first, instead of being whole. It needs a version of its own."`
	passphraseFlag
}

// Run checks the rules, packs and signs them. Equal rules and an equal key give
// equal bytes.
func (c rulesPackCmd) Run(t *terminal) error {
	layers, err := c.layers()
	if err != nil {
		return err
	}
	pass, err := c.read(t)
	if err != nil {
		return err
	}
	s, err := rulepack.OpenKey(c.Key, pass)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	version, err := rulepack.Write(&b, s, layers...)
	if err != nil {
		return err
	}
	if err := writeWhole(c.Out, b.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s: pack %s, %d bytes, signed by %s\n", c.Out, version, b.Len(), s.VerifierKey())
	return nil
}

func (c rulesPackCmd) layers() ([]fs.FS, error) {
	if c.Rules == "shipped" {
		return []fs.FS{regulators.Shipped()}, nil
	}
	dir := os.DirFS(c.Rules)
	if _, err := fs.Stat(dir, "vocabulary/pack.yaml"); err != nil {
		return nil, incidents.Invalid("%s has no vocabulary/pack.yaml, so it has no version of its own", c.Rules).
			WithHint("pack a whole folder, such as an unzipped pack of the shipped rules; or add that file and pack with --over-shipped")
	}
	if c.Over {
		return []fs.FS{regulators.Shipped(), dir}, nil
	}
	for _, part := range regulators.Folders() {
		if _, err := fs.Stat(dir, part); err != nil {
			return nil, incidents.Invalid("%s has no folder %s, so it is no whole pack", c.Rules, part).WithHint("pack it with --over-shipped, which lays it over the shipped rules")
		}
	}
	return []fs.FS{dir}, nil
}

// writeWhole puts a whole file in the place of another: a service that reads it
// at this moment finds the old one or the new one.
func writeWhole(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".pack-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(0o644) // it is signed, not secret
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

type rulesVerifyCmd struct {
	File string `arg:"" type:"existingfile" help:"Pack file."`
	keyFlag
	JSON bool `help:"As JSON." name:"json"`
}

// Run verifies a pack file and says what is new in it.
func (c rulesVerifyCmd) Run(t *terminal) error {
	f, err := readPack(c.File, c.Key)
	if err != nil {
		return err
	}
	p, err := regulators.OpenOn(f, nil, regulators.Options{})
	if err != nil {
		return err
	}
	sayOlder(t, f)
	if c.JSON {
		return writeJSON(t.out, map[string]any{"pack": f.Version, "key": f.Key, "trusted": f.Trusted, "sha256": f.SHA256, "files": f.Files,
			"obligations": len(p.Rules()), "jurisdictions": len(p.Jurisdictions()), "changelog": p.Changelog()})
	}
	fmt.Fprintf(t.out, "✓ pack %s, %d files unchanged, %d obligations in %d jurisdictions\n", f.Version, f.Files, len(p.Rules()), len(p.Jurisdictions()))
	fmt.Fprintf(t.out, "  sha256 %s\n  signed by %s\n", f.SHA256, f.Key)
	if !f.Trusted {
		fmt.Fprintln(t.out, "  this is the key the file brings along; compare it with the one its maker publishes, or give it with --key")
	}
	if log := p.Changelog(); len(log) > 0 {
		fmt.Fprintf(t.out, "\n%s, %s\n", log[0].Version, log[0].Date)
		for _, item := range log[0].Items() {
			fmt.Fprintf(t.out, "- %s\n", item)
		}
	}
	return nil
}

type rulesKeygenCmd struct {
	Out  string `required:"" help:"File of the key to write; the public key goes to it with .pub at its end." placeholder:"FILE"`
	Name string `required:"" help:"Who signs, such as law.example.org: no blanks and no plus signs." placeholder:"NAME"`
	Raw  bool   `help:"Write the key as it is, without a passphrase: whoever reads the file can sign."`
	passphraseFlag
}

// Run makes a pair of keys and never writes over one.
func (c rulesKeygenCmd) Run(t *terminal) error {
	pass, err := c.read(t)
	if err != nil {
		return err
	}
	switch {
	case c.Raw:
		pass = nil
	case len(pass) == 0:
		return incidents.Invalid("the key needs a passphrase").WithHint("set TOCSIN_PASSPHRASE, name a file with --passphrase-file, or ask for --raw")
	}
	pub := c.Out + ".pub"
	if _, err := os.Lstat(pub); err == nil {
		return incidents.Conflict("there is a file %s already", pub).WithHint("choose another name; a key that is in use must not be lost")
	}
	key, err := rulepack.NewKey(c.Out, strings.TrimSpace(c.Name), pass)
	if err != nil {
		return err
	}
	if err := os.WriteFile(pub, []byte(key+"\n"), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s\n", key)
	fmt.Fprintf(t.err, "keep %s secret and backed up; rules-keys in the settings wants the line above, which is in %s too\n", c.Out, pub)
	return nil
}
