package letter

import (
	"log/slog"
	"strings"

	"tocsin/incidents"
	"tocsin/templates"
)

// Paper is the size of the sheets.
type Paper string

// The papers: ISO 216 A4, and US letter (8.5 by 11 inches).
const (
	A4       Paper = "a4"
	USLetter Paper = "letter"
)

// Window says where the address must stand to be read through the envelope.
type Window string

// The windows. DIN5008B is DIN 5008 form B in a window envelope C5/6 or DL of
// DIN 680; US10 is the standard window of a #10 envelope (4 1/8 by 9 1/2
// inches), the sheet folded in three.
const (
	DIN5008B Window = "din5008b"
	US10     Window = "us10"
)

// A Form is how letters look.
type Form struct {
	Paper  Paper
	Window Window
	// Sender is who writes, name first, then the lines of the postal address; it
	// is also where the post returns what it cannot deliver.
	Sender []string
	// Duplex makes each letter begin on a front page when both sides are printed.
	Duplex bool
	// Date writes the day of printing in the letter's language.
	Date DateWords
}

// Check tells what of a form cannot be printed.
func (f Form) Check() error {
	g, ok := geometries[f.Window]
	switch {
	case !ok:
		return incidents.Invalid("%q is no window of an envelope", f.Window).On("channels.letter.window").WithHint("use din5008b or us10")
	case f.Paper != g.paper:
		return incidents.Invalid("the window %s needs the paper %s", f.Window, g.paper).On("channels.letter.paper").
			WithHint("the address would miss the window: use a4 with din5008b, letter with us10")
	case len(f.Sender) == 0 || strings.TrimSpace(f.Sender[0]) == "":
		return incidents.Invalid("a letter names its sender").On("channels.letter.sender").WithHint("give the name and the lines of the return address")
	}
	return nil
}

// A Sheet is one letter to be printed.
type Sheet struct {
	To     string // lines of the address, name first
	Lang   incidents.Lang
	Letter *templates.Letter
}

// String, GoString and LogValue keep a careless line safe.
func (Sheet) String() string       { return "[letter]" }
func (Sheet) GoString() string     { return "[letter]" }
func (Sheet) LogValue() slog.Value { return slog.StringValue("[letter]") }

const mm = 72 / 25.4 // points

// A geometry is where things stand on a page, in points from its upper left corner.
type geometry struct {
	paper                    Paper
	width, height            float64
	left, right, top, bottom float64 // of the text
	first                    float64 // where the text of the first page begins
	// window is what an envelope may show, the sheet lying as badly in it as it
	// can: nothing else may stand there on the first page.
	window box
	// address is where its lines stand, inside what an envelope always shows.
	address box
	// returnTo is the line above the address, inside the window; zero: it stands
	// in the letter's head instead.
	returnTo box
	info     box // date, reference and code
	folds    []float64
}

type box struct{ x, y, w, h float64 }

// geometries are the two forms. DIN 5008 form B: address field 85 by 45 mm,
// 20 mm from the left and 45 mm from the top; its upper 17.7 mm are for the
// return address, the rest for at most six lines; information block at 125 mm;
// folds at 105 and 210 mm. US #10: the window is 4 1/2 by 1 1/8 inches, 7/8
// from the left and 1/2 from the bottom of the envelope, in which a sheet
// folded in three has 0.46 inches of play upwards and 1 inch sideways.
var geometries = map[Window]geometry{
	DIN5008B: {paper: A4, width: 595.28, height: 841.89, left: 25 * mm, right: 190 * mm, top: 25 * mm, bottom: 274 * mm, first: 98.5 * mm,
		window: box{x: 15 * mm, y: 45 * mm, w: 95 * mm, h: 45 * mm}, address: box{25 * mm, 62.7 * mm, 78 * mm, 27.3 * mm}, returnTo: box{25 * mm, 57 * mm, 78 * mm, 4 * mm},
		info: box{125 * mm, 50 * mm, 65 * mm, 40 * mm}, folds: []float64{105 * mm, 210 * mm}},
	US10: {paper: USLetter, width: 612, height: 792, left: 68, right: 612 - 54, top: 54, bottom: 720, first: 3.85 * 72,
		window: box{x: 0, y: 2.04 * 72, w: 5.375 * 72, h: 1.585 * 72}, address: box{68, 2.2 * 72, 3.4 * 72, 0.97 * 72},
		info: box{5.5 * 72, 2.1 * 72, 612 - 54 - 5.5*72, 1.4 * 72}},
}
