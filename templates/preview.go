package templates

import "tocsin/incidents"

// Preview renders a content as it stands for an invented person, gaps included.
func (b *Book) Preview(c incidents.Content, ch incidents.Channel, lang incidents.Lang) (Rendered, error) {
	return b.PreviewFor(c, incidents.ReaderPerson, ch, lang)
}

// PreviewFor renders a content as a reader gets it, about an invented person.
func (b *Book) PreviewFor(c incidents.Content, reader incidents.Reader, ch incidents.Channel, lang incidents.Lang) (Rendered, error) {
	compiled, err := b.compile(c, true)
	if err != nil {
		return Rendered{}, err
	}
	if compiled, err = compiled.For(reader); err != nil {
		return Rendered{}, err
	}
	return compiled.Render(ch, lang, b.invented(compiled.Match(lang), c))
}

// invented are the values of a person who does not exist, and of whom the list
// names no kinds of data.
func (b *Book) invented(lang incidents.Lang, c incidents.Content) Slots {
	const code = "QF7K-2M9D-XH4P"
	s := Slots{Name: "Alex Example", Data: b.DataWords(lang, c.Data),
		Code: code, Ref: "INC-2026-0000", VerifyURL: b.org.VerifyURL(code), Org: b.org.Name, EndDate: "2030-12-31"}
	if isChinese(lang) {
		s.Name = "王示例"
	}
	return s
}
