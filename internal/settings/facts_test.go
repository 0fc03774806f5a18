package settings

import (
	"reflect"
	"strings"
	"testing"
)

func TestWhatIsTrueOfTheOrganisation(t *testing.T) {
	for name, c := range map[string]struct{ facts, wants string }{
		"good":                {"{establishments: [EEA, UK], regimes: [none], nydfs_covered: false}", ""},
		"a fact nobody knows": {"{establishment: [EEA]}", `there is no fact "establishment"`},
		"of an incident":      {"{encrypted: true}", "encrypted tells of an incident"},
		"a time":              {"{sec_material_at: 2026-11-20T09:00:00Z}", "sec_material_at tells of an incident"},
		"a wrong value":       {"{regimes: [law]}", "regimes wants values out of"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Load(write(t, "tocsin.yaml", "organisation:\n  name: Example Ltd\n  facts: "+c.facts+"\n"), noEnv)
			if c.wants != "" {
				if err == nil || !strings.Contains(err.Error(), c.wants) {
					t.Fatalf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Organisation.Known()
			if want := map[string]any{"establishments": []string{"EEA", "UK"}, "regimes": []string{"none"}, "nydfs_covered": false}; err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v %v", got, err)
			}
		})
	}
}
