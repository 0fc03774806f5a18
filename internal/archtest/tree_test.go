package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "tocsin"

// A file is one Go file of the module.
type file struct {
	path    string // from the root of the module, with slashes
	pkg     string // its folder: "incidents", "internal/bus"
	test    bool
	imports map[string]string // import path → the name it has in this file
	ast     *ast.File
	fset    *token.FileSet
}

func (f file) at(p token.Pos) string { return fmt.Sprintf("%s:%d", f.path, f.fset.Position(p).Line) }

// parse reads one file; src may be nil to read it from disk at root/name.
func parse(root, name string, src any) (file, error) {
	fset := token.NewFileSet()
	a, err := parser.ParseFile(fset, filepath.Join(root, filepath.FromSlash(name)), src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	f := file{path: name, pkg: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), imports: map[string]string{}, ast: a, fset: fset}
	for _, i := range a.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return file{}, err
		}
		f.imports[p] = localName(p, i.Name)
	}
	return f, nil
}

// localName is what a package is called in a file. A last element that is a
// version is passed over; nothing checked here is named otherwise.
func localName(p string, named *ast.Ident) string {
	if named != nil {
		return named.Name
	}
	base := path.Base(p)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(p))
	}
	return base
}

// tree reads all Go files of the module.
func tree(t *testing.T) []file {
	t.Helper()
	root := moduleRoot(t)
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipFolder(root, p, d.Name())
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f, err := parse(root, filepath.ToSlash(rel), nil)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go files found")
	}
	return files
}

// skipFolder passes over what the go command passes over, and the top folders
// that hold no source of ours. A nested module is not ours to judge.
func skipFolder(root, p, name string) error {
	if p == root {
		return nil
	}
	if name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	if filepath.Dir(p) == root && slices.Contains([]string{"bin", "data", "tmp"}, name) {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working folder")
		}
	}
}

// within tells whether pkg is folder or below it. A folder that ends in a
// slash and dots, "web/...", means both; without them it means itself alone.
func within(pkg, folder string) bool {
	if root, ok := strings.CutSuffix(folder, "/..."); ok {
		return pkg == root || strings.HasPrefix(pkg, root+"/")
	}
	return pkg == folder
}

func withinAny(pkg string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(pkg, f) })
}

// report names each problem on its own line, sorted, so that two runs read the same.
func report(t *testing.T, problems []string) {
	t.Helper()
	slices.Sort(problems)
	for _, p := range slices.Compact(problems) {
		t.Error(p)
	}
}
