package email

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/templates"
)

// A skeleton is the e-mail of one form, written once: every byte that is the
// same for everybody, in order, and between them the places of a person's
// values. Static text and values are encoded apart, each from the beginning of
// a line, so that what comes out reads back as the message built whole.
type skeleton struct {
	subject string // the folded header, when it is the same for everybody
	fixed   string // headers that are the same for everybody
	bits    []bit
	size    int // of all static bytes
}

// A bit is static bytes, or the place of a value.
type bit struct {
	static []byte
	part   templates.Part
	piece  int
}

// Where the texts go while jordan-wright/email writes the skeleton: short, so
// that no line is broken inside, and nothing it would encode.
const (
	textMark = "tocsin0text0goes0here"
	htmlMark = "tocsin0html0goes0here"
)

// skeletonOf writes the e-mail of a form without anybody's values.
func (o *Options) skeletonOf(f *templates.Form, notice incidents.NoticeID) (*skeleton, error) {
	head, body, err := parts(textMark, htmlMark, "=_tocsin_"+boundary(notice, f.Lang()))
	if err != nil {
		return nil, err
	}
	before, rest, ok1 := bytes.Cut(body, []byte(textMark))
	between, after, ok2 := bytes.Cut(rest, []byte(htmlMark))
	if !ok1 || !ok2 || head.coding != "" {
		return nil, fmt.Errorf("the skeleton of an e-mail in %s has no place for its texts", f.Lang())
	}
	s := &skeleton{fixed: o.fixed(f.Lang(), head.content)}
	if subject, same := f.Fixed(templates.PartSubject); same {
		s.subject = string(header(nil, "Subject", encodeWords(subject)))
	}
	s.static(before)
	s.part(f, templates.PartText)
	s.static(between)
	s.part(f, templates.PartHTML)
	s.static(after)
	return s, nil
}

func (s *skeleton) static(b []byte) {
	if len(b) == 0 {
		return
	}
	s.size += len(b)
	if n := len(s.bits); n > 0 && s.bits[n-1].static != nil {
		s.bits[n-1].static = append(s.bits[n-1].static, b...)
		return
	}
	s.bits = append(s.bits, bit{static: bytes.Clone(b)})
}

func (s *skeleton) part(f *templates.Form, p templates.Part) {
	for i := range f.Pieces(p) {
		text, static := f.Static(p, i)
		if !static {
			s.bits = append(s.bits, bit{part: p, piece: i})
			continue
		}
		var q quoted
		q.write([]byte(text))
		q.soft()
		s.static(q.b)
	}
}

// skeletons keeps those of the forms in use.
type skeletons struct {
	mu sync.RWMutex
	by map[skeletonKey]*skeleton
}

// Two notices of the same content have one form, and each its own boundary.
type skeletonKey struct {
	form   *templates.Form
	notice incidents.NoticeID
}

const maxSkeletons = 256

func (c *skeletons) of(o *Options, f *templates.Form, notice incidents.NoticeID) (*skeleton, error) {
	key := skeletonKey{f, notice}
	c.mu.RLock()
	s := c.by[key]
	c.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	s, err := o.skeletonOf(f, notice)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil || len(c.by) >= maxSkeletons {
		c.by = map[skeletonKey]*skeleton{}
	}
	c.by[key] = s
	return s, nil
}

// Encode writes the message as it will leave: from the skeleton of its form
// when it has one, whole otherwise. at is when its first attempt was written
// down; the same delivery has the same bytes at every attempt.
func (c *Channel) Encode(m *notifiers.Message, at time.Time) error {
	if m.Text.Filled == nil {
		b, err := c.o.Build(*m, at)
		m.Wire = b
		return err
	}
	to, err := recipient(*m)
	if err != nil {
		return err
	}
	s, err := c.skeletons.of(&c.o, m.Text.Filled.Form, m.NoticeID)
	if err != nil {
		return err
	}
	var b []byte
	if len(m.Wire) == 0 {
		b = m.Wire // there may be room
	}
	b = c.o.address(slices.Grow(b, s.size+2048), m, to, at)
	if s.subject != "" {
		b = append(b, s.subject...)
	} else {
		b = header(b, "Subject", encodeWords(m.Text.Subject))
	}
	q := quoted{b: append(b, s.fixed...)}
	var room [256]byte
	value := room[:0]
	for i := range s.bits {
		x := &s.bits[i]
		if x.static != nil {
			q.b = append(q.b, x.static...)
			continue
		}
		value = m.Text.Filled.Value(value[:0], x.part, x.piece)
		q.write(value)
		q.soft()
	}
	m.Wire = q.b
	return nil
}

func boundary(notice incidents.NoticeID, lang incidents.Lang) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, string(notice)+"_"+string(lang))
}
