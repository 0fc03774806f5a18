package web

import (
	"strings"
	"unicode"
)

// A diffPiece is a run of text; Cut marks what the other side does not have.
type diffPiece struct {
	Text string
	Cut  bool
}

// Old and New are the two sides of a change, word by word.
func (w wordChange) Old() []diffPiece { old, _ := wordDiff(w.Was, w.Is); return old }

// New is the later side.
func (w wordChange) New() []diffPiece { _, now := wordDiff(w.Was, w.Is); return now }

// wordDiffMost bounds the table of the comparison: longer texts are shown
// whole, old above new.
const wordDiffMost = 4 << 20

// wordDiff marks what was taken out and what was put in.
func wordDiff(was, is string) (old, now []diffPiece) {
	a, b := diffWords(was), diffWords(is)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	midA, midB := a[head:len(a)-tail], b[head:len(b)-tail]
	keepA, keepB := common(midA, midB)
	old, now = pieces(a, head, keepA, tail), pieces(b, head, keepB, tail)
	return old, now
}

// common tells for each word of both sides whether the other has it too, in order.
func common(a, b []string) (inA, inB []bool) {
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	if len(a)*len(b) > wordDiffMost {
		return inA, inB
	}
	width := len(b) + 1
	best := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				best[i*width+j] = best[(i+1)*width+j+1] + 1
			} else {
				best[i*width+j] = max(best[(i+1)*width+j], best[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			inA[i], inB[j] = true, true
			i, j = i+1, j+1
		case best[(i+1)*width+j] >= best[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return inA, inB
}

func pieces(words []string, head int, kept []bool, tail int) (out []diffPiece) {
	for i, w := range words {
		cut := i >= head && i < len(words)-tail && !kept[i-head]
		if n := len(out); n > 0 && out[n-1].Cut == cut {
			out[n-1].Text += w
			continue
		}
		out = append(out, diffPiece{w, cut})
	}
	return out
}

// diffWords cuts a text into words, spaces and single ideographs.
func diffWords(s string) (out []string) {
	var b strings.Builder
	kind := 0
	flush := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	for _, r := range s {
		k := 1
		switch {
		case unicode.Is(unicode.Han, r) || unicode.IsPunct(r):
			k = 3
		case unicode.IsSpace(r):
			k = 2
		}
		if k != kind || k == 3 {
			flush()
		}
		kind = k
		b.WriteRune(r)
	}
	flush()
	return out
}
