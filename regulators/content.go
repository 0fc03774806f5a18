package regulators

import "tocsin/internal/strict"

// A contentKey is something a notice or report must contain.
type contentKey struct {
	Text   string `yaml:"text"`
	TextZH string `yaml:"zh"`
}

func (b *builder) loadContent() {
	const name = "vocabulary/content.yaml"
	if err := strict.Unmarshal(name, b.files[name], &b.pack.content); err != nil {
		b.broken(name, err)
	}
}

// ContentText says in words what a content key asks for; empty for an unknown key.
func (p *Pack) ContentText(key string) string { return p.content[key].Text }

// ContentTextZH is ContentText in Simplified Chinese, empty when not on file.
func (p *Pack) ContentTextZH(key string) string { return p.content[key].TextZH }
