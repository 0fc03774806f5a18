package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/feeds"

	"tocsin/incidents"
)

// feed gathers the published announcements. Withdrawn ones are not in it.
func (p *public) feed(r *http.Request) (*feeds.Feed, incidents.Lang, error) {
	all, err := p.Desk.PublicAnnouncements(r.Context(), listed)
	if err != nil {
		return nil, "", err
	}
	lang := chooseLang(r, siteLangs)
	words := publicWords[uiLang(lang)]
	f := &feeds.Feed{Title: p.Org.Name + ": " + words["notices"], Link: &feeds.Link{Href: p.PublicURL + "/"}, Description: words["listlead"],
		Author: &feeds.Author{Name: p.Org.Name}, Updated: time.Unix(0, 0).UTC()}
	for _, n := range all {
		if len(n.Published) == 0 {
			continue
		}
		text, _ := wordsFor(n.Text, lang)
		at := p.PublicURL + "/announcements/" + n.Slug
		f.Items = append(f.Items, &feeds.Item{Id: at, Title: text.Title, Link: &feeds.Link{Href: at}, Description: strings.TrimSpace(text.Short),
			Content: feedHTML(text, words), Created: n.CreatedAt, Updated: n.UpdatedAt})
		if n.UpdatedAt.After(f.Updated) {
			f.Updated = n.UpdatedAt
		}
	}
	return f, lang, nil
}

func feedHTML(t incidents.AnnouncementWords, words map[string]string) string {
	var b strings.Builder
	b.WriteString(blocksHTML(t.Short))
	for _, s := range []struct{ key, text string }{{"happened", t.Happened}, {"measures", t.Measures}, {"advice", t.Advice}, {"remedies", t.Remedies}, {"contact", t.Contact}} {
		if strings.TrimSpace(s.text) != "" {
			b.WriteString("<h2>" + words[s.key] + "</h2>" + blocksHTML(s.text))
		}
	}
	return b.String()
}

func (p *public) atom(w http.ResponseWriter, r *http.Request) error {
	f, _, err := p.feed(r)
	if err != nil {
		return err
	}
	for _, item := range f.Items {
		item.Description = blocksHTML(item.Description)
	}
	text, err := f.ToAtom()
	if err != nil {
		return err
	}
	p.cache(w)
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	w.Header().Set("Last-Modified", f.Updated.UTC().Format(http.TimeFormat))
	_, _ = w.Write([]byte(text))
	return nil
}

func (p *public) jsonFeed(w http.ResponseWriter, r *http.Request) error {
	f, lang, err := p.feed(r)
	if err != nil {
		return err
	}
	js := (&feeds.JSON{Feed: f}).JSONFeed()
	js.Language, js.FeedUrl = string(lang), p.PublicURL+"/feed.json"
	for i, item := range js.Items {
		item.Summary = f.Items[i].Description // plain text here, HTML in Atom
	}
	if js.Items == nil {
		js.Items = []*feeds.JSONItem{}
	}
	b, err := json.MarshalIndent(struct {
		*feeds.JSONFeed
		Items []*feeds.JSONItem `json:"items"` // also when there are none
	}{js, js.Items}, "", "  ")
	if err != nil {
		return err
	}
	p.cache(w)
	w.Header().Set("Content-Type", "application/feed+json; charset=utf-8")
	w.Header().Set("Last-Modified", f.Updated.UTC().Format(http.TimeFormat))
	_, _ = w.Write(append(b, '\n'))
	return nil
}
