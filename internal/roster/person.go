package roster

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tocsin/incidents"
)

// A mender makes the texts of one row usable and remembers whether it had to
// change or leave out anything.
type mender struct{ mended bool }

func (m *mender) line(s string) string {
	t, changed := tidy(s)
	m.mended = m.mended || changed
	return t
}

func (m *mender) lines(s string) string {
	t, changed := tidyLines(s)
	m.mended = m.mended || changed
	return t
}

// filled is lines for what may be a placeholder.
func (m *mender) filled(s string) string {
	t := m.lines(s)
	if t != "" && isPlaceholder(t) {
		m.mended = true
		return ""
	}
	return t
}

// name keeps markup and formulas as text, but says that the row is not clean.
func (m *mender) name(s string) string {
	t := m.line(s)
	m.mended = m.mended || looksActive(t)
	return t
}

// id drops a spreadsheet's guards and the ".0" of a number it made of an id.
func (m *mender) id(s string) string {
	t := width(s)
	t, _ = tidy(t)
	t, _ = tidy(unguard(t))
	if n, ok := strings.CutSuffix(t, ".0"); ok && n != "" && digitsAt(n) == len(n) {
		t = n
	}
	m.mended = m.mended || t != s
	return t
}

// candidate makes a person of a row; why says what is wrong when it is none.
func (r *reading) candidate(p *cells) (c incidents.Candidate, why string) {
	var m mender
	c.Row = r.sum.Rows + 1
	country := r.place(&c, p, &m)
	k := &c.Contact
	k.Ref = m.id(p[fieldID])
	k.Name, k.NameLatin = m.name(p[fieldName]), m.line(p[fieldLatin])
	list, mended := emails(p[fieldEmail])
	m.mended = m.mended || mended
	if len(list) > 0 {
		k.Email = list[0]
		m.mended = m.mended || !isASCII(k.Email) // needs SMTPUTF8 on the way
	}
	k.Phone, mended = phone(p[fieldPhone], country)
	m.mended = m.mended || mended
	k.PushToken = m.token(p[fieldPush])
	k.Address = m.filled(p[fieldAddress])
	if why := notPerson(k, p); why != "" {
		return c, why
	}
	k.Guardian = m.line(p[fieldGuardian])
	k.GuardianTo = m.guardianTo(p[fieldGuardianTo], country)
	k.Categories = categories(p[fieldCategories])
	k.Note = m.lines(p[fieldNote])
	k.Zone = r.zone(p[fieldZone], &m)
	c.Lang = lang(p[fieldLocale])
	if why := r.flags(&c, p, country, &m); why != "" {
		return c, why
	}
	c.Channels = channels(reached(k, c.Flags), p[fieldPreferred])
	c.Keys = keys(k, list)
	if k.Ref == "" {
		k.Ref = "row-" + strconv.FormatInt(c.Row, 10)
		m.mended = true
	}
	c.Repaired = m.mended && len(c.Channels) > 0
	return c, ""
}

// place sets the person's place and returns the country its numbers are read by.
func (r *reading) place(c *incidents.Candidate, p *cells, m *mender) string {
	c.Place = r.opts.DefaultPlace
	if p[fieldCountry] != "" {
		code := r.places.country(p[fieldCountry])
		if code == "" {
			m.mended = true
		} else {
			c.Place = incidents.Place(code)
		}
	}
	country, _, _ := strings.Cut(string(c.Place), "-")
	if p[fieldRegion] != "" {
		if place := r.places.region(country, p[fieldRegion]); place != "" {
			c.Place = place
			country, _, _ = strings.Cut(string(place), "-")
		} else {
			m.mended = true
		}
	}
	return country
}

// notPerson tells a row that says nothing about anybody, and a line of totals.
func notPerson(k *incidents.Contact, p *cells) string {
	if k.Email != "" || k.Phone != "" || k.Address != "" || k.PushToken != "" {
		return ""
	}
	if k.Ref == "" && k.Name == "" && k.NameLatin == "" {
		return "neither id, name nor contact"
	}
	if k.Ref == "" || k.Name == "" {
		if isTotal(k.Ref + k.Name) {
			return "a line of totals"
		}
	}
	return ""
}

// isTotal knows how lists sign their last line: "Total", "Total: 120", "合计 120".
func isTotal(s string) bool {
	s = strings.ToLower(strings.TrimRight(s, "0123456789,. "))
	switch strings.TrimRight(s, ":： =") {
	case "total", "totals", "grand total", "subtotal", "sum", "count", "rows", "合计", "总计", "小计", "共计", "总数", "summe", "gesamt":
		return true
	}
	return false
}

// token keeps a push token that is one printable word.
func (m *mender) token(s string) string {
	t := m.line(s)
	if t == "" {
		return ""
	}
	if isPlaceholder(t) || len(t) > 4096 || !isASCII(t) || strings.IndexByte(t, ' ') >= 0 {
		m.mended = true
		return ""
	}
	return t
}

// guardianTo reads a guardian's e-mail address or telephone number.
func (m *mender) guardianTo(s, country string) string {
	if s == "" {
		return ""
	}
	if list, mended := emails(s); len(list) > 0 {
		m.mended = m.mended || mended
		return list[0]
	}
	number, mended := phone(s, country)
	m.mended = m.mended || mended
	return number
}

func categories(s string) []string {
	if s == "" {
		return nil
	}
	if isTidy(s) && strings.ToLower(s) == s && !strings.ContainsAny(s, ",|、；， ") && s[0] != ';' && s[len(s)-1] != ';' && !strings.Contains(s, ";;") {
		return strings.Split(s, ";")
	}
	out := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(";,|、；，", r) })
	kept := out[:0]
	for _, c := range out {
		if c, _ = tidy(c); c != "" {
			kept = append(kept, strings.ToLower(c))
		}
	}
	return kept
}

