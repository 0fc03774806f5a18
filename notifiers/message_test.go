package notifiers_test

import (
	"strings"
	"testing"

	"tocsin/incidents"
	"tocsin/notifiers"
)

func BenchmarkSeal(b *testing.B) {
	m := notifiers.Message{Delivery: incidents.DeliveryID{Notice: 7, Seq: 12345, Channel: incidents.Email}, Mode: incidents.Live, To: "person12345@example.com", Name: "Ada Example 12345",
		Code: "04H2-9K3M-QX7A-C1", NoticeID: "0190f6c2-7b1e-7c3a-9d2f-2f1f6b8f0a11", Wire: []byte(strings.Repeat("x", 5<<10))}
	key := []byte("key")
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.Seal(key)
		}
	})
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !m.Intact(key) {
				b.Fatal("it is not what was sealed")
			}
		}
	})
}
