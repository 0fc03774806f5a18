package web

import "html/template"

// icon draws one symbol of the sprite in the frame. Names are ours; nothing a
// person wrote comes here.
func icon(name string) template.HTML {
	for _, r := range name {
		if r < 'a' || r > 'z' {
			return ""
		}
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><use href="#i-` + name + `"/></svg>`)
}
