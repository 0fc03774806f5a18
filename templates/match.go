package templates

import (
	"maps"
	"slices"
	"sync"

	"golang.org/x/text/language"

	"tocsin/incidents"
)

func parseTag(l incidents.Lang) (language.Tag, error) { return language.Parse(string(l)) }

// A matcher finds the language to use for a person among those there are. It is
// stricter than BCP 47 lookup: another script is never a match.
type matcher struct {
	langs    []incidents.Lang
	tags     []language.Tag
	alsoFor  map[string]incidents.Lang
	fallback incidents.Lang

	mu   sync.Mutex
	seen map[incidents.Lang]incidents.Lang // guarded by mu, at most seenLimit
}

const seenLimit = 256

func newMatcher(langs []incidents.Lang, alsoFor map[string]incidents.Lang, fallback incidents.Lang) (*matcher, error) {
	m := &matcher{alsoFor: alsoFor, fallback: fallback, seen: map[incidents.Lang]incidents.Lang{}}
	for _, l := range slices.Sorted(slices.Values(langs)) {
		tag, err := parseTag(l)
		if err != nil {
			return nil, incidents.Invalid("%q is not a BCP 47 language tag", l).On("langs")
		}
		m.langs, m.tags = append(m.langs, l), append(m.tags, tag)
	}
	return m, nil
}

// match returns the best language for want, or the fallback.
func (m *matcher) match(want incidents.Lang) incidents.Lang {
	if slices.Contains(m.langs, want) {
		return want
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if got, ok := m.seen[want]; ok {
		return got
	}
	got := m.find(want)
	if len(m.seen) < seenLimit {
		m.seen[want] = got
	}
	return got
}

func (m *matcher) find(want incidents.Lang) incidents.Lang {
	tag, err := parseTag(want)
	if err != nil {
		return m.fallback
	}
	script, _ := tag.Script()
	var langs []incidents.Lang
	var tags []language.Tag
	for i, t := range m.tags {
		if s, _ := t.Script(); s == script {
			langs, tags = append(langs, m.langs[i]), append(tags, t)
		}
	}
	if len(tags) > 0 {
		if _, i, conf := language.NewMatcher(tags).Match(tag); conf >= language.High {
			return langs[i]
		}
	}
	for t := tag; t != language.Und; t = t.Parent() {
		if l, ok := m.alsoFor[t.String()]; ok && slices.Contains(m.langs, l) {
			return l
		}
	}
	return m.fallback
}

// declared gathers the also_for entries of all words files.
func declared(lexicons map[incidents.Lang]*lexicon) map[string]incidents.Lang {
	out := map[string]incidents.Lang{}
	for _, l := range slices.Sorted(maps.Keys(lexicons)) {
		for _, s := range lexicons[l].AlsoFor {
			if tag, err := language.Parse(s); err == nil {
				out[tag.String()] = l
			}
		}
	}
	return out
}
