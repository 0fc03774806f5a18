package letter

import (
	"fmt"
	"io"
	"testing"

	"tocsin/incidents"
)

// BenchmarkBatch binds a batch of 500 different letters; it reports pages a second.
func BenchmarkBatch(b *testing.B) {
	for _, lang := range []incidents.Lang{"en", "de", "zh-Hans"} {
		b.Run(string(lang), func(b *testing.B) {
			p := printer(b, form(DIN5008B))
			base := sample(b, lang, false)
			sheets := make([]Sheet, 500)
			for i := range sheets {
				l := *base.Letter
				l.Greeting = fmt.Sprintf("Dear Person Number%05d,", i)
				l.Code.Value = fmt.Sprintf("04H2-9K3M-%04d-C1", i)
				l.VerifyURL.Value = "https://quillfeather.example/verify?code=" + l.Code.Value
				sheets[i] = Sheet{To: fmt.Sprintf("Person Number%05d\nStreet %d\n%05d Town", i, i, i), Lang: lang, Letter: &l}
			}
			pages, size := 0, 0
			for b.Loop() {
				doc, places, err := p.bind(sheets)
				if err != nil {
					b.Fatal(err)
				}
				n, err := doc.WriteTo(io.Discard)
				if err != nil {
					b.Fatal(err)
				}
				size = int(n)
				for _, x := range places {
					pages += x.pages
				}
			}
			b.ReportMetric(float64(pages)/b.Elapsed().Seconds(), "pages/s")
			b.ReportMetric(float64(size)/1e6, "MB")
		})
	}
}
