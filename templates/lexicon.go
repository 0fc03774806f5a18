package templates

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// A lexicon is the words of one language: one file of words/.
type lexicon struct {
	Lang         incidents.Lang                   `yaml:"lang"`
	Name         string                           `yaml:"name"`
	AlsoFor      []string                         `yaml:"also_for"`
	Fixed        fixedWords                       `yaml:"fixed"`
	Readers      map[incidents.Reader]readerWords `yaml:"readers"`
	GiveAway     map[string][]string              `yaml:"give_away"`
	Unnamed      unnamedWords                     `yaml:"unnamed"`
	Cover        coverWords                       `yaml:"cover"`
	Data         map[string]string                `yaml:"data"`
	Effects      map[string]string                `yaml:"effects"`
	Advice       map[string]string                `yaml:"advice"`
	Causes       map[string]string                `yaml:"causes"`
	Blocks       map[string]string                `yaml:"blocks"`
	Notices      map[incidents.NoticeKind]drafted `yaml:"notices"`
	Announcement map[string]string                `yaml:"announcement"`
}

// fixedWords are the words of the layouts, the same in every notice.
type fixedWords struct {
	Greeting          string   `yaml:"greeting"`
	GreetingUnnamed   string   `yaml:"greeting_unnamed"`
	HeadingHappened   string   `yaml:"heading_happened"`
	HeadingMeasures   string   `yaml:"heading_measures"`
	HeadingAdvice     string   `yaml:"heading_advice"`
	HeadingRemedies   string   `yaml:"heading_remedies"`
	HeadingContact    string   `yaml:"heading_contact"`
	HeadingVerify     string   `yaml:"heading_verify"`
	Verify            string   `yaml:"verify"`
	CodeLabel         string   `yaml:"code_label"`
	VerifyLabel       string   `yaml:"verify_label"`
	RefLabel          string   `yaml:"ref_label"`
	Footer            string   `yaml:"footer"`
	DrillMark         string   `yaml:"drill_mark"`
	DrillMarkShort    string   `yaml:"drill_mark_short"`
	DrillBanner       string   `yaml:"drill_banner"`
	VoiceHello        string   `yaml:"voice_hello"` // said before a key is pressed
	VoiceAgain        string   `yaml:"voice_again"`
	VoiceBye          string   `yaml:"voice_bye"`
	DataUnspecified   string   `yaml:"data_unspecified"`
	ListSeparator     string   `yaml:"list_separator"`
	SentenceSeparator string   `yaml:"sentence_separator"`
	Date              string   `yaml:"date"`
	Months            []string `yaml:"months"`
}

// drafted is the first draft of one kind of notice.
type drafted struct {
	Subject   string `yaml:"subject"`
	Happened  string `yaml:"happened"`
	Measures  string `yaml:"measures"`
	Advice    string `yaml:"advice"`
	Remedies  string `yaml:"remedies"`
	Contact   string `yaml:"contact"`
	SMS       string `yaml:"sms"`
	PushTitle string `yaml:"push_title"`
	PushBody  string `yaml:"push_body"`
	Voice     string `yaml:"voice"`
}

func (d drafted) texts() map[string]string {
	return map[string]string{"subject": d.Subject, "happened": d.Happened, "measures": d.Measures, "advice": d.Advice, "remedies": d.Remedies,
		"contact": d.Contact, "sms": d.SMS, "push_title": d.PushTitle, "push_body": d.PushBody, "voice": d.Voice}
}

// What every words file must hold, no more and no less.
var (
	noticeKinds  = []incidents.NoticeKind{incidents.NoticeBreach, incidents.NoticeTermination, incidents.NoticePolicyChange, incidents.NoticeCorrection}
	blockKeys    = strings.Fields("opening opening_dated opening_suspected aware confidentiality confidentiality_no_evidence integrity availability data unreadable effects_intro effects_general contained examining authorities recurrence update advice_general guardian remedies_general remedies_harm complaint contact_email contact_phone contact_name contact_dpo us_advice us_no_delay service_unnamed gap_change gap_meaning")
	announceKeys = strings.Fields("title short_persons opening opening_dated opening_suspected data data_unknown told")
)

func loadLexicons(fsys fs.FS) (map[incidents.Lang]*lexicon, error) {
	names, err := fs.Glob(fsys, "words/*.yaml")
	if err != nil || len(names) == 0 {
		return nil, incidents.Invalid("words/: there is no words file")
	}
	all := map[incidents.Lang]*lexicon{}
	for _, name := range names {
		lex, err := loadLexicon(fsys, name)
		if err != nil {
			return nil, err
		}
		all[lex.Lang] = lex
	}
	return all, nil
}

func loadLexicon(fsys fs.FS, name string) (*lexicon, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	lex := &lexicon{}
	if err := strict.Unmarshal(name, data, lex); err != nil {
		return nil, err
	}
	if want := strings.TrimSuffix(path.Base(name), ".yaml"); string(lex.Lang) != want {
		return nil, incidents.Invalid("%s:%d: lang is %q but the file is named for %q", name, lineOf(data, "lang"), lex.Lang, want)
	}
	if where, reason := lex.check(); where != "" {
		return nil, incidents.Invalid("%s:%d: %s %s", name, lineOf(data, where), where, reason).
			WithHint("every language needs every legal text; write it before the language is shipped")
	}
	return lex, nil
}

