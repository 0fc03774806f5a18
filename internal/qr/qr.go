// Package qr draws texts as QR codes (ISO/IEC 18004): as a picture for a
// screen, or as squares for a printed page.
//
// It keeps nothing of what it draws: a text may be a secret.
package qr

import (
	"fmt"

	"github.com/skip2/go-qrcode"
)

// PNG draws a text as a picture of size by size pixels. A text too long for a
// code (some 2,300 bytes) is an error.
func PNG(text string, size int) ([]byte, error) {
	b, err := qrcode.Encode(text, qrcode.Medium, size)
	if err != nil {
		return nil, fmt.Errorf("draw the code: %w", err)
	}
	return b, nil
}

// A Box is a dark rectangle of a code, in squares from its upper left corner.
type Box struct{ X, Y, W, H int }

// Boxes draws a text as dark boxes on a square of side by side squares, without
// the quiet zone: the page leaves at least four squares free around it. It
// reads with 15 % of it gone.
func Boxes(text string) (boxes []Box, side int, err error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, 0, fmt.Errorf("draw the code: %w", err)
	}
	code.DisableBorder = true
	dark := code.Bitmap()
	return boxesOf(dark), len(dark), nil
}

// boxesOf covers the dark squares with few boxes: each run of a row grows
// downwards as long as the rows below have the same run dark.
func boxesOf(dark [][]bool) (out []Box) {
	for y := range dark {
		for x := 0; x < len(dark[y]); x++ {
			if !dark[y][x] {
				continue
			}
			b := Box{X: x, Y: y, W: run(dark[y][x:]), H: 1}
			for y+b.H < len(dark) && run(dark[y+b.H][x:]) >= b.W {
				b.H++
			}
			out = append(out, b)
			for i := range b.H {
				clear(dark[y+i][x : x+b.W])
			}
		}
	}
	return out
}

func run(row []bool) (n int) {
	for n < len(row) && row[n] {
		n++
	}
	return n
}
