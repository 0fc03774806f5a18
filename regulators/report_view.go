package regulators

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// A reportView is a report as both documents show it: every text is final.
type reportView struct {
	Lang       incidents.Lang
	Words      *formWords
	Title      string
	Running    string // short line for the head of a page
	Drill      bool
	Head       []viewRow
	Open       string // how many answers are open; empty: none
	Follows    bool   // says what changed since the report before
	Changes    []viewRow
	Sections   []viewSection
	Approvals  []string
	Filing     []viewRow
	Hash       string
	HashWrong  bool
	Disclaimer string
}

// A viewRow is a label with its value.
type viewRow struct{ Label, Value string }

// A viewSection is one heading with its rows.
type viewSection struct {
	Title, Beside string
	Rows          []viewField
}

// A viewField is one row of a report. Question is set when the answer is open.
type viewField struct {
	Label, Beside, Value, Question string
	Changed                        bool
}

func (r *Reports) view(c incidents.ReportContent, m incidents.ReportMeta) reportView {
	w := r.wordsOf(c.Lang)
	s := scribe{words: w, zone: time.UTC}
	f := r.forms[c.Form]
	if f != nil {
		s.zone = f.zone
	}
	v := reportView{Lang: w.Lang, Words: w, Title: c.Title, Drill: c.Mode == incidents.Drill, Hash: m.Hash,
		HashWrong: m.Hash != c.Hash(), Disclaimer: w.Words["disclaimer"]}
	no := "R-" + strconv.FormatInt(m.No, 10)
	v.Running = no + " · " + w.Words["version"] + " " + strconv.Itoa(m.Version) + " · " + m.Ref
	v.Head = head(w, c, m, no, s)
	switch n := len(c.Missing()); {
	case n == 1:
		v.Open = w.Words["missing-one"]
	case n > 1:
		v.Open = w.fill("missing-count", "n", strconv.Itoa(n))
	}
	v.Follows, v.Changes = c.Phase.FollowsUp() && c.Follows != "", changeRows(f, w, c)
	v.Sections = r.viewSections(c, f, w)
	v.Approvals, v.Filing = approvalLines(s, m), filingRows(s, m)
	return v
}

func head(w *formWords, c incidents.ReportContent, m incidents.ReportMeta, no string, s scribe) []viewRow {
	var out []viewRow
	add := func(key, value string) {
		if value != "" {
			out = append(out, viewRow{w.Words[key], value})
		}
	}
	add("to", c.Authority)
	add("organisation", m.Org)
	add("report", no+w.Words["semicolon"]+w.Words["version"]+" "+strconv.Itoa(m.Version))
	add("incident", m.Ref)
	add("follows", c.Follows)
	add("status", w.Words["status-"+string(m.Status)])
	add("made", s.time(m.Made)+" · "+w.Words["facts"]+spaced(w.Lang, w.Words["revision"])+" "+strconv.Itoa(c.FactsRev))
	return out
}

func (r *Reports) viewSections(c incidents.ReportContent, f *form, w *formWords) []viewSection {
	var out []viewSection
	last := ""
	for i, x := range c.Fields {
		if i == 0 || x.Section != last {
			title, beside := f.splitSection(x.Section, w.Lang)
			out, last = append(out, viewSection{Title: title, Beside: beside}), x.Section
		}
		label, beside := f.splitLabel(x, w.Lang)
		row := viewField{Label: label, Beside: beside, Value: x.Value, Changed: x.Changed}
		if x.Missing {
			row.Question = r.Question(c, x)
		}
		s := &out[len(out)-1]
		s.Rows = append(s.Rows, row)
	}
	return out
}

// splitLabel parts a label from its second language, when it is the form's.
func (f *form) splitLabel(x incidents.ReportField, lang incidents.Lang) (label, beside string) {
	if own, ok := strings.CutSuffix(x.Label, ")"); ok && f != nil && slices.Contains(withdrawalFields, x.Key) {
		label, beside, _ = strings.Cut(own, " (")
		return label, beside
	}
	if f != nil {
		if d, ok := f.find(x.Key); ok && f.label(d.Label, lang) == x.Label {
			return d.Label.in(lang), f.beside(d.Label, lang)
		}
	}
	return x.Label, ""
}

func (f *form) splitSection(title string, lang incidents.Lang) (label, beside string) {
	if f != nil {
		for _, s := range f.Sections {
			if f.label(s.Label, lang) == title {
				return s.Label.in(lang), f.beside(s.Label, lang)
			}
		}
		if own, ok := strings.CutSuffix(title, ")"); ok && f.Beside != "" { // our own section, of a withdrawal
			label, beside, _ = strings.Cut(own, " (")
			return label, beside
		}
	}
	return title, ""
}

// changeRows says in words what differs from the report before, field by field.
func changeRows(f *form, w *formWords, c incidents.ReportContent) []viewRow {
	var out []viewRow
	for _, x := range c.Changes() {
		label, _ := f.splitLabel(x, w.Lang)
		out = append(out, viewRow{label, changeText(w, x)})
	}
	return out
}

func changeText(w *formWords, x incidents.ReportField) string {
	was, now := passage(w, x.Was), passage(w, x.Value)
	switch {
	case was == "":
		return w.fill("change-new", "now", now)
	case now == "":
		return w.fill("change-gone", "was", was)
	}
	return w.fill("change-both", "was", was, "now", now)
}

// passage is an answer in one line, its beginning when it is long: the whole
// stands in its own field.
func passage(w *formWords, s string) string {
	const most = 240
	between := "; "
	if w.Lang == langZH {
		between = "；"
	}
	var b strings.Builder
	for _, line := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		switch {
		case b.Len() == 0:
		case strings.HasSuffix(strings.TrimSpace(b.String()), "."):
			b.WriteString(" ")
		default:
			b.WriteString(between)
		}
		b.WriteString(line)
	}
	s = b.String()
	if runes := []rune(strings.TrimSpace(s)); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return strings.TrimSpace(s)
}

func approvalLines(s scribe, m incidents.ReportMeta) []string {
	var out []string
	for _, a := range m.Approved {
		key := "approved-by"
		if a.Decision != "approve" {
			key = "returned-by"
		}
		line := s.words.fill(key, "name", a.ByName, "time", s.time(a.At))
		if a.Void != "" {
			line += " – " + s.words.fill("void", "why", a.Void)
		}
		out = append(out, line)
	}
	if len(out) == 0 {
		out = []string{s.words.Words["nobody"]}
	}
	return out
}

func filingRows(s scribe, m incidents.ReportMeta) []viewRow {
	w := s.words
	if m.Filed == nil {
		return []viewRow{{w.Words["filing"], w.Words["not-filed"]}}
	}
	out := []viewRow{{w.Words["filing"], w.fill("filed", "time", s.time(m.Filed.At), "channel", cmp.Or(w.Words["channel-"+m.Filed.Channel], m.Filed.Channel), "reference", m.Filed.Reference)}}
	if m.Filed.ReceiptName != "" || m.Filed.ReceiptSHA256 != "" {
		out = append(out, viewRow{w.Words["receipt"], m.Filed.ReceiptName + "\nSHA-256 " + m.Filed.ReceiptSHA256})
	}
	return out
}
