package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"tocsin/incidents"
)

// A Checkpoint says how long a log was and what its root was.
type Checkpoint struct {
	Origin string // names the log; the name of the key that signs it
	Size   int64
	Root   Hash
}

func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// A Signer signs checkpoints and manifests with one Ed25519 key.
type Signer struct {
	name string
	vkey string
	sign note.Signer
}

// NewSigner returns the signer of a name ("audit.example.org") and a seed of
// 32 secret bytes. Equal seeds give equal keys.
func NewSigner(name string, seed []byte) (*Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, incidents.Invalid("the seed of the signing key has %d bytes instead of %d", len(seed), ed25519.SeedSize)
	}
	pub := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(name, pub)
	if err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	if _, err := note.NewVerifier(vkey); err != nil || strings.ContainsAny(name, "+ \n") {
		return nil, incidents.Invalid("%q cannot name a signing key: no spaces and no plus sign", name)
	}
	s, err := note.NewSigner(secretText(name, vkey, seed))
	if err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	return &Signer{name, vkey, s}, nil
}

const secretPrefix = "PRIVATE+KEY+"

// secretText is a signing key the way the note package writes it.
func secretText(name, vkey string, seed []byte) string {
	id := strings.TrimPrefix(vkey, name+"+")[:8]
	return secretPrefix + name + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)) // 1: Ed25519
}

// NewSecret makes a new signing key of a name. The text is secret; whoever has
// it signs as that name.
func NewSecret(name string) (secret string, s *Signer, err error) {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails
	if s, err = NewSigner(name, seed); err != nil {
		return "", nil, err
	}
	return secretText(name, s.vkey, seed), s, nil
}

// ReadSecret is the signer of a text NewSecret made.
func ReadSecret(secret string) (*Signer, error) {
	name, key, ok := strings.Cut(strings.TrimPrefix(secret, secretPrefix), "+")
	_, text, _ := strings.Cut(key, "+")
	b, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(b) != 1+ed25519.SeedSize {
		return nil, notASecret()
	}
	s, err := NewSigner(name, b[1:])
	if err != nil || secretText(name, s.vkey, b[1:]) != secret {
		return nil, notASecret()
	}
	return s, nil
}

func notASecret() error { return incidents.Invalid("this is not a signing key, or a damaged one") }

// CheckKey refuses what is no public key, and never repeats it: it may be the
// secret one.
func CheckKey(verifierKey string) error {
	if strings.HasPrefix(verifierKey, secretPrefix) {
		return incidents.Invalid("this is the secret signing key, not the public one").WithHint("whoever saw it can sign: make a new one")
	}
	if _, err := note.NewVerifier(verifierKey); err != nil {
		return incidents.Invalid("this is not a public key").WithHint("it looks like name+1a2b3c4d+base64")
	}
	return nil
}

// Name is the name of the key, and the origin of its checkpoints.
func (s *Signer) Name() string { return s.name }

// VerifierKey is the public key as text, to be published: name+hash+key.
func (s *Signer) VerifierKey() string { return s.vkey }

// Sign returns a signed checkpoint, a text to publish. An empty origin becomes
// the signer's name.
func (s *Signer) Sign(c Checkpoint) ([]byte, error) {
	if c.Origin == "" {
		c.Origin = s.name
	}
	if c.Origin != s.name || c.Size < 0 {
		return nil, incidents.Invalid("a checkpoint of %q at %d cannot be signed as %q", c.Origin, c.Size, s.name)
	}
	return s.signText(c.text())
}

func (s *Signer) signText(text string) ([]byte, error) {
	b, err := note.Sign(&note.Note{Text: text}, s.sign)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return b, nil
}

// Open verifies a signed checkpoint. Further signatures, of witnesses, may
// follow ours.
func Open(signed []byte, verifierKey string) (Checkpoint, error) {
	n, v, err := openNote(signed, verifierKey)
	if err != nil {
		return Checkpoint{}, err
	}
	return parseCheckpoint(n.Text, v.Name())
}

func parseCheckpoint(text, origin string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		return Checkpoint{}, incidents.Invalid("not a checkpoint of %s", origin)
	}
	c := Checkpoint{Origin: lines[0]}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(c.Root) {
		return Checkpoint{}, incidents.Invalid("the checkpoint has no readable root")
	}
	copy(c.Root[:], root)
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.text() != text {
		return Checkpoint{}, incidents.Invalid("the checkpoint has no readable size or root")
	}
	return c, nil
}

func openNote(signed []byte, verifierKey string) (*note.Note, note.Verifier, error) {
	v, err := note.NewVerifier(strings.TrimSpace(verifierKey))
	if err != nil {
		return nil, nil, incidents.Invalid("the verifier key is not readable").
			WithHint("it looks like name+1a2b3c4d+base64")
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return nil, nil, incidents.Invalid("the signature does not verify with the key %s", v.Name())
	}
	return n, v, nil
}

// openExact also refuses every other way to write the same signed text.
func openExact(signed []byte, verifierKey string) (string, error) {
	n, v, err := openNote(signed, verifierKey)
	if err != nil {
		return "", err
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return "", incidents.Invalid("there are other signatures than the one of %s", v.Name())
	}
	raw, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil || n.Text+"\n— "+v.Name()+" "+base64.StdEncoding.EncodeToString(raw)+"\n" != string(signed) {
		return "", incidents.Invalid("the signature is not written in the one allowed way")
	}
	return n.Text, nil
}
