package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"tocsin/incidents"
)

// langsOf lists the languages of a text, its default first.
func langsOf(t incidents.AnnouncementText) []incidents.Lang {
	out := []incidents.Lang{t.Default}
	for l := range t.Langs {
		if l != t.Default {
			out = append(out, l)
		}
	}
	slices.Sort(out[1:])
	return out
}

func (p *public) announcement(w http.ResponseWriter, r *http.Request) error {
	n, err := p.Desk.PublicAnnouncement(r.Context(), mux.Vars(r)["slug"])
	if err != nil {
		return err
	}
	if n.Status == incidents.AnnouncementWithdrawn {
		w.Header().Set("Cache-Control", "public, max-age=60")
		lang := chooseLang(r, siteLangs)
		return p.show(w, http.StatusGone, "withdrawn", withdrawnPage{p.frame(r, lang, "withdrawn"), n.UpdatedAt})
	}
	at := len(n.Published) - 1
	if v := r.URL.Query().Get("v"); v != "" {
		no, err := strconv.Atoi(v)
		at = slices.IndexFunc(n.Published, func(x incidents.PublishedVersion) bool { return err == nil && x.Version == no })
		if at < 0 {
			return incidents.NotFound("there is no such version")
		}
	}
	tag := `"` + n.Published[at].Hash[:16] + "-" + strconv.Itoa(len(n.Published)) + `"`
	shown := n.Published[at].Text
	lang := chooseLang(r, langsOf(shown))
	p.cache(w)
	w.Header().Set("Content-Language", string(lang))
	w.Header().Set("Last-Modified", n.UpdatedAt.UTC().Format(http.TimeFormat))
	w.Header().Set("ETag", tag[:len(tag)-1]+"-"+string(lang)+`"`)
	if r.Header.Get("If-None-Match") == w.Header().Get("ETag") {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return p.show(w, http.StatusOK, "announcement", p.announcementPage(r, n, at, lang))
}

func (p *public) announcementPage(r *http.Request, n incidents.Announcement, at int, lang incidents.Lang) announcementPage {
	v := n.Published[at]
	words := v.Text.Langs[lang]
	page := announcementPage{PublicFrame: p.frame(r, lang, "notice"), Slug: n.Slug, Words: words, Version: v.Version, At: v.At, Newest: at == len(n.Published)-1}
	page.Title = words.Title
	page.Choices = nil
	for _, l := range langsOf(v.Text) {
		href := "/announcements/" + n.Slug + "?lang=" + string(l)
		if !page.Newest {
			href += "&v=" + strconv.Itoa(v.Version)
		}
		page.Choices = append(page.Choices, langChoice{l, languageName(l), href, l == lang})
	}
	page.Sections = sectionsOf(words)
	if at > 0 {
		page.Changes = changesIn(n.Published[at-1].Text, v.Text, lang)
	}
	for i := len(n.Published) - 1; i >= 0; i-- {
		e := versionEntry{Version: n.Published[i].Version, At: n.Published[i].At, First: i == 0, Shown: i == at}
		if i > 0 {
			for _, c := range changesIn(n.Published[i-1].Text, n.Published[i].Text, lang) {
				e.Parts = append(e.Parts, c.Where)
			}
		}
		page.Versions = append(page.Versions, e)
	}
	return page
}

// partsOf lists the parts of a text below its summary, in the order of the page.
// Keys are of publicWords.
func partsOf(w incidents.AnnouncementWords) []struct{ key, text string } {
	return []struct{ key, text string }{{"happened", w.Happened}, {"measures", w.Measures}, {"advice", w.Advice}, {"remedies", w.Remedies}, {"contact", w.Contact}}
}

// sectionsOf lays out the parts that say something.
func sectionsOf(w incidents.AnnouncementWords) (out []section) {
	for _, x := range partsOf(w) {
		if b := blocks(x.text); len(b) > 0 {
			out = append(out, section{x.key, b})
		}
	}
	return out
}

// changes compares two texts part by part. Where is a key of publicWords.
func changes(was, is incidents.AnnouncementWords) (out []wordChange) {
	add := func(key, was, is string) {
		if was != is {
			out = append(out, wordChange{key, was, is})
		}
	}
	add("title", was.Title, is.Title)
	add("short", was.Short, is.Short)
	now := partsOf(is)
	for i, x := range partsOf(was) {
		add(x.key, x.text, now[i].text)
	}
	return out
}

// changesIn compares two published texts in one language.
func changesIn(was, is incidents.AnnouncementText, lang incidents.Lang) []wordChange {
	a, _ := wordsFor(was, lang)
	b, _ := wordsFor(is, lang)
	return changes(a, b)
}

// day writes a date the way its readers do.
func day(lang incidents.Lang, t time.Time) string {
	t = t.UTC()
	if uiLang(lang) == "zh-Hans" {
		return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
	}
	return t.Format("2 January 2006")
}

// moment is day with the time and its zone.
func moment(lang incidents.Lang, t time.Time) string {
	if uiLang(lang) == "zh-Hans" {
		return day(lang, t) + t.UTC().Format(" 15:04 UTC")
	}
	return day(lang, t) + t.UTC().Format(", 15:04 UTC")
}
