package web

import (
	"testing"

	"tocsin/incidents"
)

func TestPlansOfGroupsAsText(t *testing.T) {
	const text = "sensitive: email 24, sms\nplace DE US-CA: sms 12, email\nchild: email\n"
	plans, err := parsePlans(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := plansText(plans); got != text {
		t.Errorf("written again it reads %q", got)
	}
	if got, err := parsePlans(" Place de, us-ca :  SMS 12h ,email \n\n"); err != nil || plansText(got) != "place DE US-CA: sms 12, email\n" {
		t.Errorf("%q, %v", plansText(got), err)
	}
	for _, bad := range []string{"email, sms", ": email", "child:", "child: email soon", "child: email 2 3", "child: email -4"} {
		if _, err := parsePlans(bad); incidents.KindOf(err) != incidents.KindInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
