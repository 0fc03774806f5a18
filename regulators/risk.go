package regulators

import (
	"maps"
	"slices"
	"strings"

	"tocsin/incidents"
)

// Risk says for each group of the affected people what the incident can mean
// for them. It is a pure function of the facts and of how many people of which
// kind are on the list; without a list it says what the facts alone say. Each
// group is scored by the ENISA method with its own data.
func (p *Pack) Risk(f incidents.Facts, list map[incidents.PersonKind]int64) incidents.RiskStatement {
	b := newRiskBook(p.enisa, f, list)
	out := incidents.RiskStatement{Persons: b.total, Unnamed: b.unnamed, Groups: []incidents.RiskGroup{}}
	if untouched(f) {
		out.Notes = []string{"No personal data was disclosed, altered or made unavailable."}
		return out
	}
	for _, g := range b.groups() {
		out.Groups = append(out.Groups, g.Bound())
	}
	out.Notes = b.notes()
	return out
}

// untouched tells that it is known that nothing happened to personal data.
func untouched(f incidents.Facts) bool {
	for _, key := range []string{"confidentiality", "integrity", "availability"} {
		if broken, known := f.Bool(key); broken || !known {
			return false
		}
	}
	return true
}

// A riskBook counts people by group.
type riskBook struct {
	method  *enisaMethod
	facts   incidents.Facts
	named   []string // categories the facts name, by themselves or by an item
	listed  []string // categories the list names for somebody
	members map[string]*riskMembers
	total   int64 // affected in all
	sized   bool  // that is known
	unnamed int64 // in no group yet
}

// riskMembers are the people of the list in one group.
type riskMembers struct {
	persons int64
	bare    int64 // of them the list names no data for
	data    map[string]int64
}

func newRiskBook(m *enisaMethod, f incidents.Facts, list map[incidents.PersonKind]int64) *riskBook {
	b := &riskBook{method: m, facts: f, named: categoriesOf(f), members: map[string]*riskMembers{}}
	b.total, b.sized = countPersons(f)
	var onList, placed int64
	for kind, n := range list {
		onList += n
		data := kind.Data()
		b.listed = append(b.listed, data...)
		key := groupOf(kind, data)
		if key == "" {
			continue
		}
		placed += n
		b.add(key, n, data)
	}
	b.listed = sorted(b.listed)
	if onList > 0 {
		b.total, b.sized = max(b.total, onList), true
	}
	if n, said := b.sensitive(); said && n > 0 {
		if b.sized {
			n = min(n, max(b.total-placed, 0))
		}
		placed += n
		b.add("sensitive", n, nil)
	}
	b.unnamed = max(b.total-placed, 0)
	b.settle()
	return b
}

func (b *riskBook) add(key string, n int64, data []string) {
	if n == 0 {
		return
	}
	g := b.members[key]
	if g == nil {
		g = &riskMembers{data: map[string]int64{}}
		b.members[key] = g
	}
	g.persons += n
	if len(data) == 0 {
		g.bare += n
	}
	for _, c := range data {
		g.data[c] += n
	}
}

// settle puts everybody of whom nothing is known into the only group they can
// be of.
func (b *riskBook) settle() {
	var open []string
	for _, c := range riskClasses {
		if b.possible(c) {
			open = append(open, c.key)
		}
	}
	if len(open) == 1 && b.unnamed > 0 {
		b.add(open[0], b.unnamed, nil)
		b.unnamed = 0
	}
}

// possible tells whether somebody of whom nothing is known can be of a class.
func (b *riskBook) possible(c riskClass) bool {
	if _, said := b.sensitive(); said && c.key == "sensitive" {
		return false // they are counted
	}
	return meet(c.data, b.named) || meet(c.data, b.listed)
}

