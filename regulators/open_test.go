package regulators

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestOpenLaysTheTeamsFilesOver(t *testing.T) {
	plain, err := Open(nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	own, err := Open(layered(goodRule), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(own.Rules()) != len(plain.Rules())+1 || own.Version() == plain.Version() {
		t.Errorf("%d and %d rules, versions %s and %s", len(plain.Rules()), len(own.Rules()), plain.Version(), own.Version())
	}
	if plain.Version() != shippedPack(t).Version() {
		t.Error("Open and Load give one pack two versions")
	}
}

// A file in the wrong place must not be passed over in silence.
func TestOpenRefusesWhatItWouldNotRead(t *testing.T) {
	file := &fstest.MapFile{Data: []byte(goodRule)}
	for _, c := range []struct {
		name, path, wants string
	}{
		{"beside the folders", "xx.yaml", "xx.yaml"},
		{"with the other ending", "rules/xx.yml", "xx.yml"},
		{"in a folder of another name", "regeln/xx.yaml", "none of the parts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(fstest.MapFS{c.path: file}, Options{})
			if err == nil || !strings.Contains(err.Error(), c.wants) {
				t.Errorf("%v", err)
			}
		})
	}
}
