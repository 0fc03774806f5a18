package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A browser is somebody in front of the console, with the cookies it was given.
type browser struct {
	w       *world
	cookies map[string]string
}

func (w *world) visitor() *browser { return &browser{w: w, cookies: map[string]string{}} }

// signIn signs somebody in through the form, with a new code.
func (w *world) signIn(who string) *browser {
	w.t.Helper()
	b := w.visitor()
	b.post("/sign-in", "name", who, "password", testPassword, "code", w.code(who)).want(http.StatusSeeOther)
	return b
}

func (b *browser) get(path string, header ...string) reply {
	b.w.t.Helper()
	return b.do(httptest.NewRequestWithContext(b.w.t.Context(), http.MethodGet, path, nil), header...)
}

// post sends a form of names and values.
func (b *browser) post(path string, form ...string) reply {
	b.w.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		v.Add(form[i], form[i+1])
	}
	r := httptest.NewRequestWithContext(b.w.t.Context(), http.MethodPost, path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r, "Sec-Fetch-Site", "same-origin")
}

func (b *browser) do(r *http.Request, header ...string) reply {
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	out := b.w.send(b.w.inside, r)
	for _, c := range out.Result().Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return out
}

var (
	anyTag   = regexp.MustCompile(`<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:"[^"]*"|'[^']*'|[^'">])*)>`)
	attrName = regexp.MustCompile(`(?:^|\s)([a-zA-Z_:][-a-zA-Z0-9_:.]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?`)
	hrefs    = regexp.MustCompile(`\shref="(/[^"]*)"`)
	idsOf    = regexp.MustCompile(`\sid="([^"]*)"`)
	forsOf   = regexp.MustCompile(`\s(?:for|aria-labelledby|aria-describedby)="([^"]*)"`)
)

var voidTags = map[string]bool{"meta": true, "link": true, "input": true, "br": true, "hr": true, "img": true, "col": true, "wbr": true, "source": true}

// sound checks a page: tags are balanced, nothing runs or paints that the
// content policy forbids, ids are unique, and labels lead to what they name.
func sound(t testing.TB, path, page string) {
	t.Helper()
	page = strings.TrimPrefix(page, "<!doctype html>")
	var open []string
	for _, m := range anyTag.FindAllStringSubmatch(page, -1) {
		closing, name, rest := m[1] == "/", strings.ToLower(m[2]), m[3]
		if closing {
			if len(open) == 0 || open[len(open)-1] != name {
				t.Errorf("%s: </%s> closes %v", path, name, open)
				return
			}
			open = open[:len(open)-1]
			continue
		}
		soundTag(t, path, name, rest)
		if !voidTags[name] && !strings.HasSuffix(rest, "/") {
			open = append(open, name)
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: %v stays open", path, open)
	}
	soundIDs(t, path, page)
}

func soundTag(t testing.TB, path, name, rest string) {
	t.Helper()
	src := false
	for _, a := range attrName.FindAllStringSubmatch(strings.TrimSuffix(rest, "/"), -1) {
		key := strings.ToLower(a[1])
		if strings.HasPrefix(key, "on") || key == "style" || strings.HasPrefix(key, "hx-on") {
			t.Errorf("%s: <%s %s>", path, name, key)
		}
		if key == "src" && strings.HasPrefix(strings.Trim(a[2], `"'`), "/static/") {
			src = true
		}
		if strings.Contains(strings.ToLower(a[2]), "javascript:") || strings.Contains(a[2], "ZgotmplZ") {
			t.Errorf("%s: <%s %s=%s>", path, name, key, a[2])
		}
	}
	if name == "style" || (name == "script" && !src) {
		t.Errorf("%s: inline <%s>", path, name)
	}
}

func soundIDs(t testing.TB, path, page string) {
	t.Helper()
	ids := map[string]bool{}
	for _, m := range idsOf.FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("%s: the id %q is there twice", path, m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range forsOf.FindAllStringSubmatch(page, -1) {
		for id := range strings.FieldsSeq(m[1]) {
			if !ids[id] {
				t.Errorf("%s: a label or a description names #%s, which is not there", path, id)
			}
		}
	}
}
