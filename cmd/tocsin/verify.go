package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/ledger"
)

type verifyCmd struct {
	Bundle string `arg:"" type:"existingfile" help:"Evidence bundle."`
	Key    string `help:"Public key of the organisation, as published on its site (/verifier), or a file with it."`
	JSON   bool   `name:"json" help:"Print one JSON object."`
}

// Run names any edit, deletion, reordering or truncation, and fails if there is one.
func (c *verifyCmd) Run(t *terminal) error {
	f, err := os.Open(c.Bundle)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	key := c.Key
	if b, err := os.ReadFile(c.Key); c.Key != "" && err == nil {
		key = strings.TrimSpace(string(b))
	}
	found, err := ledger.VerifyBundle(f, info.Size(), ledger.VerifyOptions{VerifierKey: key})
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

func (c *verifyCmd) print(t *terminal, f ledger.Findings) {
	for _, p := range f.Problems {
		fmt.Fprintln(t.out, "✗", p)
	}
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
