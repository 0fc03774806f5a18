package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/incidents"
)

// Names of the files every bundle has.
const (
	manifestPath   = "manifest.json"
	signaturePath  = "manifest.sig"
	entriesPath    = "log/entries.jsonl"
	proofsPath     = "log/proofs.json"
	checkpointPath = "checkpoint.txt"
	verifierPath   = "verifier.txt"

	manifestSchema = "tocsin-evidence-bundle/v1"
	maxJSON        = 64 << 20
)

// A Manifest lists what is in a bundle. manifest.sig signs it.
type Manifest struct {
	Schema   string               `json:"schema"`
	Incident incidents.IncidentID `json:"incident"`
	Ref      string               `json:"ref"`
	Created  time.Time            `json:"created"`
	Log      LogState             `json:"log"`
	Files    []FileSum            `json:"files"` // in the order of the archive
}

// LogState is the log the bundle was taken from.
type LogState struct {
	Origin  string `json:"origin"`
	Size    int64  `json:"size"`
	Root    string `json:"root"`    // hex
	Entries int    `json:"entries"` // of this incident, in log/entries.jsonl
}

// A FileSum is one file as it must be.
type FileSum struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (m Manifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	return append(b, '\n'), nil
}

func decodeManifest(b []byte) (Manifest, error) {
	var m Manifest
	if err := exactJSON(b, &m, func() ([]byte, error) { return m.encode() }); err != nil {
		return m, err
	}
	if m.Schema != manifestSchema {
		return m, fmt.Errorf("its schema %q is not %q", m.Schema, manifestSchema)
	}
	return m, nil
}

// exactJSON reads JSON and refuses every other way to write the same.
func exactJSON(b []byte, v any, again func() ([]byte, error)) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if same, err := again(); err != nil || !bytes.Equal(same, b) {
		return fmt.Errorf("it is not written in the one allowed form")
	}
	return nil
}

// signedText is what manifest.sig signs: never to be taken for a checkpoint.
func signedText(manifest []byte) string { return signedAs(manifestSchema, manifest) }

// signedAs begins with what is signed, so that one is never taken for another.
func signedAs(schema string, manifest []byte) string {
	return fmt.Sprintf("%s\nsha256 %s\nsize %d\n", schema, hexSHA256(manifest), len(manifest))
}

// A proofFile is log/proofs.json: how each entry hangs in the log.
type proofFile struct {
	Size   int64   `json:"size"`
	Root   string  `json:"root"`
	Proofs []proof `json:"proofs"`
}

type proof struct {
	Seq    int64    `json:"seq"`
	Hashes []string `json:"hashes"` // hex, from the leaf up
}

func (p proofFile) encode() ([]byte, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write the proofs: %w", err)
	}
	return append(b, '\n'), nil
}

func parseHashes(in []string) ([]Hash, error) {
	out := make([]Hash, len(in))
	for i, s := range in {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != len(out[i]) || hex.EncodeToString(b) != s {
			return nil, fmt.Errorf("%q is not a hash", s)
		}
		copy(out[i][:], b)
	}
	return out, nil
}
