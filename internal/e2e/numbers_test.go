package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store/storetest"
)

// Nobody texts a landline or a number others pay for: who has no other on the
// list is told by the next channel of the plan.
func TestALandlineIsNotTexted(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	in := h.incident(time.Now().UTC())
	h.list(in, "subject_id,name,email,phone,country,locale,data_categories\n"+
		"S-1,Ada Mobile,ada@example.com,+4915123456789,DE,en,basic\n"+
		"S-2,Bea Landline,bea@example.com,+493012345678,DE,en,basic\n"+
		"S-3,Cai Freephone,cai@example.com,+18005550123,US,en,basic\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.SMS}, {Channel: incidents.Email}}})
	h.released(in, n)
	if texts := h.twilio.Texts(); len(texts) != 1 || texts[0].To != "+4915123456789" || h.mail.Count() != 2 {
		t.Errorf("%d texts and %d e-mails", len(texts), h.mail.Count())
	}
	for seq, code := range map[int64]string{2: "number-type", 3: "number-kind"} {
		all, err := h.app.Desk.PersonDeliveries(context.Background(), h.as("rita"), n.No, seq)
		if err != nil || !slices.ContainsFunc(all, func(d incidents.Delivery) bool { return d.ID.Channel == incidents.SMS && d.Code == code }) {
			t.Errorf("person %d has no text with %s: %+v, %v", seq, code, all, err)
		}
	}
}
