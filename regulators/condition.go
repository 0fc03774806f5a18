package regulators

import (
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"tocsin/incidents"
)

// costLimit bounds one condition; the dearest shipped one stays below a tenth.
const costLimit = 100_000

// Variables that are worked out from the facts, beside the facts themselves.
const (
	varResidents = "residents"     // int: affected people who live in the rule's place
	varPersons   = "persons"       // int: persons_total, or the sum over places
	varMedium    = "risk_medium"   // bool: ENISA severity at least medium
	varHigh      = "risk_high"     // bool: ENISA severity at least high
	varGrade     = "cn_cac_grade"  // string: grade under the Chinese measures
	varIndustry  = "cn_miit_grade" // string: grade under the Chinese plan for industry
	varKnown     = "known"         // list of the keys of all known facts
	varPlace     = "place"         // string: the place of a fan-out, else the rule's
)

// conditions compiles the CEL conditions of the rules.
type conditions struct {
	env  *cel.Env
	done map[string]*condition // by source: named conditions serve many rules
}

// A condition is one compiled CEL expression and the names it mentions.
type condition struct {
	source   string
	prog     cel.Program
	names    []string
	patterns []*cel.AttributePatternType // one per name
	placed   bool                        // whether it asks about the place
}

// A verdict is what a condition says of the facts; when unknown, why.
type verdict struct {
	value   bool
	unknown []string // variables that decide; empty: value is certain
}

func celType(t incidents.FactType) *cel.Type {
	switch t {
	case incidents.FactTri:
		return cel.BoolType
	case incidents.FactMulti:
		return cel.ListType(cel.StringType)
	case incidents.FactCount:
		return cel.IntType
	case incidents.FactPlaces:
		return cel.MapType(cel.StringType, cel.IntType)
	case incidents.FactTime:
		return cel.TimestampType
	}
	return cel.StringType
}

func newConditions() (*conditions, error) {
	options := []cel.EnvOption{
		cel.Variable(varResidents, cel.IntType), cel.Variable(varPersons, cel.IntType),
		cel.Variable(varMedium, cel.BoolType), cel.Variable(varHigh, cel.BoolType),
		cel.Variable(varGrade, cel.StringType), cel.Variable(varIndustry, cel.StringType), cel.Variable(varPlace, cel.StringType),
		cel.Variable(varKnown, cel.ListType(cel.StringType)),
	}
	for _, d := range incidents.Catalogue {
		options = append(options, cel.Variable(d.Key, celType(d.Type)))
	}
	env, err := cel.NewEnv(options...)
	return &conditions{env, map[string]*condition{}}, err
}

// compile checks an expression and makes it ready to run.
func (c *conditions) compile(source string) (*condition, error) {
	if done := c.done[source]; done != nil {
		return done, nil
	}
	ast, issues := c.env.Compile(source)
	if issues.Err() != nil {
		return nil, incidents.Invalid("the condition does not compile: %s", oneLine(issues.Err().Error()))
	}
	if ast.OutputType() != cel.BoolType {
		return nil, incidents.Invalid("the condition says %s, not yes or no", ast.OutputType())
	}
	prog, err := c.env.Program(ast, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(costLimit))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range ast.NativeRep().ReferenceMap() {
		if r.Name != "" && len(r.OverloadIDs) == 0 {
			names = append(names, r.Name)
		}
	}
	out := &condition{source: source, prog: prog, names: sorted(names)}
	for _, n := range out.names {
		out.patterns = append(out.patterns, cel.AttributePattern(n))
		out.placed = out.placed || n == varResidents || n == varPlace
	}
	c.done[source] = out
	return out, nil
}

// judge runs the condition over known and unknown variables.
func (c *condition) judge(vars variables) (verdict, error) {
	var unknown []*cel.AttributePatternType
	for i, n := range c.names {
		if _, ok := vars.ResolveName(n); !ok {
			unknown = append(unknown, c.patterns[i])
		}
	}
	active, err := cel.PartialVars(vars, unknown...)
	if err != nil {
		return verdict{}, err
	}
	out, _, err := c.prog.Eval(active)
	if err != nil {
		return verdict{}, err
	}
	if u, ok := out.(*types.Unknown); ok {
		return verdict{unknown: unknownNames(u)}, nil
	}
	v, ok := out.Value().(bool)
	if !ok {
		return verdict{}, incidents.Invalid("the condition %q did not answer yes or no", c.source)
	}
	return verdict{value: v}, nil
}

func unknownNames(u *types.Unknown) []string {
	var names []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			names = append(names, t.Variable())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// variables are the values a condition sees: those of the whole incident, with
// the ones of a place laid over them.
type variables struct {
	values  map[string]any
	unknown map[string][]string // variable → the facts behind it
	over    *placed
}

// placed is what differs from place to place.
type placed struct {
	place     string
	residents int64
	known     bool
}

// ResolveName and Parent make variables a CEL activation.
func (v variables) ResolveName(name string) (any, bool) {
	if v.over != nil {
		switch name {
		case varPlace:
			return v.over.place, true
		case varResidents:
			return v.over.residents, v.over.known
		}
	}
	x, ok := v.values[name]
	return x, ok
}

// Parent is none.
func (v variables) Parent() cel.Activation { return nil }

// celValue turns a fact's Go value into what CEL expects.
func celValue(v any) any {
	switch x := v.(type) {
	case map[incidents.Place]int64:
		m := make(map[string]int64, len(x))
		for p, n := range x {
			m[string(p)] = n
		}
		return m
	case time.Time:
		return x.UTC()
	}
	return v
}
