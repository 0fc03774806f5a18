package regulators

import (
	"fmt"
	"slices"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// A gradeScheme is severity/cn_cac_2025.yaml: the grades of the Chinese
// incident reporting measures and the figures that reach each.
type gradeScheme struct {
	Title      string       `yaml:"title"`
	Effective  string       `yaml:"effective"`
	Sources    []string     `yaml:"sources"`
	Checked    string       `yaml:"checked"`
	Confidence string       `yaml:"confidence"`
	Note       string       `yaml:"note"`
	Grades     []gradeBound `yaml:"grades"` // from lowest to highest
}

// A gradeBound is what reaches a grade; any one test is enough, and each bound
// includes the number itself. 0: no such test.
type gradeBound struct {
	Key           string   `yaml:"key"`
	Persons       int64    `yaml:"persons"`
	LossCNY       int64    `yaml:"loss-cny"`
	OutageMinutes int64    `yaml:"cii-outage-minutes"` // of critical information infrastructure
	OtherTests    []string `yaml:"other-tests"`
	Confidence    string   `yaml:"confidence"`
}

// A Grade is the grade of an incident under the Chinese measures and why.
// Unknown lists the facts that are needed for a certain answer; Name is then
// the grade the known figures reach.
type Grade struct {
	Name    string
	Reasons []string
	Unknown []string
}

func (b *builder) loadGrades() {
	const name = "severity/cn_cac_2025.yaml"
	b.pack.china = &gradeScheme{}
	if err := strict.Unmarshal(name, b.files[name], b.pack.china); err != nil {
		b.broken(name, err)
	} else if len(b.pack.china.Grades) == 0 {
		b.problem(name, "", "", "the scheme has no grades")
	}
}

// ChinaGrade works out the grade under the CAC reporting measures of 2025.
func (p *Pack) ChinaGrade(f incidents.Facts) Grade { return p.china.grade(f) }

// grade takes the highest grade any figure reaches. Figures can raise a grade
// but never clear one: below them a person has to choose, for the qualitative tests.
func (s *gradeScheme) grade(f incidents.Facts) Grade {
	best, reasons := 0, []string(nil)
	raise := func(i int, format string, args ...any) {
		if i > best {
			best, reasons = i, nil
		}
		if i == best && i > 0 {
			reasons = append(reasons, fmt.Sprintf(format, args...))
		}
	}
	for i, g := range s.Grades {
		if n, ok := countPersons(f); ok && g.Persons > 0 && n >= g.Persons {
			raise(i, "%s people affected, the bound is %s", thousands(n), thousands(g.Persons))
		}
		if n, ok := f.Count("direct_economic_loss_cny"); ok && g.LossCNY > 0 && n >= g.LossCNY {
			raise(i, "direct loss of %s yuan, the bound is %s", thousands(n), thousands(g.LossCNY))
		}
		if n, ok := ciiOutage(f); ok && g.OutageMinutes > 0 && n >= g.OutageMinutes {
			raise(i, "critical infrastructure down for %d minutes, the bound is %d", n, g.OutageMinutes)
		}
	}
	chosen, known := f.Text("cn_grade")
	if i := s.index(chosen); known && i >= best {
		best, reasons = i, append(reasons, "chosen by the team")
	}
	out := Grade{Reasons: reasons}
	if len(s.Grades) > 0 {
		out.Name = s.Grades[best].Key
	}
	if !known && best == 0 {
		out.Unknown = s.unknown(f)
	}
	return out
}

func (s *gradeScheme) index(key string) int {
	return slices.IndexFunc(s.Grades, func(g gradeBound) bool { return g.Key == key })
}

// unknown lists what could still raise the grade; the choice itself always can.
func (s *gradeScheme) unknown(f incidents.Facts) []string {
	out := []string{"cn_grade"}
	if _, ok := countPersons(f); !ok {
		out = append(out, "persons_total")
	}
	return out
}

func ciiOutage(f incidents.Facts) (int64, bool) {
	cii, _ := f.Bool("critical_infrastructure")
	n, ok := f.Count("service_outage_minutes")
	return n, ok && cii
}
