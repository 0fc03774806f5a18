package regulators

import (
	"reflect"
	"sync"
	"testing"

	"tocsin/incidents"
)

// Packs are swapped while others judge by them: each judgement is whole and by
// one of the two. Run with -race.
func TestSwapWhileJudging(t *testing.T) {
	one := shippedPack(t)
	two, err := Open(layered(goodRule), Options{})
	if err != nil {
		t.Fatal(err)
	}
	reports := func(p *Pack) *Reports {
		r, err := NewReports(ReportOptions{Pack: p})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	ro, rt := reports(one), reports(two)
	h := Hold(one, ro)
	f := knownFacts(t, map[string]any{"confidentiality": true, "persons_by_place": map[string]any{"DE": 100}})
	duties := map[string]int{}
	for _, p := range []*Pack{one, two} {
		a, err := p.Assess(f, judgedAt)
		if err != nil {
			t.Fatal(err)
		}
		duties[p.Version()] = len(a.Obligations)
	}
	var judges, swapper sync.WaitGroup
	stop := make(chan struct{})
	swapper.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if i%2 == 0 {
				h.Swap(two, rt)
			} else {
				h.Swap(one, ro)
			}
		}
	})
	for range 4 {
		judges.Go(func() {
			for range 5 {
				a, err := h.Assess(f, judgedAt)
				if want, known := duties[a.Pack]; err != nil || !known || len(a.Obligations) != want {
					t.Errorf("pack %q has %d duties, want %d: %v", a.Pack, len(a.Obligations), want, err)
					return
				}
				o := dutyOf(t, a, "eu-gdpr-33")
				if _, err := h.Fill("gdpr33", incidents.PhaseInitial, incidents.Incident{}, f, o, nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	judges.Wait()
	close(stop)
	swapper.Wait()
}

// Who is given the holder must not miss what the reports can do.
func TestTheHolderDoesWhatReportsDo(t *testing.T) {
	holder, reports := reflect.TypeFor[*Holder](), reflect.TypeFor[*Reports]()
	for m := range reports.NumMethod() {
		name := reports.Method(m).Name
		if _, ok := holder.MethodByName(name); !ok {
			t.Errorf("Holder has no %s and Reports has", name)
		}
	}
}
