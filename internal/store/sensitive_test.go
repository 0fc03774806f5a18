package store

import (
	"testing"

	"tocsin/incidents"
)

// What the list names for anybody the filter chooses counts, an excluded person
// too; who was erased does not, nor anybody elsewhere.
func TestNamesSensitive(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		asked := func(f incidents.PersonFilter) (named bool) {
			t.Helper()
			w.ok(w.s.read(always, func(q *tx) (err error) { named, err = q.NamesSensitive(w.in.ID, f); return err }))
			return named
		}
		everybody := incidents.PersonFilter{}
		if asked(everybody) {
			t.Error("no list names sensitive data")
		}
		people := candidates(4)
		people[1].Flags, people[1].Place = incidents.FlagMinor, "DE"
		people[2].Flags, people[2].Place, people[2].Lang = incidents.FlagSensitive|incidents.FlagMinor, "US-CA", "es"
		w.list("im1", people, 1000)
		for _, c := range []struct {
			name   string
			filter incidents.PersonFilter
			want   bool
		}{
			{"everybody", everybody, true},
			{"the person's country", incidents.PersonFilter{Places: []incidents.Place{"US"}}, true},
			{"the person's language", incidents.PersonFilter{Langs: []incidents.Lang{"es"}}, true},
			{"another country", incidents.PersonFilter{Places: []incidents.Place{"DE"}}, false},
			{"the country, in another language", incidents.PersonFilter{Places: []incidents.Place{"US"}, Langs: []incidents.Lang{"en"}}, false},
		} {
			if got := asked(c.filter); got != c.want {
				t.Errorf("%s: %v", c.name, got)
			}
		}
		who := incidents.NewPersonID(w.in.ID, 3)
		w.write(func(q *tx) error { return q.SetExcluded(who, "safety", "a shelter") })
		if !asked(everybody) {
			t.Error("an excluded person, who can be taken back in, does not count")
		}
		w.ok(w.s.ErasePerson(always, who))
		if asked(everybody) {
			t.Error("somebody erased counts")
		}
	})
}