// sensitive is how many people the facts say have sensitive data touched, while
// no list says it. Where the facts name no such data, other data is meant.
func (b *riskBook) sensitive() (n int64, said bool) {
	n, known := b.facts.Count("sensitive_persons")
	return n, known && len(b.listed) == 0 && meet(riskClasses[0].data, b.named)
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// groupOf is the group of a person on the list; "" when nothing is said of them.
func groupOf(kind incidents.PersonKind, data []string) string {
	for _, c := range riskCircles {
		if kind&c.kind != 0 {
			return c.key
		}
	}
	for _, c := range riskClasses {
		if meet(c.data, data) {
			return c.key
		}
	}
	return ""
}

// categoriesOf are the categories the facts name, by themselves or by an item.
func categoriesOf(f incidents.Facts) []string {
	out, _ := f.List("data_categories")
	out = slices.Clone(out)
	items, _ := f.List("data_items")
	for _, item := range items {
		out = append(out, incidents.CategoryOf(item))
	}
	return sorted(out)
}

// groups are all groups with somebody in them, or perhaps somebody.
func (b *riskBook) groups() (out []incidents.RiskGroup) {
	var circled int64
	for _, c := range riskCircles {
		if m := b.members[c.key]; m != nil {
			circled += m.persons
		}
	}
	for _, c := range riskCircles {
		switch m := b.members[c.key]; {
		case m != nil:
			out = append(out, b.group(c.key, c.name, &c, m.persons, 0, false))
		case b.saidOf(c.key):
			out = append(out, b.group(c.key, c.name, &c, 0, max(b.total-circled, 0), true))
		}
	}
	if b.saidOf(vulnerableCircle.key) {
		out = append(out, b.group(vulnerableCircle.key, vulnerableCircle.name, &vulnerableCircle, 0, b.total, true))
	}
	for _, c := range riskClasses {
		persons, others := int64(0), int64(0)
		if m := b.members[c.key]; m != nil {
			persons = m.persons
		}
		if b.possible(c) {
			others = b.unnamed
		}
		if persons > 0 || others > 0 || !b.sized && b.possible(c) {
			out = append(out, b.group(c.key, c.name, nil, persons, others, false))
		}
	}
	return out
}

// saidOf tells whether the facts say that there is somebody of a circle.
func (b *riskBook) saidOf(circle string) bool {
	switch circle {
	case "children":
		yes, _ := b.facts.Bool("minors_under_14")
		return yes
	case "minors":
		who, _ := b.facts.List("subject_categories")
		return slices.Contains(who, "minors") && b.members["children"] == nil && !b.saidOf("children")
	case "vulnerable":
		yes, _ := b.facts.Bool("vulnerable_groups")
		return yes
	}
	return false
}

// group scores one group and says why.
func (b *riskBook) group(key, name string, circle *riskCircle, persons, others int64, among bool) incidents.RiskGroup {
	g := incidents.RiskGroup{Key: key, Name: name, Persons: persons, Others: others, Among: among, Unsized: !b.sized, Data: b.dataOf(key, circle, persons, others)}
	var data []string
	for _, d := range g.Data {
		data = append(data, d.Category)
	}
	f := b.factsOf(data, circle != nil && circle.vulnerable)
	s := b.method.assess(f)
	g.Score, g.DPC, g.EI, g.CB, g.Figures, g.Unknown = s.Score, s.DPC, s.EI, s.CB, s.Reasons, s.Unknown
	if len(data) > 0 {
		g.Level = s.Level
	}
	g.Why = b.why(g, circle)
	g.Consequences, g.Advice = consequences(f, data, circle)
	return g
}

// dataOf is the data of a group: what the list names for its people, and, where
// there are people it names none for, what the facts name and fits.
func (b *riskBook) dataOf(key string, circle *riskCircle, persons, others int64) (out []incidents.RiskData) {
	counts := map[string]int64{}
	m := b.members[key]
	if m != nil {
		maps.Copy(counts, m.data)
	}
	if m == nil || m.bare > 0 || others > 0 {
		known := b.named
		if m == nil || others > 0 || len(known) == 0 {
			known = slices.Concat(b.named, b.listed) // what others of the list have, these may have
		}
		for _, c := range known {
			if _, has := counts[c]; !has && (circle != nil || atMost(key, c)) {
				counts[c] = 0
			}
		}
	}
	for _, c := range riskClasses {
		for _, category := range c.data {
			if n, has := counts[category]; has {
				out = append(out, incidents.RiskData{Category: category, Persons: n})
			}
		}
	}
	return out
}

// atMost tells whether a category is of a class or of one that weighs less: who
// has heavier data is in another group.
func atMost(class, category string) bool {
	from := slices.IndexFunc(riskClasses, func(c riskClass) bool { return c.key == class })
	return slices.ContainsFunc(riskClasses[from:], func(c riskClass) bool { return slices.Contains(c.data, category) })
}

// factsOf are the facts of the incident as they are for one group: its own data,
// and children only if it is theirs. How the team judged the context holds for
// every group, unless an officer's decision on one group set it.
func (b *riskBook) factsOf(data []string, vulnerable bool) incidents.Facts {
	f := incidents.Facts{Rev: b.facts.Rev, Known: maps.Clone(b.facts.Known)}
	if f.Known == nil {
		f.Known = map[string]incidents.Fact{}
	}
	set := func(key string, v any) { f.Known[key] = incidents.Fact{Value: v} }
	categories, _ := b.facts.List("data_categories")
	items, _ := b.facts.List("data_items")
	var own, things, finer []string
	for _, item := range items {
		if c := incidents.CategoryOf(item); slices.Contains(data, c) {
			things, finer = append(things, item), append(finer, c)
		}
	}
	for _, c := range data {
		if slices.Contains(categories, c) || !slices.Contains(finer, c) { // items say it better than the list
			own = append(own, c)
		}
	}
	delete(f.Known, "data_categories")
	delete(f.Known, "data_items")
	if len(own) > 0 {
		set("data_categories", own)
	}
	if len(things) > 0 {
		set("data_items", things)
	}
	set("minors_under_14", vulnerable)
	set("vulnerable_groups", false)
	if b.facts.SetByRisk() != "" {
		delete(f.Known, "data_context")
		delete(f.Known, "data_context_reason")
	}
	return f
}

func (b *riskBook) why(g incidents.RiskGroup, circle *riskCircle) (out []string) {
	if circle != nil {
		out = append(out, circle.why)
	}
	if len(g.Data) == 0 {
		return append(out, "Which data of theirs is touched is not known.")
	}
	d, _ := incidents.FactByKey("data_categories")
	words := make([]string, len(g.Data))
	for i, x := range g.Data {
		words[i] = optionLabel(d, x.Category)
		if x.Persons > 0 {
			words[i] += " (" + thousands(x.Persons) + ")"
		}
	}
	touched := "Touched: "
	if g.Persons == 0 {
		touched = "May be touched: "
	}
	out = append(out, touched+strings.Join(words, "; ")+".")
	for _, r := range g.Figures {
		broken, _ := b.facts.Bool(strings.TrimPrefix(r.Part, "CB."))
		if r.Value > 0 || broken {
			out = append(out, r.Text)
		}
	}
	return out
}

// consequences are what the breach can mean for people with this data, and what
// they can do.
func consequences(f incidents.Facts, data []string, circle *riskCircle) (harm, advice []string) {
	disclosed, known := f.Bool("confidentiality")
	disclosed = disclosed || !known
	altered, _ := f.Bool("integrity")
	lost, _ := f.Bool("availability")
	if unreadable(f) && disclosed {
		harm, advice, disclosed = append(harm, harmUnread), append(advice, adviceUnread), false
	}
	for _, c := range riskClasses {
		if !meet(c.data, data) {
			continue
		}
		if disclosed {
			harm, advice = append(harm, c.harm), append(advice, c.advice...)
		}
		if lost && c.lost != "" && slices.Contains(data, "health") {
			harm = append(harm, c.lost)
		}
	}
	if altered {
		harm, advice = append(harm, harmAltered), append(advice, adviceAltered)
	}
	if effect, _ := f.Text("availability_effect"); lost {
		advice = append(advice, adviceLost)
		if effect == "full" {
			harm = append(harm, harmGone)
		} else {
			harm = append(harm, harmLost)
		}
	}
	if circle != nil && (disclosed || altered || lost) {
		harm, advice = append(harm, circle.harm), append(advice, circle.advice)
	}
	return orEmpty(harm), orEmpty(advice)
}

// orEmpty is never null in JSON.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// notes say where facts and list disagree, and what would say more.
func (b *riskBook) notes() (out []string) {
	children, _ := b.facts.Bool("minors_under_14")
	vulnerable, _ := b.facts.Bool("vulnerable_groups")
	if m := b.members["children"]; m != nil && !children {
		out = append(out, "The list has "+thousands(m.persons)+" under 14, and the facts do not say that there are children (minors_under_14).")
	}
	if m := b.members["minors"]; m != nil && !children && !vulnerable {
		out = append(out, "Minors weigh one step more in their group; in the severity of the incident they do only when the facts name children or vulnerable people (minors_under_14, vulnerable_groups).")
	}
	if len(b.named) > 0 {
		if more := missing(b.listed, b.named); len(more) > 0 {
			out = append(out, "The list names data that the facts do not (data_categories): "+labels(more)+".")
		}
	}
	if fewer := missing(b.named, b.listed); len(b.listed) > 0 && b.unnamed == 0 && len(fewer) > 0 && !b.anyBare() {
		out = append(out, "The facts name data that nobody on the list has: "+labels(fewer)+".")
	}
	switch {
	case len(b.named) == 0 && len(b.listed) == 0:
		out = append(out, "Which data is touched is not known: answer “"+question("data_categories")+"”.")
	case b.unnamed > 0:
		out = append(out, "Of "+thousands(b.unnamed)+" people nobody has said which data was touched, so each group may have more. A list with the column data_categories says it.")
	case !b.sized:
		out = append(out, "How many people are affected is not known.")
	}
	return out
}

func (b *riskBook) anyBare() bool {
	for _, m := range b.members {
		if m.bare > 0 {
			return true
		}
	}
	return false
}

// missing are the words of a that b has not.
func missing(a, b []string) (out []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

func labels(categories []string) string {
	d, _ := incidents.FactByKey("data_categories")
	words := make([]string, len(categories))
	for i, c := range categories {
		words[i] = optionLabel(d, c)
	}
	return strings.Join(words, "; ")
}

func question(key string) string {
	d, _ := incidents.FactByKey(key)
	return d.Question
}
