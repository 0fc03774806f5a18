package qr

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"
)

// The boxes cover exactly the dark squares, each once.
func TestBoxesAreTheCode(t *testing.T) {
	for _, text := range []string{"A", "https://example.org/verify?code=04H2-9K3M-QX7A-C1", strings.Repeat("x", 900)} {
		boxes, side, err := Boxes(text)
		if err != nil {
			t.Fatal(err)
		}
		want, err := qrcode.New(text, qrcode.Medium)
		if err != nil {
			t.Fatal(err)
		}
		want.DisableBorder = true
		times := make([][]int, side)
		for i := range times {
			times[i] = make([]int, side)
		}
		for _, b := range boxes {
			for y := b.Y; y < b.Y+b.H; y++ {
				for x := b.X; x < b.X+b.W; x++ {
					times[y][x]++
				}
			}
		}
		for y, row := range want.Bitmap() {
			for x, dark := range row {
				if n := times[y][x]; n > 1 || (n == 1) != dark {
					t.Fatalf("square %d,%d of %d: covered %d times, dark %v", x, y, side, n, dark)
				}
			}
		}
	}
}

func TestPNG(t *testing.T) {
	b, err := PNG("otpauth://totp/x", 200)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil || img.Bounds().Dx() != 200 {
		t.Errorf("%v, %v", img, err)
	}
}

func TestTooLong(t *testing.T) {
	if _, _, err := Boxes(strings.Repeat("x", 4000)); err == nil {
		t.Error("no error")
	}
	if _, err := PNG(strings.Repeat("x", 4000), 200); err == nil {
		t.Error("no error")
	}
}

func BenchmarkBoxes(b *testing.B) {
	for b.Loop() {
		if _, _, err := Boxes("https://security.example.org/verify?code=04H2-9K3M-QX7A-C1"); err != nil {
			b.Fatal(err)
		}
	}
}
