package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"tocsin/incidents"
)

//go:embed templates/public
var publicFiles embed.FS

// publicPages are the templates of the public site, one set per page.
type publicPages struct{ sets map[string]*template.Template }

var publicTemplates = loadPublic()

// loadPublic parses what is embedded: an error here cannot pass a test.
func loadPublic() *publicPages {
	p := &publicPages{map[string]*template.Template{}}
	funcs := template.FuncMap{"day": day, "moment": moment, "stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) }}
	base := template.Must(template.New("frame.html").Funcs(funcs).ParseFS(publicFiles, "templates/public/frame.html"))
	for _, name := range []string{"list", "announcement", "withdrawn", "verify", "message"} {
		p.sets[name] = template.Must(template.Must(base.Clone()).ParseFS(publicFiles, "templates/public/"+name+".html"))
	}
	return p
}

func (p *publicPages) render(name string, page any) ([]byte, error) {
	var b bytes.Buffer
	if err := p.sets[name].ExecuteTemplate(&b, "frame.html", page); err != nil {
		return nil, fmt.Errorf("render public page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// PublicFrame is what every public page has round it.
type PublicFrame struct {
	Lang    incidents.Lang // of the page's words
	UI      incidents.Lang // of the fixed words
	Title   string
	Org     string
	Contact []string
	Choices []langChoice
}

// A langChoice leads to the same page in another language.
type langChoice struct {
	Lang    incidents.Lang
	Name    string
	Href    string
	Current bool
}

// W returns a fixed word.
func (f PublicFrame) W(key string) string { return publicWords[f.UI][key] }

// Wf returns a fixed word with something put in.
func (f PublicFrame) Wf(key string, args ...any) string {
	return fmt.Sprintf(publicWords[f.UI][key], args...)
}

func (p *public) frame(r *http.Request, lang incidents.Lang, title string) PublicFrame {
	ui := uiLang(lang)
	f := PublicFrame{Lang: lang, UI: ui, Title: publicWords[ui][title], Org: p.Org.Name, Contact: p.Org.Contact}
	for _, l := range siteLangs {
		q := url.Values{"lang": {string(l)}}
		f.Choices = append(f.Choices, langChoice{l, languageName(l), r.URL.Path + "?" + q.Encode(), l == lang})
	}
	return f
}

// The pages.
type (
	listPublic struct {
		PublicFrame
		Items []listItem
	}
	listItem struct {
		Slug         string
		Lang         incidents.Lang
		Title, Short string
		Updated      time.Time
	}
	announcementPage struct {
		PublicFrame
		Slug     string
		Words    incidents.AnnouncementWords
		Sections []section
		Version  int
		At       time.Time
		Newest   bool
		Changes  []wordChange
		Versions []versionEntry // newest first
	}
	section struct {
		Key    string
		Blocks []block
	}
	versionEntry struct {
		Version int
		At      time.Time
		First   bool
		Shown   bool
		Parts   []string
	}
	withdrawnPage struct {
		PublicFrame
		At time.Time
	}
	verifyPage struct {
		PublicFrame
		Code        string
		Asked       bool
		Genuine     *incidents.Genuine
		Subject     string
		SubjectLang incidents.Lang
		Sections    []section // of a notice that is read here
	}
	messagePage struct {
		PublicFrame
		Key string
	}
)