// check returns the first thing wrong, as a dotted path and a reason.
func (x *lexicon) check() (where, reason string) {
	if x.Name == "" {
		return "name", "is missing"
	}
	if _, err := parseTag(x.Lang); err != nil {
		return "lang", "is not a BCP 47 tag"
	}
	if key := emptyField(x.Fixed, "sentence_separator"); key != "" {
		return "fixed." + key, "is missing"
	}
	if len(x.Fixed.Months) != 12 {
		return "fixed.months", "must list twelve months"
	}
	if !strings.Contains(x.Fixed.Greeting, "{{name}}") {
		return "fixed.greeting", "must hold {{name}}"
	}
	for _, g := range []struct {
		name string
		has  map[string]string
		want []string
	}{
		{"data", x.Data, dataKeys()}, {"effects", x.Effects, optionValues(incidents.DataCategories)},
		{"advice", x.Advice, optionValues(incidents.DataCategories)}, {"causes", x.Causes, factOptions("cause")},
		{"blocks", x.Blocks, blockKeys}, {"announcement", x.Announcement, announceKeys},
	} {
		if where, reason := checkKeys(g.name, g.has, g.want); where != "" {
			return where, reason
		}
		if where, reason := checkPlaceholders(g.name, g.has); where != "" {
			return where, reason
		}
	}
	if where, reason := x.checkReaders(); where != "" {
		return where, reason
	}
	if key := emptyField(x.Cover, ""); key != "" {
		return "cover." + key, "is missing"
	}
	if where, reason := x.checkGiveAway(); where != "" {
		return where, reason
	}
	return x.checkNotices()
}

func checkPlaceholders(group string, texts map[string]string) (where, reason string) {
	for _, k := range slices.Sorted(maps.Keys(texts)) {
		if _, err := fill(texts[k], func(SlotKind) string { return "" }); err != nil {
			return group + "." + k, "cannot be read: " + err.Error()
		}
	}
	return "", ""
}

func (x *lexicon) checkNotices() (where, reason string) {
	for _, kind := range noticeKinds {
		d, ok := x.Notices[kind]
		if !ok {
			return "notices." + string(kind), "is missing"
		}
		if key := emptyField(d, ""); key != "" {
			return "notices." + string(kind) + "." + key, "is missing"
		}
		if where, reason := checkPlaceholders("notices."+string(kind), d.texts()); where != "" {
			return where, reason
		}
	}
	for kind := range x.Notices {
		if !slices.Contains(noticeKinds, kind) {
			return "notices." + string(kind), "is not a kind of notice"
		}
	}
	return "", ""
}

func checkKeys(group string, has map[string]string, want []string) (where, reason string) {
	for _, k := range want {
		if strings.TrimSpace(has[k]) == "" {
			return group + "." + k, "is missing"
		}
	}
	for _, k := range slices.Sorted(maps.Keys(has)) {
		if !slices.Contains(want, k) {
			return group + "." + k, "is not a known key"
		}
	}
	return "", ""
}

// emptyField names the first empty text of a struct by its YAML key.
func emptyField(v any, except string) string {
	rv := reflect.ValueOf(v)
	for i := range rv.NumField() {
		key := rv.Type().Field(i).Tag.Get("yaml")
		if key != except && rv.Field(i).Kind() == reflect.String && strings.TrimSpace(rv.Field(i).String()) == "" {
			return key
		}
	}
	return ""
}

// lineOf finds the line of a dotted path, or of its nearest parent that is there.
func lineOf(data []byte, dotted string) int {
	lines := strings.Split(string(data), "\n")
	found, from := 1, 0
	for depth, key := range strings.Split(dotted, ".") {
		prefix := strings.Repeat("  ", depth) + key + ":"
		i := slices.IndexFunc(lines[from:], func(l string) bool { return strings.HasPrefix(l, prefix) })
		if i < 0 {
			break
		}
		from += i
		found = from + 1
	}
	return found
}

func optionValues(opts []incidents.Option) []string {
	out := make([]string, len(opts))
	for i, o := range opts {
		out[i] = o.Value
	}
	return out
}

func factOptions(key string) []string {
	def, ok := incidents.FactByKey(key)
	if !ok {
		panic("templates: the catalogue has no fact " + key)
	}
	return optionValues(def.Options)
}

// dataKeys are the categories and the items; where both use a word, it is one key.
func dataKeys() []string {
	keys := append(optionValues(incidents.DataCategories), factOptions("data_items")...)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// date writes a day the way the language does.
func (x *lexicon) date(t time.Time) string {
	return strings.NewReplacer("{day}", fmt.Sprint(t.Day()), "{month}", x.Fixed.Months[t.Month()-1], "{year}", fmt.Sprint(t.Year())).Replace(x.Fixed.Date)
}

// sentences joins sentences, leaving out empty ones.
func (x *lexicon) sentences(ss ...string) string {
	ss = slices.DeleteFunc(ss, func(s string) bool { return s == "" })
	return strings.Join(ss, x.Fixed.SentenceSeparator)
}

// Words some lists use for a category that has another name with us.
var dataAliases = map[string]string{"contact": "basic", "password": "online_credentials", "credentials": "online_credentials", "card": "payment_card", "id": "identity"}

// dataWords says categories or items in plain words. What it has no word for is
// said as "other", never left out; nothing at all is "personal data".
func (x *lexicon) dataWords(categories []string) string {
	var words []string
	for _, c := range categories {
		c = strings.TrimSpace(strings.ToLower(c))
		if c == "" {
			continue
		}
		if a, ok := dataAliases[c]; ok {
			c = a
		}
		w, ok := x.Data[c]
		if !ok {
			w = x.Data["other"]
		}
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return x.Fixed.DataUnspecified
	}
	return strings.Join(words, x.Fixed.ListSeparator)
}
