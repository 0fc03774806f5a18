package e2e

import (
	"context"
	"net/http"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store/storetest"
)

// An officer reads in a browser what an incident can mean for each group of the
// people on its list, and decides otherwise for one of them.
func TestTheRiskToEachGroupInTheBrowser(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	b := openBrowser(t, h)
	ctx := context.Background()
	in := h.incident(time.Now().UTC())
	h.list(in, "subject_id,name,email,country,date_of_birth,data_categories\n"+
		"1,Ann Ash,ann@example.org,DE,2018-02-01,basic\n2,Ben Birch,ben@example.org,DE,2017-02-01,basic;health\n3,Cy Cedar,cy@example.org,DE,1980-02-01,basic;property\n"+
		"4,Di Dogwood,di@example.org,DE,1981-02-01,basic\n5,Ed Elm,ed@example.org,DE,1979-02-01,basic;network_identity\n6,Flo Fir,flo@example.org,DE,1971-02-01,basic\n")

	b.signIn("olga")
	at := "/incidents/" + in.Ref
	b.open(at)
	b.must("Risk to people", "Children under 14", "Not decided")
	b.look("risk-room")
	b.open(at + "/risk")
	b.must("Risk to each group of people", "Children under 14", "2 people", "The list has 2 under 14", "People whose contact data alone was touched")
	b.look("risk-proposed")
	js[bool](b, `document.querySelector("#contact details:has(form)").open = true`)
	b.fill(`#contact [name="level"]`, "high")
	b.fill(`#contact [name="code"]`, h.freshCode("olga"))
	if status := b.press(`#contact form button.main`); status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", status)
	}
	b.must("Say why, in a few words")
	b.look("risk-refused")
	b.fill(`#contact textarea[name="reason"]`, "They are witnesses whose addresses are kept secret.")
	b.fill(`#contact [name="code"]`, h.freshCode("olga"))
	b.press(`#contact form button.main`)
	b.must("Decided: high", "proposed was “medium”", "They are witnesses")
	b.look("risk-decided")
	if _, err := h.app.Desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{"confidentiality_effect": "no_evidence"}), "test"); err != nil {
		t.Fatal(err)
	}
	b.open(at + "/risk")
	b.must("Look again", "Tocsin now proposes “low”")
	b.look("risk-stale")
	b.open(at)
	b.must("Look again")

	// The incident is no longer high, and the officer lets it count as high.
	if _, err := h.app.Desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{"data_categories": []string{"basic"}, "data_items": []string{"name", "email"}}), "test"); err != nil {
		t.Fatal(err)
	}
	b.open(at + "/risk")
	b.must("A group is at high risk, and the incident by its facts is not")
	b.fill(`#contact [name="raise"]`, "yes")
	b.fill(`#contact textarea[name="reason"]`, "They are witnesses whose addresses are kept secret.")
	b.fill(`#contact [name="code"]`, h.freshCode("olga"))
	b.look("risk-raise")
	b.press(`#contact form button.main`)
	b.must("counts as high because of what was decided for “People whose contact data alone was touched”")
	b.look("risk-raised")
}
