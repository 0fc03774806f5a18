package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"tocsin/internal/demo"
)

// What a new user runs first: the whole chain, to more people than fit into a
// first wave, some of whom have no app any more.
func TestTheDemoEndsWithVerifiedEvidence(t *testing.T) {
	var out, log bytes.Buffer
	code := run(t.Context(), []string{"demo", "--once", "--persons", "80", "--json", "--out", t.TempDir()}, &terminal{out: &out, err: &log, env: os.Getenv})
	var r demo.Result
	if err := json.Unmarshal(out.Bytes(), &r); code != 0 || err != nil {
		t.Fatalf("it ended with %d (%v)\n%s\n%s", code, err, out.String(), log.String())
	}
	if !r.Evidence.Verified || r.Unaccounted != 0 || r.Reached.List != 80 || r.Reached.ToSend+r.Reached.Trying != 0 || r.Announcement.Version != 1 {
		t.Errorf("%+v", r)
	}
}
