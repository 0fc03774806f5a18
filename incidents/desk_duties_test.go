package incidents

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// filedTx has the duties of one incident on file.
type filedTx struct {
	Tx         // whatever else is asked is a mistake
	rows       []ObligationState
	assessment *Assessment
	asked      int // how often the assessment was read
}

func (t *filedTx) Obligations(IncidentID) ([]ObligationState, error) {
	return slices.Clone(t.rows), nil
}

func (t *filedTx) PutObligation(o ObligationState) error {
	t.rows = append(slices.DeleteFunc(t.rows, func(x ObligationState) bool { return x.ID == o.ID }), o)
	return nil
}

func (t *filedTx) Assessment(IncidentID) (Assessment, error) {
	t.asked++
	if t.assessment == nil {
		return Assessment{}, NotFound("there is no such assessment")
	}
	return *t.assessment, nil
}

func ruled(id string, how Applies, due *time.Time) Obligation {
	return Obligation{ID: id, Title: id, Applies: how, Due: due}
}

// told is duties as id:applies:status, in order.
func told(duties []ObligationState) string {
	var out []string
	for _, o := range duties {
		out = append(out, o.ID+":"+string(o.Applies)+":"+string(o.Status))
	}
	return strings.Join(out, " ")
}

func manyDuties() *filedTx {
	soon, later := noon.Add(time.Hour), noon.Add(2*time.Hour)
	return &filedTx{
		rows: []ObligationState{
			{Obligation: ruled("applies", AppliesYes, &later), Status: DutyOpen},
			{Obligation: ruled("waived", AppliesDepends, nil), Status: DutyWaived, Note: "encrypted"},
			{Obligation: ruled("was", AppliesNo, nil), Status: DutyMoot},
		},
		assessment: &Assessment{FactsRev: 7, Obligations: []Obligation{
			ruled("applies", AppliesYes, &later), ruled("may/b", AppliesDepends, &soon), ruled("waived", AppliesDepends, nil),
			ruled("may/a", AppliesDepends, nil), ruled("z", AppliesNo, nil), ruled("never", AppliesNo, &soon), ruled("was", AppliesNo, nil)}},
	}
}

func TestDutiesWithAndWithoutARowAreOneList(t *testing.T) {
	tx := manyDuties()
	all, err := allDuties(tx, "i")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := told(all), "may/b:depends:open applies:yes:open may/a:depends:open waived:depends:waived was:no:moot z:no:moot never:no:moot"; got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
	for _, o := range all {
		if o.ID == "may/a" && (o.IncidentID != "i" || o.FactsRev != 7) {
			t.Errorf("a duty without a row is of %q and revision %d", o.IncidentID, o.FactsRev)
		}
		if o.ID == "waived" && o.Note != "encrypted" {
			t.Error("the assessment won over the row")
		}
	}
	if len(tx.rows) != 3 {
		t.Error("the rows were changed")
	}
	tx.assessment = nil
	if all, err = allDuties(tx, "i"); err != nil || len(all) != 3 {
		t.Errorf("an incident never judged has %d duties, %v", len(all), err)
	}
}

func TestDutiesAreFoundByTheirNames(t *testing.T) {
	for name, c := range map[string]struct {
		ids   string
		found string
		asked int
	}{
		"those with a row need no assessment": {"applies waived", "applies:yes:open waived:depends:waived", 0},
		"one has no row":                      {"may/a applies", "applies:yes:open may/a:depends:open", 1},
		"one that does not apply":             {"never", "never:no:moot", 1},
		"what the rules do not have":          {"nowhere", "", 1},
		"none":                                {"", "", 0},
	} {
		tx := manyDuties()
		got, err := dutiesNamed(tx, "i", strings.Fields(c.ids))
		if err != nil || told(got) != c.found || tx.asked != c.asked {
			t.Errorf("%s: %q, the assessment was read %d times, %v", name, told(got), tx.asked, err)
		}
	}
	tx := manyDuties()
	if _, err := obligation1(tx, "i", "nowhere"); KindOf(err) != KindNotFound {
		t.Errorf("a duty that is nowhere: %v", err)
	}
	tx.assessment = nil
	if _, err := obligation1(tx, "i", "may/a"); KindOf(err) != KindNotFound {
		t.Errorf("a duty of an incident never judged: %v", err)
	}
}

// What an act names stays on file, even when the rules no longer have it.
func TestAnActGivesADutyItsRow(t *testing.T) {
	d, tx := &Desk{Deps{Now: func() time.Time { return noon }}}, manyDuties()
	if err := d.keepDuties(tx, "i", "may/a", "applies", "nowhere"); err != nil {
		t.Fatal(err)
	}
	if got, want := told(tx.rows), "applies:yes:open waived:depends:waived was:no:moot may/a:depends:open"; got != want {
		t.Errorf("the rows are %s, want %s", got, want)
	}
	var c Change
	after := settle(tx.rows, []Obligation{ruled("applies", AppliesYes, nil)}, "i", 8, &c)
	if got, want := told(after), "applies:yes:open waived:no:waived was:no:moot may/a:no:moot"; got != want {
		t.Errorf("they become %s, want %s", got, want)
	}
}

func TestWhichDutiesGetARow(t *testing.T) {
	row := func(how Applies, status DutyStatus) []ObligationState {
		return []ObligationState{{Obligation: ruled("x", how, nil), Status: status}}
	}
	for name, c := range map[string]struct {
		before     []ObligationState
		now        Applies
		row        string
		began, end int
	}{
		"it may apply":                    {nil, AppliesDepends, "", 0, 0},
		"it does not apply":               {nil, AppliesNo, "", 0, 0},
		"it applies":                      {nil, AppliesYes, "x:yes:open", 1, 0},
		"it applied and may":              {row(AppliesYes, DutyOpen), AppliesDepends, "x:depends:open", 0, 1},
		"it applied and does not":         {row(AppliesYes, DutyOpen), AppliesNo, "x:no:moot", 0, 1},
		"it was met and does not":         {row(AppliesYes, DutyMet), AppliesNo, "x:no:met", 0, 1},
		"it was waived while it depended": {row(AppliesDepends, DutyWaived), AppliesDepends, "x:depends:waived", 0, 0},
		"it did not and applies again":    {row(AppliesNo, DutyMoot), AppliesYes, "x:yes:open", 1, 0},
		"an earlier version gave it one":  {row(AppliesDepends, DutyOpen), AppliesDepends, "x:depends:open", 0, 0},
	} {
		var ch Change
		if got := told(settle(c.before, []Obligation{ruled("x", c.now, nil)}, "i", 2, &ch)); got != c.row || len(ch.Began) != c.began || len(ch.Ended) != c.end {
			t.Errorf("%s: the row is %q, %d began, %d ended", name, got, len(ch.Began), len(ch.Ended))
		}
	}
}
