package regulators

import (
	"path"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// An Authority is one supervisory authority of a directory.
type Authority struct {
	Place      incidents.Place  `yaml:"place"`
	Country    string           `yaml:"country"`
	Name       string           `yaml:"name"`
	Portal     string           `yaml:"portal"`
	Email      string           `yaml:"email"`
	Phone      string           `yaml:"phone"`
	Languages  []incidents.Lang `yaml:"languages"`
	Confidence string           `yaml:"confidence"`
	Note       string           `yaml:"note"`
	Directory  string           `yaml:"-"`
	Checked    string           `yaml:"-"`
}

// A directory is one file of authorities/.
type directory struct {
	Title   string      `yaml:"title"`
	Checked string      `yaml:"checked"`
	Sources []string    `yaml:"sources"`
	Note    string      `yaml:"note"`
	Entries []Authority `yaml:"entries"`
}

func (b *builder) loadAuthorities() {
	b.pack.authorities = map[string]directory{}
	for _, name := range b.files.in("authorities") {
		var d directory
		if err := strict.Unmarshal(name, b.files[name], &d); err != nil {
			b.broken(name, err)
			continue
		}
		key := strings.TrimSuffix(path.Base(name), ".yaml")
		for i, a := range d.Entries {
			if !incidents.ValidPlace(a.Place) || a.Name == "" {
				b.problem(name, string(a.Place), "", "an authority needs a place (ISO 3166 code) and a name")
			}
			d.Entries[i].Directory, d.Entries[i].Checked = key, d.Checked
		}
		b.pack.authorities[key] = d
	}
}

// AuthorityOf finds the authority of a place in a directory ("data-protection").
func (p *Pack) AuthorityOf(dir string, place incidents.Place) (Authority, bool) {
	place = p.places.canon(place)
	for _, a := range p.authorities[dir].Entries {
		if a.Place == place {
			return a, true
		}
	}
	return Authority{}, false
}
