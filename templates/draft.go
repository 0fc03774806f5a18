package templates

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"

	"tocsin/incidents"
)

// Draft proposes words in the languages asked for, from the facts. What is not
// known is not claimed: a sentence appears only when the fact behind it is set.
// Texts people wrote into the facts are taken over only into the language they
// are written in.
func (b *Book) Draft(kind incidents.NoticeKind, in incidents.Incident, f incidents.Facts, langs []incidents.Lang) (map[incidents.Lang]incidents.Words, error) {
	if !slices.Contains(noticeKinds, kind) {
		return nil, incidents.Invalid("there is no kind of notice %q", kind).On("kind")
	}
	out := make(map[incidents.Lang]incidents.Words, len(langs))
	for _, lang := range langs {
		lex := b.lexicon(lang)
		if lex == nil {
			return nil, incidents.Invalid("there are no words for the language %s", lang).On("langs").WithHint("there are words for %s", joinLangs(b.Languages()))
		}
		out[lang] = writer{b, lex, in, f}.words(kind)
	}
	return out, nil
}

func joinLangs(langs []incidents.Lang) string {
	ss := make([]string, len(langs))
	for i, l := range langs {
		ss[i] = string(l)
	}
	return strings.Join(ss, ", ")
}

// A writer writes drafts in one language.
type writer struct {
	b   *Book
	lex *lexicon
	in  incidents.Incident
	f   incidents.Facts
}

func (w writer) words(kind incidents.NoticeKind) incidents.Words {
	d := w.lex.Notices[kind]
	if kind == incidents.NoticeBreach || kind == incidents.NoticeCorrection {
		d = w.discreet(d)
	}
	put := w.blanks(kind)
	return incidents.Words{Subject: put(d.Subject), Happened: put(d.Happened), Measures: put(d.Measures), Advice: put(d.Advice),
		Remedies: put(d.Remedies), Contact: put(d.Contact), SMS: put(d.SMS), PushTitle: put(d.PushTitle), PushBody: put(d.PushBody), Voice: put(d.Voice)}
}

// blanks returns what fills the {…} of a draft of that kind.
func (w writer) blanks(kind incidents.NoticeKind) func(string) string {
	var pairs []string
	switch kind {
	case incidents.NoticeBreach:
		pairs = []string{"{happened}", w.happened(), "{measures}", w.measures(), "{advice}", w.advice(), "{remedies}", w.remedies()}
	case incidents.NoticeTermination:
		pairs = []string{"{service}", cmp.Or(singleBraces(Clean(w.in.Title)), w.block("service_unnamed"))}
	case incidents.NoticePolicyChange:
		pairs = []string{"{summary}", cmp.Or(w.own("summary"), w.block("gap_change")), "{consequences}", cmp.Or(w.own("consequences"), w.block("gap_meaning")),
			"{measures}", w.own("measures_taken"), "{remedies}", w.own("remedies")}
	}
	r := strings.NewReplacer(append(pairs, "{contact}", w.contact())...)
	return func(s string) string { return tidy(r.Replace(s)) }
}

