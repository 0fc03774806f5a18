package regulators

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"tocsin/incidents"
)

// shippedOnce loads the shipped pack once for the process: it never changes.
var shippedOnce = sync.OnceValues(func() (*Pack, error) { return Load(Options{}, Shipped()) })

// Open loads the shipped pack with the team's own files laid over it; nil lays
// nothing. The team's folder has the same parts as the pack: rules, calendars,
// authorities, severity, vocabulary.
func Open(own fs.FS, options Options) (*Pack, error) { return OpenOn(nil, own, options) }

// OpenOn is Open upon another whole pack than the shipped one, which nil is.
func OpenOn(base, own fs.FS, options Options) (*Pack, error) {
	if base == nil && own == nil {
		p, err := shippedOnce()
		if err != nil {
			return nil, err
		}
		with := *p
		with.options = options
		return &with, nil
	}
	if base == nil {
		base = Shipped()
	}
	if own == nil {
		return Load(options, base)
	}
	if err := checkLayout(own); err != nil {
		return nil, err
	}
	return Load(options, base, own)
}

// checkLayout refuses a folder whose files would be passed over in silence.
func checkLayout(own fs.FS) error {
	entries, err := fs.ReadDir(own, ".")
	if err != nil {
		return incidents.Invalid("the folder of rules cannot be read: %s", err).On("rules-dir")
	}
	parts := 0
	for _, e := range entries {
		switch ext := path.Ext(e.Name()); {
		case e.IsDir() && slices.Contains(folders, e.Name()):
			parts++
		case ext == ".yaml" || ext == ".yml":
			return incidents.Invalid("%s lies beside the parts of the pack and would not be read", e.Name()).On("rules-dir").
				WithHint("put it into one of %s", strings.Join(folders, ", "))
		}
	}
	if parts == 0 {
		return incidents.Invalid("the folder of rules has none of the parts %s", strings.Join(folders, ", ")).On("rules-dir")
	}
	return nil
}
