package incidents

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	fewSub  = Substitute{When: SubstituteWhen{From: 1, To: 9}, By: []Means{MeansWritten, MeansTelephone}, Text: "few"}
	manySub = Substitute{When: SubstituteWhen{From: 10}, By: []Means{MeansWebsite, MeansMedia}, Days: 90, Text: "many"}
	costSub = Substitute{When: SubstituteWhen{From: 1, CostOverUSD: 250_000, PersonsOver: 500_000, Hard: true}, By: []Means{MeansEmail, MeansWebsite, MeansMedia}, All: true, Text: "dear"}
)

// Which condition is due, over the numbers and the team's answers.
func TestWhichSubstituteIsDue(t *testing.T) {
	hipaa, state := []Substitute{fewSub, manySub}, []Substitute{costSub}
	for _, c := range []struct {
		name string
		all  []Substitute
		s    standing
		rank int
		why  string
	}{
		{"everybody is reached", hipaa, standing{released: true}, -1, ""},
		{"one", hipaa, standing{unreached: 1, released: true}, 0, "1 of its people"},
		{"nine", hipaa, standing{unreached: 9, released: true}, 0, "9 of its people"},
		{"ten", hipaa, standing{unreached: 10, released: true}, 1, "10 or more"},
		{"at the cost", state, standing{cost: 250_000}, -1, ""},
		{"over the cost", state, standing{cost: 250_001}, 0, "USD 250,001"},
		{"over the cost, and each is told directly", state, standing{cost: 250_001, direct: true}, -1, ""},
		{"over the cost, and a notice is out", state, standing{cost: 250_001, released: true}, -1, ""},
		{"at the number", state, standing{persons: 500_000}, -1, ""},
		{"over the number", state, standing{persons: 500_001}, 0, "500,001 people"},
		{"too hard", state, standing{hard: true}, 0, "The team judged"},
		{"one of many, and a notice is out", state, standing{unreached: 1, persons: 900_000, released: true}, 0, "1 of its people"},
	} {
		rank, why := due(c.all, c.s)
		if rank != c.rank || !strings.Contains(why, c.why) {
			t.Errorf("%s: condition %d because %q, want %d, %q", c.name, rank, why, c.rank, c.why)
		}
	}
}

// What was done is enough, or is not.
func TestWhatMeetsASubstitute(t *testing.T) {
	for _, c := range []struct {
		name      string
		s         Substitute
		unreached int64
		done      []MeansDone
		want      bool
	}{
		{"nothing", manySub, 12, nil, false},
		{"any one of them", manySub, 12, []MeansDone{{Means: MeansMedia}}, true},
		{"another means", manySub, 12, []MeansDone{{Means: MeansTelephone}}, false},
		{"more people later, and all can read it", manySub, 40, []MeansDone{{Means: MeansWebsite, Persons: 12}}, true},
		{"calls to all", fewSub, 3, []MeansDone{{Means: MeansTelephone, Persons: 3}}, true},
		{"calls, and then more people", fewSub, 4, []MeansDone{{Means: MeansTelephone, Persons: 3}}, false},
		{"two of three that are all wanted", costSub, 3, []MeansDone{{Means: MeansWebsite}, {Means: MeansMedia}}, false},
		{"three of three", costSub, 3, []MeansDone{{Means: MeansWebsite}, {Means: MeansMedia}, {Means: MeansEmail, Persons: 3}}, true},
	} {
		if got := (&Substituting{Substitute: c.s, Unreached: c.unreached, Done: c.done}).met(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	end := (&Substituting{Substitute: manySub, Done: []MeansDone{{Means: MeansMedia, At: noon}, {Means: MeansWebsite, At: noon.Add(time.Hour)}}}).keep()
	if end == nil || !end.Equal(noon.Add(time.Hour+90*24*time.Hour)) {
		t.Errorf("it is kept until %v", end)
	}
	if (&Substituting{Substitute: fewSub, Done: []MeansDone{{Means: MeansTelephone, At: noon}}}).keep() != nil {
		t.Error("calls are kept")
	}
}

// When a hold ends, and whether by itself.
func TestWhenAHoldEnds(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		name   string
		basis  string
		at     time.Duration // asked so long before noon; 0: not known
		until  time.Duration // after noon; 0: not known
		want   time.Duration // after noon; 0: not known
		itself bool
		asks   []string
	}{
		{"written", holdWritten, 0, 80 * time.Hour, 80 * time.Hour, true, nil},
		{"written, no date", holdWritten, day, 0, 0, false, []string{holdUntilFact}},
		{"oral, no date", holdOral, day, 0, 29 * day, true, nil},
		{"oral, a nearer date", holdOral, day, 5 * day, 5 * day, true, nil},
		{"oral, a date past the limit", holdOral, day, 60 * day, 29 * day, true, nil},
		{"oral, asked when?", holdOral, 0, 5 * day, 0, false, []string{holdAtFact}},
		{"until it is lifted", "until_lifted", 0, day, day, false, nil},
		{"a date alone", "", 0, day, day, false, []string{holdBasisFact}},
		{"nothing", "", 0, 0, 0, false, []string{holdUntilFact, holdBasisFact}},
	} {
		f := Facts{Known: map[string]Fact{holdFact: {Value: true}}}
		set := func(key string, v any, known bool) {
			if known {
				f.Known[key] = Fact{Value: v}
			}
		}
		set(holdBasisFact, c.basis, c.basis != "")
		set(holdAtFact, noon.Add(-c.at), c.at != 0)
		set(holdUntilFact, noon.Add(c.until), c.until != 0)
		e := holdEndOf(f)
		if e.at.IsZero() != (c.want == 0) || (c.want != 0 && !e.at.Equal(noon.Add(c.want))) || e.itself != c.itself || !slices.Equal(e.asks, c.asks) {
			t.Errorf("%s: %+v", c.name, e)
		}
		if duty := holdDuty(f); len(duty) != 1 || (duty[0].Due == nil) != (c.want == 0) {
			t.Errorf("%s: the duty is %+v", c.name, duty)
		}
	}
	if len(holdDuty(Facts{})) != 0 {
		t.Error("without a hold there is a duty")
	}
	for left, want := range map[time.Duration]int{73 * time.Hour: 0, 72 * time.Hour: 25, 25 * time.Hour: 25, day: 50, time.Hour: 75, time.Minute: 75, 0: 100, -day: 100} {
		if got := holdStep(left); got != want {
			t.Errorf("%v left: step %d, want %d", left, got, want)
		}
	}
}
