package archtest

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// A ban is a name of a package that only the rooms or files in allowed may use.
type ban struct {
	pkg     string // import path
	names   string // separated by blanks; empty: the import itself
	allowed []string
	tests   bool // whether tests may
	why     string
}

var bans = []ban{
	{"time", "Now Since Until", []string{"cmd/tocsin", "internal/app/...", "internal/demo", "internal/standin", "bench/..."}, true, "clocks are passed in, so that deadlines can be tested"},
	{"tocsin/incidents", "Admit", []string{"internal/store"}, false, "an approved notice comes from the store, which knows the approvals: no path sends without"},
	{"net/http", "Get Head Post PostForm DefaultClient", nil, true, "they never time out and follow redirects"},
	{"html/template", "HTML HTMLAttr JS JSStr CSS URL Srcset", []string{
		"web/icons.go",              // icons are files of ours, embedded
		"web/pages_accounts.go",     // the picture of a second factor is drawn by us
		"regulators/report_html.go", // the sheet of a report is a file of ours, embedded
	}, false, "what is marked as safe is not escaped: a SIEM field must never get there"},
	{"math/rand", "", nil, true, "what can be guessed is no token; jitter may come from crypto/rand as well"},
	{"math/rand/v2", "", []string{"bench/mailsink"}, true, "what can be guessed is no token; jitter may come from crypto/rand as well"},
	{"log", "", []string{"bench/mailsink"}, false, "log/slog, with names for everything"},
	{"gopkg.in/yaml.v2", "", nil, false, "archived; internal/strict reads YAML"},
	{"gopkg.in/yaml.v3", "", nil, false, "archived; internal/strict reads YAML"},
	{"io/ioutil", "", nil, false, "deprecated"},
	{"unsafe", "", nil, false, "nothing here is worth it"},
}

func (b ban) binds(f file) bool {
	return !(f.test && b.tests) && !withinAny(f.pkg, b.allowed) && !withinAny(f.path, b.allowed)
}

func checkBans(files []file) (problems []string) {
	for _, f := range files {
		for _, b := range bans {
			name, imported := f.imports[b.pkg]
			switch {
			case !imported || !b.binds(f):
			case b.names == "":
				problems = append(problems, fmt.Sprintf("%s: imports %s: %s", f.path, b.pkg, b.why))
			case name == ".":
				problems = append(problems, fmt.Sprintf("%s: imports %s without its name, so its use cannot be seen", f.path, b.pkg))
			default:
				problems = append(problems, uses(f, name, b)...)
			}
		}
	}
	return problems
}

// uses finds each mention, not only calls: handing time.Now on is using it. A
// type of a banned name is found too.
func uses(f file, local string, b ban) (problems []string) {
	banned := strings.Fields(b.names)
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); !ok || x.Name != local {
			return true
		}
		for _, name := range banned {
			if sel.Sel.Name == name {
				problems = append(problems, fmt.Sprintf("%s: uses %s.%s: %s", f.at(sel.Pos()), b.pkg, name, b.why))
			}
		}
		return true
	})
	return problems
}

func TestWhatNobodyMayUse(t *testing.T) { report(t, checkBans(tree(t))) }

// checkAdmit sees to it that the domain itself hands out no approved notice by
// a way around: inside its package the name needs no selector.
func checkAdmit(files []file) (problems []string) {
	for _, f := range files {
		if f.pkg != "incidents" || f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "Admit" {
					problems = append(problems, f.at(n.Pos())+": calls Admit: only internal/store does")
				}
			case *ast.CompositeLit:
				if id, ok := n.Type.(*ast.Ident); ok && id.Name == "ApprovedNotice" && len(n.Elts) > 0 && f.path != "incidents/approval.go" {
					problems = append(problems, f.at(n.Pos())+": makes an approved notice without Admit")
				}
			}
			return true
		})
	}
	return problems
}

func TestOnlyTheStoreAdmits(t *testing.T) { report(t, checkAdmit(tree(t))) }

// leftovers are written apart so that this file does not find itself.
var leftovers = []string{"TO" + "DO", "FIX" + "ME"}

func checkLeftovers(files []file) (problems []string) {
	for _, f := range files {
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				for _, word := range leftovers {
					if containsWord(c.Text, word) {
						problems = append(problems, f.at(c.Pos())+": "+word+" belongs into an issue")
					}
				}
			}
		}
	}
	return problems
}

func containsWord(text, word string) bool {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r < 'A' || r > 'z' || r > 'Z' && r < 'a' }) {
		if w == word {
			return true
		}
	}
	return false
}

func TestNothingIsLeftForLater(t *testing.T) { report(t, checkLeftovers(tree(t))) }
