package templates

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"tocsin/incidents"
)

// Overlay lays files of our own over the built-in ones: what is in own under
// the same name, in layouts or words, stands in for it, a words file of another
// language adds it, and the rest stays. A file that stands in for nothing is refused.
// nil: there are none of our own.
func Overlay(own fs.FS) (fs.FS, error) {
	if own == nil {
		return nil, nil
	}
	found := 0
	for _, dir := range []string{"layouts", "words"} {
		entries, err := fs.ReadDir(own, dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, incidents.Invalid("the folder %s of words cannot be read", dir)
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if _, err := fs.Stat(embedded, name); err != nil && !(dir == "words" && path.Ext(name) == ".yaml") {
				return nil, incidents.Invalid("%s stands in for nothing", name).WithHint("there are %s", strings.Join(builtIn(dir), ", "))
			}
			found++
		}
	}
	if found == 0 {
		return nil, incidents.Invalid("the folder of layouts and words has neither").WithHint("put files into its folders layouts and words, named as those they stand in for")
	}
	return overlaid{own}, nil
}

func builtIn(dir string) (names []string) {
	entries, _ := fs.ReadDir(embedded, dir) // it is part of the program
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// overlaid is the built-in files with others over them.
type overlaid struct{ own fs.FS }

func (o overlaid) Open(name string) (fs.File, error) {
	f, err := o.own.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return embedded.Open(name)
	}
	return f, err
}

// ReadDir lists both, each name once.
func (o overlaid) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := embedded.ReadDir(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	own, err := fs.ReadDir(o.own, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	own = slices.DeleteFunc(own, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
	all = append(own, slices.DeleteFunc(all, func(e fs.DirEntry) bool {
		return slices.ContainsFunc(own, func(x fs.DirEntry) bool { return x.Name() == e.Name() })
	})...)
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}