// tidy removes the spaces an empty blank leaves at line ends.
func tidy(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// happened tells what happened and its possible effect.
func (w writer) happened() string {
	effects := w.effects()
	return paragraphs(
		w.lex.sentences(w.opening(w.lex.Blocks), w.dated("aware", "aware_at", "detected_at"), w.cause()),
		w.lex.sentences(w.nature()...),
		w.own("summary"),
		w.block("data"),
		effects,
		w.own("consequences"),
	)
}

// opening says when something happened, as far as that is known.
func (w writer) opening(from map[string]string) string {
	if suspected, _ := w.f.Bool("suspected_only"); suspected {
		return from["opening_suspected"]
	}
	if at, ok := w.f.Time("occurred_at"); ok {
		return strings.ReplaceAll(from["opening_dated"], "{occurred}", w.lex.date(at))
	}
	return from["opening"]
}

// dated fills a block with the first of the times that is known, or says nothing.
func (w writer) dated(block string, facts ...string) string {
	for _, key := range facts {
		if at, ok := w.f.Time(key); ok {
			return strings.ReplaceAll(w.block(block), "{"+block+"}", w.lex.date(at))
		}
	}
	return ""
}

func (w writer) cause() string {
	if suspected, _ := w.f.Bool("suspected_only"); suspected {
		return ""
	}
	c, _ := w.f.Text("cause")
	return w.lex.Causes[c]
}

func (w writer) nature() []string {
	var out []string
	if yes, _ := w.f.Bool("confidentiality"); yes {
		key := "confidentiality"
		if effect, _ := w.f.Text("confidentiality_effect"); effect == "no_evidence" {
			key = "confidentiality_no_evidence"
		}
		out = append(out, w.block(key))
	}
	for _, key := range []string{"integrity", "availability"} {
		if yes, _ := w.f.Bool(key); yes {
			out = append(out, w.block(key))
		}
	}
	encrypted, _ := w.f.Bool("encrypted")
	safe, _ := w.f.Bool("key_safe")
	if encrypted && safe {
		out = append(out, w.block("unreadable"))
	}
	return out
}

func (w writer) categories() []string {
	cats, _ := w.f.List("data_categories")
	return cats
}

// effects lists what misuse of each category can mean.
func (w writer) effects() string {
	lines := w.perCategory(w.lex.Effects)
	if len(lines) == 0 {
		return w.block("effects_general")
	}
	return w.block("effects_intro") + "\n" + strings.Join(lines, "\n")
}

// perCategory makes list lines of the texts for the categories touched, in the
// order of the catalogue.
func (w writer) perCategory(texts map[string]string) []string {
	var out []string
	cats := w.categories()
	for _, o := range incidents.DataCategories {
		if slices.Contains(cats, o.Value) {
			out = append(out, "- "+texts[o.Value])
		}
	}
	return out
}

// measures tells what we have done and will do.
func (w writer) measures() string {
	return paragraphs(
		w.lex.sentences(w.dated("contained", "contained_at"), w.own("measures_taken")),
		w.lex.sentences(w.block("examining"), w.block("recurrence"), w.own("measures_planned")),
		w.lex.sentences(w.block("authorities"), w.block("update")),
	)
}

// advice tells what the person can do.
func (w writer) advice() string {
	lines := append(w.perCategory(w.lex.Advice), "- "+w.block("advice_general"))
	ps := []string{w.own("advice"), strings.Join(lines, "\n")}
	if minors, _ := w.f.Bool("minors_under_14"); minors {
		ps = append(ps, w.block("guardian"))
	}
	return paragraphs(append(ps, w.usAdvice())...)
}

// usAdvice is what laws of US states want said, when people live there.
func (w writer) usAdvice() string {
	places, _ := w.f.Places("persons_by_place")
	for _, p := range slices.Sorted(maps.Keys(places)) {
		if places[p] > 0 && (p == "US" || strings.HasPrefix(string(p), "US-")) {
			if hold, known := w.f.Bool("law_enforcement_hold"); known && !hold {
				return w.block("us_advice") + "\n- " + w.block("us_no_delay")
			}
			return w.block("us_advice")
		}
	}
	return ""
}

// remedies tells what we offer.
func (w writer) remedies() string {
	return paragraphs(w.own("remedies"), w.block("remedies_general"), w.lex.sentences(w.block("remedies_harm"), w.block("complaint")))
}

// contact tells how to reach us: what the facts say, else the organisation's.
func (w writer) contact() string {
	var lines []string
	for _, c := range []struct{ block, blank, fact string }{{"contact_name", "{contact}", "contact_name"}, {"contact_email", "{email}", "contact_email"},
		{"contact_phone", "{phone}", "contact_phone"}, {"contact_dpo", "{dpo}", "dpo_contact"}} {
		if v, ok := w.f.Text(c.fact); ok && strings.TrimSpace(v) != "" {
			lines = append(lines, strings.ReplaceAll(w.block(c.block), c.blank, singleBraces(Clean(v))))
		}
	}
	email, _ := w.f.Text("contact_email")
	phone, _ := w.f.Text("contact_phone")
	if own := singleBraces(strings.TrimSpace(w.b.org.Contact)); own != "" && email == "" && phone == "" {
		lines = append([]string{own}, lines...)
	}
	return strings.Join(lines, "\n")
}

func (w writer) block(key string) string { return w.lex.Blocks[key] }

// own returns a text fact when it is written in the writer's language, as far as
// the script tells.
func (w writer) own(key string) string {
	s, _ := w.f.Text(key)
	s = strings.TrimSpace(s)
	if s == "" || hasHan(s) != isChinese(w.lex.Lang) {
		return ""
	}
	return singleBraces(s)
}

// singleBraces keeps a text of the facts from being read as placeholders.
func singleBraces(s string) string {
	for strings.Contains(s, "{{") || strings.Contains(s, "}}") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "{{", "{"), "}}", "}")
	}
	return s
}

func hasHan(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0
}

func paragraphs(ps ...string) string {
	ps = slices.DeleteFunc(ps, func(s string) bool { return strings.TrimSpace(s) == "" })
	return strings.Join(ps, "\n\n")
}
