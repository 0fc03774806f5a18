package roster

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkRead reads a list whose tenth row or so is dirty; rows/s is for one core.
func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"clean.csv", "dirty.csv", "clean-jsonl.jsonl", "dirty-utf16le.csv", "dirty-gbk.csv"} {
		b.Run(name, func(b *testing.B) {
			text := unpacked(b, name)
			encoding := ""
			if name == "dirty-gbk.csv" {
				encoding = GBK
			}
			var rows int64
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				sum, err := Read(context.Background(), bytes.NewReader(text), Options{AsOf: day, Encoding: encoding}, func(Row) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
				rows += sum.Rows
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func unpacked(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "lists", name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
