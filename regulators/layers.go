package regulators

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"tocsin/incidents"
)

// folders are the parts of a pack.
var folders = []string{"rules", "calendars", "severity", "vocabulary", "authorities"}

// Folders are the parts of a pack; a whole one has them all.
func Folders() []string { return slices.Clone(folders) }

// A fileSet is every file of a pack by path; a later layer replaces a file of
// the same path.
type fileSet map[string][]byte

func readLayers(layers []fs.FS) (fileSet, error) {
	files := fileSet{}
	for _, layer := range layers {
		for _, dir := range folders {
			if err := files.readDir(layer, dir); err != nil {
				return nil, err
			}
		}
		switch b, err := fs.ReadFile(layer, changelogName); {
		case err == nil:
			files[changelogName] = b
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return files, nil
}

// Files are all files a pack is read from, by path: its folders and its
// changelog. A later layer replaces files of an earlier one.
func Files(layers ...fs.FS) (map[string][]byte, error) { return readLayers(layers) }

func (s fileSet) readDir(layer fs.FS, dir string) error {
	entries, err := fs.ReadDir(layer, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if path.Ext(e.Name()) == ".yml" {
			return incidents.Invalid("%s/%s would not be read", dir, e.Name()).WithHint("call it .yaml")
		}
		if e.IsDir() || path.Ext(e.Name()) != ".yaml" {
			continue
		}
		name := path.Join(dir, e.Name())
		if s[name], err = fs.ReadFile(layer, name); err != nil {
			return err
		}
	}
	return nil
}

// in lists the files of one folder, sorted.
func (s fileSet) in(dir string) []string {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(s)) {
		if strings.HasPrefix(n, dir+"/") {
			names = append(names, n)
		}
	}
	return names
}
