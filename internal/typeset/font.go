package typeset

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"unicode"

	"github.com/signintech/gopdf"
)

// The fonts, all under the SIL Open Font License: see fonts/OFL-*.txt.
var (
	//go:embed fonts/NotoSansSC-Regular.ttf.gz
	hanFile []byte
	//go:embed fonts/NotoSans-Regular.ttf.gz
	latinFile []byte
	//go:embed fonts/NotoSans-Bold.ttf.gz
	boldFile []byte
)

// A Face is the look a text is set in by preference. A character its font
// lacks is set in the other fonts.
type Face int

// The faces. Han is Noto Sans SC, whose Latin letters sit well beside Chinese
// but lack much of central Europe; Latin is Noto Sans: Latin, Greek, Cyrillic.
const (
	Han Face = iota
	Latin
	Bold // of Latin; Chinese stays regular
)

var preference = [...][]Face{Han: {Han, Latin}, Latin: {Latin, Han}, Bold: {Bold, Latin, Han}}

// family names a face inside a document.
var family = [...]string{Han: "han", Latin: "latin", Bold: "bold"}

// measureAt is the size widths are measured at.
const measureAt = 100

// maxRune is the last character the library sets: those above need more than
// the two bytes it writes for each.
const maxRune = 0xFFFF

// A Font is the three faces, read at first use and then shared by every
// document. The zero value is ready, and safe for use by several goroutines.
type Font struct {
	faces [3]face
}

var shared Font

// Shared is the one Font of the process: read, the fonts take some 20 MB.
func Shared() *Font { return &shared }

// A face is one font file.
type face struct {
	once   sync.Once
	shared *gopdf.FontContainer
	err    error

	mu     sync.Mutex
	doc    *gopdf.GoPdf // measures, under mu; nothing is ever drawn in it
	widths []atomic.Uint32
}

func (f *Font) face(x Face) (*face, error) {
	a := &f.faces[x]
	a.once.Do(func() {
		if a.shared, a.err = readFont(x); a.err != nil {
			return
		}
		a.widths = make([]atomic.Uint32, maxRune+1)
		a.doc = &gopdf.GoPdf{}
		a.doc.Start(gopdf.Config{PageSize: gopdf.Rect{W: 1, H: 1}})
		a.err = a.addTo(a.doc, x, measureAt)
	})
	return a, a.err
}

// read reads every face, so that nothing can fail later.
func (f *Font) read() error {
	for x := range f.faces {
		if _, err := f.face(Face(x)); err != nil {
			return err
		}
	}
	return nil
}

func readFont(x Face) (*gopdf.FontContainer, error) {
	file := [...][]byte{Han: hanFile, Latin: latinFile, Bold: boldFile}[x]
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("read the font: %w", err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("read the font: %w", err)
	}
	c := &gopdf.FontContainer{}
	if err := c.AddTTFFontData(family[x], data); err != nil {
		return nil, fmt.Errorf("read the font: %w", err)
	}
	return c, nil
}

// addTo puts the face into a document and chooses it.
func (a *face) addTo(doc *gopdf.GoPdf, x Face, size float64) error {
	if err := doc.AddTTFFontFromFontContainer(family[x], a.shared); err != nil {
		return fmt.Errorf("use the font: %w", err)
	}
	if err := doc.SetFont(family[x], "", size); err != nil {
		return fmt.Errorf("use the font: %w", err)
	}
	return nil
}

const softHyphen = '\u00ad'

// noGlyph marks a character a face cannot draw.
const noGlyph = float32(-1)

// width of a character at size 1, negative when the face has no glyph for it.
func (a *face) width(r rune) float64 {
	if r < ' ' || r > maxRune {
		return float64(noGlyph)
	}
	if bits := a.widths[r].Load(); bits != 0 {
		return float64(math.Float32frombits(bits))
	}
	w := a.look(r)
	if w == 0 {
		w = math.SmallestNonzeroFloat32 // 0 stands for not known yet
	}
	a.widths[r].Store(math.Float32bits(w))
	return float64(w)
}

func (a *face) look(r rune) float32 {
	if r == unicode.ReplacementChar || r != softHyphen && unicode.Is(unicode.Cf, r) {
		return noGlyph // invisible, or a hole: never set without anybody knowing
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if has, err := a.doc.IsCurrFontContainGlyph(r); err != nil || !has {
		return noGlyph
	}
	n, err := a.doc.MeasureTextWidth(string(r))
	if err != nil {
		return noGlyph
	}
	return float32(n / measureAt)
}

// find returns the face a character is set in, and its width there; a negative
// width when no face has it.
func (f *Font) find(r rune, want Face) (Face, float64) {
	for _, x := range preference[want] {
		if w := f.faces[x].width(r); w >= 0 {
			return x, w
		}
	}
	return want, float64(noGlyph)
}
