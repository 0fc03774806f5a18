//go:build !killpoints

package killpoint

import "testing"

// A release is built without the tag: no point ends it, whatever the environment says.
func TestNoPointEndsARelease(t *testing.T) {
	for _, p := range Points() {
		t.Setenv(Env, string(p)+":1")
		At(p)
		If(true, p)
	}
}

func TestEveryPointIsListedOnce(t *testing.T) {
	seen := map[Point]bool{}
	for _, p := range Points() {
		if seen[p] || p == "" {
			t.Errorf("%q is listed twice", p)
		}
		seen[p] = true
	}
}
