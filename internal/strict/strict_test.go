package strict

import (
	"strings"
	"testing"

	"tocsin/incidents"
)

func TestUnmarshal(t *testing.T) {
	type settings struct {
		Listen string `yaml:"listen"`
		Port   int    `yaml:"port"`
	}
	for _, tc := range []struct{ name, in, wants string }{
		{"a known key is read", "listen: localhost\nport: 80\n", ""},
		{"an empty file is fine", "", ""},
		{"comments alone are fine", "# listen: x\n\n  # port: 1\n", ""},
		{"an unknown key is refused with its line", "listen: a\nporrt: 1\n", "porrt"},
		{"a duplicate key is refused", "port: 1\nport: 2\n", "port"},
		{"a wrong type is refused", "port: many\n", "many"},
		{"a second document is refused", "port: 1\n---\nport: 2\n", "more than one"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := settings{Listen: "as it was", Port: 7}
			err := Unmarshal("tocsin.yaml", []byte(tc.in), &s)
			switch {
			case tc.wants == "" && err != nil:
				t.Fatal(err)
			case tc.wants == "":
				if kept := (settings{"as it was", 7}); (tc.in == "" || tc.in[0] == '#') && s != kept {
					t.Fatalf("a file that says nothing changed %+v", s)
				}
			case err == nil:
				t.Fatal("accepted")
			case !strings.Contains(err.Error(), tc.wants) || !strings.Contains(err.Error(), "tocsin.yaml"):
				t.Fatalf("error does not name file and cause: %v", err)
			case incidents.KindOf(err) != incidents.KindInvalid:
				t.Fatalf("kind %s", incidents.KindOf(err))
			}
		})
	}
}

// The library panics on some stray tags; that must be an error like any other.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{"listen: a\n", "port: !!int\n", "? !!", "!<x", "a: &b *b", "- !!map\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var v struct {
			Listen string         `yaml:"listen"`
			Any    map[string]any `yaml:"any"`
		}
		if err := Unmarshal("fuzz.yaml", []byte(s), &v); err != nil && incidents.KindOf(err) != incidents.KindInvalid {
			t.Fatalf("kind %s: %v", incidents.KindOf(err), err)
		}
	})
}
