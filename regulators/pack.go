package regulators

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// Options are the team's own targets for duties whose law gives words only,
// such as "without undue delay". Zero: no target.
type Options struct {
	IndividualsTarget time.Duration // individuals, public, media
	RegulatorTarget   time.Duration // regulators, agencies, police, customers
}

// A Pack is the law, loaded and checked. It is safe for concurrent use and
// never changes.
type Pack struct {
	options     Options
	version     string
	number      string // the version without the hash
	changelog   []Release
	rules       []*rule // every rule comes after those it leans on
	byID        map[string]*rule
	places      placeBook
	calendars   map[string]*calendar
	authorities map[string]directory
	content     map[string]contentKey
	enisa       *enisaMethod
	china       *gradeScheme
	industry    *gradeScheme // of the Chinese plan for industry
}

// packFile is vocabulary/pack.yaml.
type packFile struct {
	Version string `yaml:"version"`
	Title   string `yaml:"title"`
	Note    string `yaml:"note"`
}

// Load reads a pack out of layers, a later one replacing files of an earlier
// one; without a layer it is the shipped pack. A broken file is an error that
// names file, line and reason.
func Load(options Options, layers ...fs.FS) (*Pack, error) {
	if len(layers) == 0 {
		layers = []fs.FS{Shipped()}
	}
	files, err := readLayers(layers)
	if err != nil {
		return nil, err
	}
	b := newBuilder(options, files)
	b.build()
	if err := failure("rule pack is", b.parse, b.problems); err != nil {
		return nil, err
	}
	return b.pack, nil
}

// Format is the number of the form of rule packs this program reads. It is
// raised when a pack may say what an older program would not understand.
const Format = 1

// Version names the pack: its own version and a hash over its files.
func (p *Pack) Version() string { return p.version }

func (b *builder) loadVersion() {
	var f packFile
	const name = "vocabulary/pack.yaml"
	if err := strict.Unmarshal(name, b.files[name], &f); err != nil {
		b.broken(name, err)
		return
	}
	switch {
	case f.Version == "":
		b.problem(name, "", "", "the pack has no version")
	case strings.ContainsAny(f.Version, "+ \t\n"):
		b.problem(name, "", "version", "a version has no blank and no plus sign: %q", f.Version)
	}
	b.pack.number, b.pack.changelog = f.Version, parseChangelog(b.files[changelogName])
	h := sha256.New()
	for _, n := range slices.Sorted(maps.Keys(b.files)) {
		sum := sha256.Sum256(b.files[n])
		h.Write([]byte(n + "\x00" + hex.EncodeToString(sum[:]) + "\n"))
	}
	b.pack.version = f.Version + "+" + hex.EncodeToString(h.Sum(nil))[:12]
}

var _ incidents.Rules = (*Pack)(nil)
