package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/app"
	"tocsin/internal/ledger"
)

type verifyCmd struct {
	configFlag
	Bundle      string   `arg:"" optional:"" type:"existingfile" help:"Evidence bundle; nothing else is needed to check one."`
	Log         bool     `help:"Check the whole audit log of the database the settings name, instead of a bundle."`
	Checkpoints []string `name:"checkpoint" type:"existingfile" sep:"none" placeholder:"FILE" help:"With --log: a checkpoint kept elsewhere, as published on the site (/checkpoint). May be repeated."`
	Key         string   `help:"Public key of the organisation, as published on its site (/verifier), or a file with it."`
	JSON        bool     `name:"json" help:"Print one JSON object."`
}

// Run names any edit, deletion, reordering or truncation, and fails if there is one.
func (c *verifyCmd) Run(ctx context.Context, t *terminal) error {
	if err := c.readKey(); err != nil {
		return err
	}
	switch {
	case c.Log == (c.Bundle != ""):
		return misused{incidents.Invalid("give a bundle, or --log").WithHint("tocsin verify BUNDLE, or tocsin verify --log --config FILE")}
	case c.Log:
		return c.log(ctx, t)
	}
	return c.bundle(ctx, t)
}

// readKey takes the key from the file it names, if it names one. What is no key
// says nothing about the log, and must not look as if it did.
func (c *verifyCmd) readKey() error {
	if c.Key == "" {
		return nil
	}
	b, err := os.ReadFile(c.Key)
	found := err == nil
	if found {
		c.Key = string(b)
	}
	c.Key = strings.TrimSpace(c.Key)
	switch {
	case ledger.CheckKey(c.Key) == nil:
		return nil
	case found:
		return misused{incidents.Invalid("the file of --key holds no public key").WithHint("it has one line like name+1a2b3c4d+base64, as published on the site (/verifier)")}
	}
	return misused{incidents.Invalid("--key is neither a key nor a file").WithHint("a key looks like name+1a2b3c4d+base64; the site publishes it (/verifier)")}
}

func (c *verifyCmd) log(ctx context.Context, t *terminal) error {
	var elsewhere [][]byte
	for _, name := range c.Checkpoints {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		elsewhere = append(elsewhere, b)
	}
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		bar := newPassing(ctx, t.err, c.JSON)
		r, err := a.VerifyLog(ctx, elsewhere, c.Key, func(done, total int64) { bar.tell("audit entries", done, total) })
		bar.end()
		switch {
		case err != nil:
			return err
		case c.JSON:
			err = json.NewEncoder(t.out).Encode(map[string]any{"ok": r.OK(), "entries": r.Records, "root": fmt.Sprintf("%x", r.Root), "checkpoints": r.Checkpoints, "proven": r.Proven, "problems": r.Problems})
		default:
			problems(t, r.Problems)
			if r.OK() {
				fmt.Fprintf(t.out, "✓ %d audit entries unchanged, %d of them vouched for by %d signed checkpoints\n", r.Records, r.Proven, r.Checkpoints)
			}
		}
		if err == nil && !r.OK() {
			err = incidents.Invalid("the audit log was changed: %d problems", len(r.Problems))
		}
		return err
	})
}

func (c *verifyCmd) bundle(ctx context.Context, t *terminal) error {
	f, err := os.Open(c.Bundle)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	bar := newPassing(ctx, t.err, c.JSON)
	bar.bytes = true
	found, err := ledger.VerifyBundle(f, info.Size(), ledger.VerifyOptions{VerifierKey: c.Key, Progress: func(done, total int64) { bar.tell("bundle", done, total) }})
	bar.end()
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(t.out).Encode(map[string]any{"ok": found.OK(), "incident": found.Manifest.Ref, "entries": found.Entries, "files": found.Files, "bound": found.Bound,
			"key": found.VerifierKey, "problems": found.Problems, "notes": found.Notes})
		if err != nil {
			return err
		}
	} else {
		c.print(t, found)
	}
	if !found.OK() {
		return incidents.Invalid("the bundle was changed: %d problems", len(found.Problems))
	}
	return nil
}

func problems(t *terminal, all []string) {
	for _, p := range all {
		fmt.Fprintln(t.out, "✗", p)
	}
}

func (c *verifyCmd) print(t *terminal, f ledger.Findings) {
	problems(t, f.Problems)
	for _, n := range f.Notes {
		fmt.Fprintln(t.out, "·", n)
	}
	if !f.OK() {
		return
	}
	fmt.Fprintf(t.out, "✓ %s: %d audit entries proven to be in the log, %d files unchanged, %d of them vouched for by the log itself\n", f.Manifest.Ref, f.Entries, f.Files, f.Bound)
	fmt.Fprintf(t.out, "  checked with %s\n", f.VerifierKey)
	if c.Key == "" {
		fmt.Fprintln(t.out, "  this is the key the bundle brings along; compare it with the one the organisation publishes, or give it with --key")
	}
}
