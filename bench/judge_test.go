package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store/storetest"
	"tocsin/regulators"
)

// BenchmarkJudge is one judgement through a real store. What is measured is
// also how long it kept the one writer: so long every alert waits.
func BenchmarkJudge(b *testing.B) {
	for _, engine := range []string{storetest.SQLite, storetest.Postgres} {
		for name, judged := range map[string]func(*court) error{
			"first alert": (*court).firstAlert, // an incident opens, of which little is known
			"early fact":  (*court).earlyFact,  // an answer while most duties depend
			"late fact":   (*court).lateFact,   // an answer while many duties apply
		} {
			b.Run(engine+"/"+name, func(b *testing.B) {
				c := openCourt(b, engine)
				if err := judged(c); err != nil { // statements are prepared, pages are there
					b.Fatal(err)
				}
				c.writer.kept = 0
				cpu := cpuTime()
				for b.Loop() {
					if err := judged(c); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/1000/float64(b.N), "ms-cpu/op")
				b.ReportMetric(float64(c.writer.kept.Microseconds())/1000/float64(b.N), "ms-writer/op")
			})
		}
	}
}

// A court is a desk with the shipped rules and two incidents that are judged.
type court struct {
	ctx         context.Context
	desk        *incidents.Desk
	writer      *timedStore
	early, late incidents.IncidentID
	no          int
}

// A timedStore adds up how long the writer was kept.
type timedStore struct {
	incidents.Store
	kept time.Duration
}

func (s *timedStore) Write(ctx context.Context, fn func(incidents.Tx) error) error {
	var began time.Time
	err := s.Store.Write(ctx, func(tx incidents.Tx) error {
		began = time.Now()
		return fn(tx)
	})
	s.kept += time.Since(began)
	return err
}

func openCourt(b *testing.B, engine string) *court {
	b.Helper()
	d := storetest.Open(b, engine)
	rules, err := regulators.Load(regulators.Options{})
	if err != nil {
		b.Fatal(err)
	}
	c := &court{ctx: b.Context(), writer: &timedStore{Store: d}}
	c.desk = incidents.NewDesk(incidents.Deps{Store: c.writer, Rules: rules, Now: func() time.Time { return storetest.Noon }, NewID: storetest.NewID,
		Seed: map[string]any{"controller_name": "Quillfeather Parcel", "establishments": []string{"EEA"}}})
	for _, id := range []*incidents.IncidentID{&c.early, &c.late} {
		in, err := c.desk.OpenIncident(c.ctx, responder, "A laptop is gone", incidents.Live)
		if err != nil {
			b.Fatal(err)
		}
		*id = in.ID
	}
	if err := c.answer(c.late, map[string]any{
		"confidentiality": true, "integrity": false, "availability": true, "confidentiality_effect": "unknown_recipients",
		"availability_effect": "temporary", "malicious": true, "cause": "ransomware", "data_items": []string{"name", "ssn", "medical", "online_credentials"},
		"data_categories": []string{"basic", "health"}, "identifiability": "maximum", "encrypted": false, "role": "controller",
		"persons_by_place": map[string]int{"DE": 40000, "FR": 2500, "GB": 900, "CN": 1_200_000, "JP": 3000, "SG": 700, "US-CA": 8000, "US-NY": 6000, "US": 12},
		"establishments":   []string{"CN", "US"}, "sectors": []string{"health"}, "critical_infrastructure": false, "hipaa_role": "covered_entity",
		"unsecured_phi": true, "aware_at": "2026-11-20T09:00:00Z", "detected_at": "2026-11-20T08:00:00Z"}); err != nil {
		b.Fatal(err)
	}
	return c
}

func (c *court) answer(id incidents.IncidentID, facts map[string]any) error {
	_, err := c.desk.SetFacts(c.ctx, responder, id, -1, incidents.FactValues(facts), "")
	return err
}

func (c *court) firstAlert() error {
	c.no++
	key := fmt.Sprint("bench ", c.no)
	taken, err := c.desk.Accept(c.ctx, incidents.Intake{Source: "bench", DeliveryID: key, ReceivedAt: storetest.Noon,
		Alerts: []incidents.Alert{{DedupKey: key, Title: "A login from nowhere", Severity: incidents.SeverityHigh, State: incidents.AlertNew, ObservedAt: storetest.Noon}}})
	if err != nil {
		return err
	}
	return c.desk.Correlate(c.ctx, taken.Alerts[0])
}

func (c *court) earlyFact() error {
	c.no++
	return c.answer(c.early, map[string]any{"malicious": c.no%2 == 0})
}

func (c *court) lateFact() error {
	c.no++
	return c.answer(c.late, map[string]any{"malicious": c.no%2 == 0})
}