// zone keeps a time zone there is.
func (r *reading) zone(s string, m *mender) string {
	if s == "" {
		return ""
	}
	s = m.line(s)
	ok, seen := r.zones[s]
	if !seen {
		_, err := time.LoadLocation(s)
		ok = err == nil && s != "Local"
		if len(r.zones) < manyPlaces {
			r.zones[s] = ok
		}
	}
	if !ok {
		m.mended = m.mended || s != ""
		return ""
	}
	return s
}

// flags sets what steers the plan of channels. A word about death that is
// neither yes nor no rejects the row: a wrong guess here tells the living that
// they are dead, or writes to the dead.
func (r *reading) flags(c *incidents.Candidate, p *cells, country string, m *mender) string {
	born, ok, mended := birth(p[fieldBirth], country, r.opts.AsOf)
	m.mended = m.mended || mended
	if ok {
		c.Contact.Birth = isoText(born, p[fieldBirth], mended)
		if n := age(born, r.opts.AsOf); n < 14 {
			c.Flags |= incidents.FlagMinor | incidents.FlagChild
		} else if n < 18 {
			c.Flags |= incidents.FlagMinor
		}
	}
	if c.Contact.GuardianTo != "" {
		c.Flags |= incidents.FlagGuardian
	}
	if slices.ContainsFunc(c.Contact.Categories, incidents.SensitiveData) {
		c.Flags |= incidents.FlagSensitive
	}
	dead, ok := isDead(p[fieldDeceased], country, r.opts.AsOf)
	if !ok {
		return "deceased says neither yes nor no"
	}
	if dead {
		c.Flags |= incidents.FlagDeceased
	}
	return ""
}

func isoText(born time.Time, cell string, mended bool) string {
	if !mended {
		return cell // it is that already
	}
	return born.Format(time.DateOnly)
}

// isDead reads yes, no, or a day of death.
func isDead(s, country string, asOf time.Time) (dead, ok bool) {
	if s == "" {
		return false, true
	}
	t, _ := tidy(width(s))
	switch strings.ToLower(unguard(t)) {
	case "y", "yes", "1", "1.0", "t", "true", "x", "是", "已故", "死亡", "deceased", "dead", "ja", "oui", "sí", "si":
		return true, true
	case "", "n", "no", "0", "0.0", "f", "false", "-", "--", "n/a", "none", "null", "否", "无", "nein", "non", "alive", "living":
		return false, true
	}
	_, ok, _ = birth(s, country, asOf)
	return ok, ok
}

// reached is where a message about the person goes: a minor's guardian, or who
// speaks for the dead, has channels of their own. Their letters go to the
// household's address.
func reached(k *incidents.Contact, flags int) incidents.Contact {
	switch incidents.ReaderOf(flags) {
	case incidents.ReaderGuardian, incidents.ReaderRepresentative:
		return k.OfGuardian()
	}
	return *k
}

// channels lists what has an address: the preferred one first.
func channels(k incidents.Contact, preferred string) []incidents.Channel {
	out := make([]incidents.Channel, 0, 5)
	first := preferredChannel(preferred)
	if k.Reaches(first) {
		out = append(out, first)
	}
	for _, c := range [...]incidents.Channel{incidents.Email, incidents.Push, incidents.SMS, incidents.Phone, incidents.Letter} {
		if c != first && k.Reaches(c) {
			out = append(out, c)
		}
	}
	return out
}

// preferredChannel reads a wish; one we do not understand is none.
func preferredChannel(s string) incidents.Channel {
	if s == "" {
		return ""
	}
	t, _ := tidy(s)
	switch strings.ToLower(t) {
	case "email", "e-mail", "邮件", "电子邮件":
		return incidents.Email
	case "sms", "text", "短信":
		return incidents.SMS
	case "push", "app", "推送":
		return incidents.Push
	case "phone", "call", "voice", "电话":
		return incidents.Phone
	case "letter", "post", "mail", "信件":
		return incidents.Letter
	}
	return ""
}

// keys lists what identifies the person; see the package comment.
func keys(k *incidents.Contact, emails []string) []string {
	out := make([]string, 0, 1+len(emails))
	if k.Ref != "" {
		out = append(out, IDKey(k.Ref))
	}
	if k.Name == "" {
		return out // an address alone may be a household's
	}
	name := strings.ToLower(width(k.Name))
	for _, e := range emails {
		out = append(out, "ne:"+name+"\n"+e)
	}
	if len(out) == 0 {
		out = reachKey(out, k, name)
	}
	return out
}

// reachKey knows somebody with neither id nor e-mail by the name and the first of
// telephone, push token and postal address that is there, so that the same list
// read again is the same people. A day of birth keeps apart who shares both.
func reachKey(out []string, k *incidents.Contact, name string) []string {
	who := name + "\n" + k.Birth + "\n"
	switch {
	case k.Phone != "":
		return append(out, "np:"+who+k.Phone)
	case k.PushToken != "":
		return append(out, "nt:"+who+k.PushToken)
	case k.Address != "":
		return append(out, "na:"+who+strings.Join(strings.FieldsFunc(strings.ToLower(width(k.Address)), func(r rune) bool {
			return unicode.IsSpace(r) || r == ',' || r == ';' || r == '，'
		}), " "))
	}
	return out
}

// IDKey is the key of a person by the list's own id, however it is typed.
func IDKey(ref string) string {
	var m mender
	ref = m.id(ref)
	if strings.IndexByte(ref, ' ') >= 0 {
		ref = strings.ReplaceAll(ref, " ", "")
	}
	return "id:" + strings.ToLower(ref)
}
