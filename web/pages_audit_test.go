package web

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"tocsin/incidents"
)

func TestTheAuditLogIsPagedAndNothingIsLost(t *testing.T) {
	w := newWorld(t)
	for i := range auditPerPage + 30 {
		must(t, w.desk.Record(t.Context(), incidents.System, "test.happened", "", fmt.Sprint("subject-", i, "."), "", map[string]string{"n": fmt.Sprint(i)}))
	}
	ada := w.signIn("ada")
	at, pages, seen := "/audit?event=test.", 0, map[string]bool{}
	for at != "" && pages < 5 {
		page := ada.get(at).want(http.StatusOK).Body.String()
		for _, m := range regexp.MustCompile(`subject-\d+\.`).FindAllString(page, -1) {
			seen[m] = true
		}
		pages++
		at = ""
		if m := regexp.MustCompile(`href="(\?before=[^"]+)"`).FindStringSubmatch(page); m != nil {
			at = "/audit" + strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if pages != 2 || len(seen) != auditPerPage+30 {
		t.Errorf("%d pages show %d entries, want 2 and %d", pages, len(seen), auditPerPage+30)
	}
}

func TestTheAuditLogIsChosenByIncident(t *testing.T) {
	w := newWorld(t)
	one, two := w.incidentWithList(2), w.incidentWithList(3)
	ada := w.signIn("ada")
	page := ada.get("/audit?incident=" + strings.ToLower(one)).want(http.StatusOK).Body.String()
	if !strings.Contains(page, ">"+one+"<") || strings.Contains(page, ">"+two+"<") {
		t.Errorf("entries of %s alone are wanted", one)
	}
	if !strings.Contains(page, "AAAA") || !strings.Contains(page, "tocsin&#43;abcd&#43;key") {
		t.Error("the page lacks the checkpoint or the key that checks it")
	}
	lost := ada.get("/audit?incident=INC-1999-0001").want(http.StatusNotFound).Body.String()
	if !strings.Contains(lost, `value="INC-1999-0001"`) || !strings.Contains(lost, "There is no such incident") {
		t.Error("the form does not keep what was typed, with the problem beside it")
	}
	if strings.Contains(page, "person1@example.net") {
		t.Error("the log shows personal data")
	}
	w.visitor().get("/audit").want(http.StatusSeeOther)
}
