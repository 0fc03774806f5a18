package templates

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"maps"
	"slices"
	"strings"
	texttemplate "text/template"

	"tocsin/incidents"
)

//go:embed words/*.yaml layouts/*
var embedded embed.FS

// A Book is the words and layouts, read and checked. It never changes and is
// safe for use by several goroutines.
type Book struct {
	org      Org
	lexicons map[incidents.Lang]*lexicon
	matcher  *matcher // among the languages shipped; falls back to none
	html     *htmltemplate.Template
	text     *texttemplate.Template
	layout   string
}

var _ incidents.Wordbook = (*Book)(nil)

// New reads the words and layouts of fsys, or those built in when it is nil.
// A broken file is an invalid error that names file, line and reason.
func New(org Org, fsys fs.FS) (*Book, error) {
	if err := org.check(); err != nil {
		return nil, err
	}
	if fsys == nil {
		fsys = embedded
	}
	lexicons, err := loadLexicons(fsys)
	if err != nil {
		return nil, err
	}
	b := &Book{org: org, lexicons: lexicons}
	if b.matcher, err = newMatcher(slices.Collect(maps.Keys(lexicons)), declared(lexicons), ""); err != nil {
		return nil, err
	}
	if err := b.loadLayouts(fsys); err != nil {
		return nil, err
	}
	if b.layout, err = hashFiles(org, fsys); err != nil {
		return nil, err
	}
	return b, b.tryAll()
}

var layoutFiles = []string{"email_subject.txt", "email.txt", "sms.txt", "push_title.txt", "push_body.txt", "voice_hello.txt", "voice.txt"}

func (b *Book) loadLayouts(fsys fs.FS) (err error) {
	b.html, err = htmltemplate.New("").Option("missingkey=error").ParseFS(fsys, "layouts/email.html", "layouts/email.css")
	if err != nil {
		return layoutError(err)
	}
	for _, name := range []string{"layouts/email.html", "layouts/email.txt"} {
		data, err := fs.ReadFile(fsys, name)
		if err == nil && !strings.Contains(string(data), ".Note") {
			return incidents.Invalid("%s does not show .Note", name).WithHint("guardians and representatives are told by it why they are written to")
		}
	}
	b.text = texttemplate.New("").Option("missingkey=error").Funcs(texttemplate.FuncMap{"wrap": wrapText, "heading": headingText, "item": itemText})
	for _, name := range layoutFiles {
		data, err := fs.ReadFile(fsys, "layouts/"+name)
		if err != nil {
			return incidents.Invalid("layouts/%s is missing", name)
		}
		if _, err := b.text.New(name).Parse(strings.TrimSuffix(string(data), "\n")); err != nil {
			return layoutError(err)
		}
	}
	return nil
}

// layoutError turns a template error, "template: email.html:12: …", into ours.
func layoutError(err error) error {
	msg := err.Error()
	if _, rest, ok := strings.Cut(msg, "template: "); ok {
		msg = "layouts/" + rest
	}
	return incidents.Invalid("%s", msg).WithHint("mend the line shown and start again")
}

// tryAll compiles the draft of every kind in every language, so that a layout
// that cannot be carried out stops the start.
func (b *Book) tryAll() error {
	for _, kind := range noticeKinds {
		langs := map[incidents.Lang]incidents.Words{}
		for lang, lex := range b.lexicons {
			langs[lang] = incidents.Words(lex.Notices[kind])
		}
		for _, lang := range b.Languages() {
			c := incidents.Content{Kind: kind, Mode: incidents.Drill, Langs: langs, Default: lang, EndDate: "2030-01-31"}
			compiled, err := b.compile(c, true)
			for _, r := range incidents.Readers() {
				if err == nil && kind == incidents.NoticeBreach {
					_, err = compiled.For(r)
				}
			}
			if err != nil {
				return fmt.Errorf("try the draft of %s: %w", kind, err)
			}
		}
	}
	return nil
}

// hashFiles is the version of everything that goes out beside the notice's own
// words: files, and who speaks.
func hashFiles(org Org, fsys fs.FS) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "org %q %q %q %q\n", org.Name, org.Domains, org.Contact, org.Verify)
	for _, dir := range []string{"layouts", "words"} {
		entries, err := fs.ReadDir(fsys, dir)
		if err != nil {
			return "", fmt.Errorf("read %s: %w", dir, err)
		}
		for _, e := range entries {
			data, err := fs.ReadFile(fsys, dir+"/"+e.Name())
			if err != nil {
				return "", fmt.Errorf("read %s: %w", e.Name(), err)
			}
			fmt.Fprintf(h, "%s/%s %d\n", dir, e.Name(), len(data))
			h.Write(data)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

// Layout is the version of the layouts, the fixed words and the organisation's
// name, domains, contact and verification page.
func (b *Book) Layout() string { return b.layout }

// Languages lists the languages we have words in.
func (b *Book) Languages() []incidents.Lang { return slices.Sorted(maps.Keys(b.lexicons)) }

// DataWords says data categories or items in plain words of a language, for
// Slots.Data. A category without a word is said as other information, and no
// category at all as personal data: nobody's message has a hole.
func (b *Book) DataWords(lang incidents.Lang, categories []string) string {
	lex := b.lexicon(lang)
	if lex == nil {
		lex = b.lexicons[b.Languages()[0]]
	}
	return lex.dataWords(categories)
}

// lexicon finds the words for a language, or nil.
func (b *Book) lexicon(lang incidents.Lang) *lexicon { return b.lexicons[b.matcher.match(lang)] }
