package letter

import (
	"os"
	"path/filepath"
	"testing"

	"tocsin/incidents"
)

// TestLook writes sample letters into the folder named by LETTER_LOOK, for
// somebody to look at; without it, it only makes them.
func TestLook(t *testing.T) {
	dir := os.Getenv("LETTER_LOOK")
	for _, w := range []Window{DIN5008B, US10} {
		p := printer(t, form(w))
		for _, lang := range []incidents.Lang{"en", "de", "zh-Hans"} {
			for _, drill := range []bool{false, true} {
				b, err := p.PDF(sample(t, lang, drill))
				if err != nil {
					t.Fatalf("%s %s: %v", w, lang, err)
				}
				name := string(w) + "-" + string(lang)
				if drill {
					name += "-drill"
				}
				if dir == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, name+".pdf"), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
