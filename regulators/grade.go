package regulators

import (
	"fmt"
	"slices"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// A gradeScheme is one file of severity/ with Chinese grades: those of the
// incident reporting measures, or those of the plan for industry, and the
// figures that reach each.
type gradeScheme struct {
	Title      string       `yaml:"title"`
	Effective  string       `yaml:"effective"`
	Sources    []string     `yaml:"sources"`
	Checked    string       `yaml:"checked"`
	Confidence string       `yaml:"confidence"`
	Note       string       `yaml:"note"`
	Fact       string       `yaml:"fact"`   // choice fact by which the team grades
	Grades     []gradeBound `yaml:"grades"` // from lowest to highest
}

// A gradeBound is what reaches a grade; any one test is enough, and each bound
// includes the number itself. 0: no such test.
type gradeBound struct {
	Key              string   `yaml:"key"`
	Persons          int64    `yaml:"persons"`
	SensitivePersons int64    `yaml:"sensitive-persons"`
	LossCNY          int64    `yaml:"loss-cny"`
	OutageMinutes    int64    `yaml:"cii-outage-minutes"`     // of critical information infrastructure
	TelecomMinutes   int64    `yaml:"telecom-outage-minutes"` // of a telecommunications network
	OtherTests       []string `yaml:"other-tests"`
	Confidence       string   `yaml:"confidence"`
}

// A Grade is the grade of an incident under a Chinese scheme and why.
// Unknown lists the facts that are needed for a certain answer; Name is then
// the grade the known figures reach.
type Grade struct {
	Name    string
	Reasons []string
	Unknown []string
}

func (b *builder) loadGrades() {
	b.pack.china = b.gradeScheme("severity/cn_cac_2025.yaml")
	b.pack.industry = b.gradeScheme("severity/cn_miit_2024.yaml")
}

func (b *builder) gradeScheme(name string) *gradeScheme {
	s := &gradeScheme{}
	if err := strict.Unmarshal(name, b.files[name], s); err != nil {
		b.broken(name, err)
	} else if len(s.Grades) == 0 {
		b.problem(name, "", "", "the scheme has no grades")
	} else if d, ok := incidents.FactByKey(s.Fact); !ok || d.Type != incidents.FactChoice {
		b.problem(name, "", "fact:", "%q is no choice fact of the catalogue", s.Fact)
	}
	return s
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
		if n, ok := f.Count("sensitive_persons"); ok && g.SensitivePersons > 0 && n >= g.SensitivePersons {
			raise(i, "sensitive data of %s people, the bound is %s", thousands(n), thousands(g.SensitivePersons))
		}
		if n, ok := f.Count("direct_economic_loss_cny"); ok && g.LossCNY > 0 && n >= g.LossCNY {
			raise(i, "direct loss of %s yuan, the bound is %s", thousands(n), thousands(g.LossCNY))
		}
		if n, ok := ciiOutage(f); ok && g.OutageMinutes > 0 && n >= g.OutageMinutes {
			raise(i, "critical infrastructure down for %d minutes, the bound is %d", n, g.OutageMinutes)
		}
		if n, ok := telecomOutage(f); ok && g.TelecomMinutes > 0 && n >= g.TelecomMinutes {
			raise(i, "telecommunications down for %d minutes, the bound is %d", n, g.TelecomMinutes)
		}
	}
	chosen, known := f.Text(s.Fact)
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
	out := []string{s.Fact}
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

func telecomOutage(f incidents.Facts) (int64, bool) {
	sectors, _ := f.List("sectors")
	n, ok := f.Count("service_outage_minutes")
	return n, ok && slices.Contains(sectors, "telecom")
}
