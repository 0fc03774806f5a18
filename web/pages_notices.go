package web

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/templates"
)

type noticesPage struct {
	incidentFrame
	Rows     []noticeRow
	NewTitle string
}

type noticeRow struct {
	incidents.Notice
	State stateView
}

func (c *console) noticesView(p *page) (v noticesPage, err error) {
	f, d, err := c.incidentFrame(p, "notices")
	if err != nil {
		return v, err
	}
	v = noticesPage{incidentFrame: f, NewTitle: d.Incident.Title}
	for _, n := range d.Notices {
		v.Rows = append(v.Rows, noticeRow{n, noticeState(n.Status)})
	}
	return v, nil
}

// notices lists the notices of an incident.
func (c *console) notices(p *page) error {
	v, err := c.noticesView(p)
	if err != nil {
		return err
	}
	return c.show(p, "notices", v)
}

// draftNotice proposes a first draft from the facts.
func (c *console) draftNotice(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	n, err := c.Desk.DraftNotice(p.r.Context(), p.actor, in.ID, incidents.NoticeInput{Title: p.form("title")})
	if err != nil {
		v, verr := c.noticesView(p)
		if verr != nil {
			return verr
		}
		v.NewTitle = p.form("title")
		return c.again(p, err, "notices", &v)
	}
	return c.redirect(p, noticePath(n.No), "Drafted from the facts. Read every word before you submit it.")
}

func noticePath(no int64) string { return "/notices/" + strconv.FormatInt(no, 10) }

type noticePage struct {
	incidentFrame
	Notice    incidents.Notice
	State     stateView
	Approvals []incidents.Approval
	Words     []wordsForm
	Plan      []planForm
	Plans     string // of groups, one a line
	Audience  []incidents.AudiencePart
	ToWhom    string // whom its release tells
	Untold    string // and whom it does not
	Places    string
	Duties    []dutyTick
	Lint      []incidents.Finding
	Previews  []preview
	Versions  []incidents.Notice
	Editable  bool
	Wrote     []string
	Changes   []wordChange
	Was       int // the version the present one is compared with
	Typed     struct{ Ref, Persons string }
	Corrects  int64     // number of the notice this one corrects; 0: none
	Preparing *workView // its release, while that is prepared
	Broke     *workView // its release, when that came to nothing
}

type wordsForm struct {
	Lang  incidents.Lang
	Words incidents.Words
	SMS   templates.SMSSize
	Voice int // seconds it takes to be said
}

type planForm struct {
	Channel incidents.Channel
	Order   int // 0: not used
	Hours   int
}

type dutyTick struct {
	incidents.ObligationState
	On bool
}

type preview struct {
	Lang        incidents.Lang
	Reader      string // who reads it, when it is not the person
	Subject     string
	Text        string
	SMS         string
	SMSSize     templates.SMSSize
	Title, Body string
	Spoken      templates.Spoken
	Speaks      int // seconds the notice takes to be said
	Err         string
	Src         string // where the e-mail is shown as HTML
	Letter      string // as plain text
	LetterSrc   string // as it is printed
}

func (c *console) noticeByNo(p *page) (incidents.Notice, error) {
	no, err := strconv.ParseInt(p.vars["no"], 10, 64)
	if err != nil {
		return incidents.Notice{}, incidents.NotFound("there is no such notice")
	}
	return c.Desk.NoticeByNo(p.r.Context(), p.actor, no)
}

// noticeHead is what the top of a notice's page needs.
func (c *console) noticeHead(p *page) (v noticePage, d incidents.Dossier, err error) {
	n, err := c.noticeByNo(p)
	if err != nil {
		return v, d, err
	}
	if d, err = c.Desk.Dossier(p.r.Context(), p.actor, string(n.IncidentID)); err != nil {
		return v, d, err
	}
	v = noticePage{incidentFrame: c.frameOf(p, "notices", d), Notice: n, State: noticeState(n.Status), Editable: n.ReleasedAt == nil && p.actor.May(incidents.ActDraft) == nil}
	v.Title = fmt.Sprintf("N-%d %s", n.No, n.Title)
	if n.Content.Correction() {
		of, _, err := c.Desk.Notice(p.r.Context(), p.actor, n.Content.Corrects)
		if err != nil {
			return v, d, err
		}
		v.Corrects = of.No
	}
	if n.Status == incidents.NoticeApproved {
		ahead, err := c.Desk.Ahead(p.r.Context(), p.actor, n)
		if err != nil {
			return v, d, err
		}
		v.ToWhom, v.Untold = toWhom(n, ahead), untold(ahead)
	}
	c.preparing(p, &v)
	return v, d, nil
}

func (c *console) noticeView(p *page) (v noticePage, err error) {
	v, d, err := c.noticeHead(p)
	if err != nil {
		return v, err
	}
	n := v.Notice
	if _, v.Approvals, err = c.Desk.Notice(p.r.Context(), p.actor, n.ID); err != nil {
		return v, err
	}
	if n.ReleasedAt == nil {
		if v.Lint, err = c.Desk.LintNotice(p.r.Context(), p.actor, n.ID); err != nil {
			return v, err
		}
	}
	if v.Versions, err = c.Desk.NoticeVersions(p.r.Context(), p.actor, n.ID); err != nil {
		return v, err
	}
	c.fillNotice(&v, n.Content, d)
	if v.Audience, err = c.Desk.Audience(p.r.Context(), p.actor, n); err != nil {
		return v, err
	}
	v.Previews = c.previews(n, v.Audience)
	v.compare(p.query("was"))
	for _, id := range n.Editors {
		v.Wrote = append(v.Wrote, c.nameOf(p, id))
	}
	return v, nil
}

// compare sets the present version against an earlier one.
func (v *noticePage) compare(was string) {
	n, err := strconv.Atoi(was)
	if err != nil {
		return
	}
	for _, old := range v.Versions {
		if old.Version == n && n != v.Notice.Version {
			v.Was, v.Changes = n, changesOf(old.Content, v.Notice.Content)
		}
	}
}

// fillNotice lays a content out as the fields of the form.
func (c *console) fillNotice(v *noticePage, content incidents.Content, d incidents.Dossier) {
	v.Words, v.Plan, v.Duties = nil, nil, nil
	langs := slices.Clone(c.Org.Languages)
	for _, l := range sortedLangs(content.Langs) {
		if !slices.Contains(langs, l) {
			langs = append(langs, l)
		}
	}
	for _, l := range langs {
		w := content.Langs[l]
		v.Words = append(v.Words, wordsForm{l, w, templates.MeasureSMS(w.SMS), seconds(w.Voice)})
	}
	for _, ch := range []incidents.Channel{incidents.Push, incidents.Email, incidents.SMS, incidents.Phone, incidents.Letter} {
		f := planForm{Channel: ch}
		for i, s := range content.Plan {
			if s.Channel == ch {
				f.Order, f.Hours = i+1, int(s.Wait/time.Hour)
			}
		}
		v.Plan = append(v.Plan, f)
	}
	places := make([]string, len(content.Filter.Places))
	for i, pl := range content.Filter.Places {
		places[i] = string(pl)
	}
	v.Places = strings.Join(places, ", ")
	v.Plans = plansText(content.Plans)
	for _, o := range d.Obligations {
		if o.Audience == incidents.AudienceIndividuals && o.Applies != incidents.AppliesNo && o.Task == nil {
			v.Duties = append(v.Duties, dutyTick{o, slices.Contains(content.Answers, o.ID)})
		}
	}
}

// previews render each language for an invented person.
// also what those read who are told on behalf of a person.
func (c *console) previews(n incidents.Notice, audience []incidents.AudiencePart) (out []preview) {
	out = c.previewsFor(n, incidents.ReaderPerson, "")
	for _, part := range audience {
		if part.Barred == "" && part.Reader != incidents.ReaderPerson && part.N > 0 {
			out = append(out, c.previewsFor(n, part.Reader, part.Label)...)
		}
	}
	return out
}

func (c *console) previewsFor(n incidents.Notice, reader incidents.Reader, label string) (out []preview) {
	content := n.Content
	for _, l := range sortedLangs(content.Langs) {
		v := preview{Lang: l, Reader: label}
		for _, channel := range content.Channels() {
			if reader != incidents.ReaderPerson && reader != incidents.ReaderMinor && channel == incidents.Push {
				continue // nobody has the app on behalf of somebody else
			}
			r, err := c.Book.PreviewFor(content, reader, channel, l)
			if err != nil {
				v.Err = sentence(err.Error())
				continue
			}
			switch channel {
			case incidents.Email:
				if v.Subject, v.Text = r.Subject, r.Text; reader == incidents.ReaderPerson {
					v.Src = noticePath(n.No) + "/preview/" + string(l)
				}
			case incidents.SMS:
				v.SMS, v.SMSSize = r.SMS, templates.MeasureSMS(r.SMS)
			case incidents.Push:
				v.Title, v.Body = r.Title, r.Body
			case incidents.Phone:
				v.Spoken, v.Speaks = r.Spoken, seconds(r.Spoken.Notice)
			case incidents.Letter:
				if v.Letter = r.Letter.Text(); reader == incidents.ReaderPerson {
					v.LetterSrc = noticePath(n.No) + "/preview/" + string(l) + "/letter.pdf"
				}
			}
		}
		out = append(out, v)
	}
	return out
}

// seconds is how long a text takes to be said, about.
func seconds(text string) int { return int(templates.SpeechTime(text, "") / time.Second) }

// sortedLangs lists the languages any of some words are in.
func sortedLangs[W any](words ...map[incidents.Lang]W) (out []incidents.Lang) {
	for _, w := range words {
		out = slices.AppendSeq(out, maps.Keys(w))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// nameOf shows who an account is; what cannot be looked up stays an id.
func (c *console) nameOf(p *page, id incidents.AccountID) string {
	if a, err := c.Accounts.Account(p.r.Context(), incidents.System, id); err == nil {
		return a.Display
	}
	return string(id)
}

func (c *console) notice(p *page) error {
	v, err := c.noticeView(p)
	if err != nil {
		return err
	}
	return c.show(p, "notice", v)
}

// saveNotice writes a new version from the form.
func (c *console) saveNotice(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	base, err := p.number("base")
	if err != nil {
		return err
	}
	input, err := c.noticeInput(p, n)
	if err == nil {
		_, err = c.Desk.EditNotice(p.r.Context(), p.actor, n.ID, int(base), input)
	}
	if err == nil {
		return c.redirect(p, noticePath(n.No), "Saved. Approvals that waited are void.")
	}
	v, verr := c.noticeView(p)
	if verr != nil {
		return verr
	}
	d, verr := c.Desk.Dossier(p.r.Context(), p.actor, string(n.IncidentID))
	if verr != nil {
		return verr
	}
	typed := n.Content // keep what was typed
	typed.Langs, typed.Plan, typed.Filter, typed.Answers = input.Langs, input.Plan, input.Filter, input.Answers
	c.fillNotice(&v, typed, d)
	v.Plans, v.Notice.Content.QuietOverride = p.form("plans"), input.QuietOverride
	v.Notice.Title, v.Notice.Content.Default = input.Title, input.Default
	return c.again(p, err, "notice", &v)
}

func (c *console) noticeInput(p *page, n incidents.Notice) (input incidents.NoticeInput, err error) {
	input = incidents.NoticeInput{Title: p.form("title"), Kind: n.Content.Kind, Default: incidents.Lang(p.form("default")), Langs: map[incidents.Lang]incidents.Words{}, Answers: p.r.PostForm["answers"]}
	if input.Answers == nil {
		input.Answers = []string{}
	}
	for _, l := range p.r.PostForm["lang"] {
		f := func(k string) string {
			return strings.ReplaceAll(strings.TrimSpace(p.r.PostFormValue(l+"."+k)), "\r\n", "\n")
		}
		w := incidents.Words{Subject: f("subject"), Happened: f("happened"), Measures: f("measures"), Advice: f("advice"), Remedies: f("remedies"), Contact: f("contact"), SMS: f("sms"), PushTitle: f("push_title"), PushBody: f("push_body"), Voice: f("voice")}
		if w != (incidents.Words{}) {
			input.Langs[incidents.Lang(l)] = w
		}
	}
	for _, pl := range strings.FieldsFunc(p.form("places"), func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		input.Filter.Places = append(input.Filter.Places, incidents.Place(strings.ToUpper(pl)))
	}
	input.QuietOverride = p.form("quiet_override")
	input.Filter.Langs = n.Content.Filter.Langs // the form has no field for them: a notice must not reach more people by being edited
	type step struct {
		order int
		incidents.Step
	}
	var steps []step
	for _, ch := range incidents.Channels() {
		order, err := strconv.Atoi(p.form("order." + string(ch)))
		if err != nil || order <= 0 {
			continue
		}
		hours, err := strconv.Atoi(p.form("wait." + string(ch)))
		if err != nil || hours < 0 || hours > 24*60 {
			return input, incidents.Invalid("the wait is a number of hours").On("plan")
		}
		steps = append(steps, step{order, incidents.Step{Channel: ch, Wait: time.Duration(hours) * time.Hour}})
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.order - b.order })
	for _, s := range steps {
		input.Plan = append(input.Plan, s.Step)
	}
	input.Plans, err = parsePlans(p.form("plans"))
	return input, err
}

// onNotice runs one act on a notice and shows its page again when it fails.
func (c *console) onNotice(p *page, said string, act func(incidents.Notice) error) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	if err := act(n); err != nil {
		v, verr := c.noticeView(p)
		if verr != nil {
			return verr
		}
		v.Typed.Ref, v.Typed.Persons = p.form("ref"), p.form("persons")
		return c.again(p, err, "notice", &v)
	}
	return c.redirect(p, noticePath(n.No), said)
}

func (c *console) submitNotice(p *page) error {
	return c.onNotice(p, "Handed to the privacy officers.", func(n incidents.Notice) error {
		_, err := c.Desk.SubmitNotice(p.r.Context(), p.actor, n.ID)
		return err
	})
}

// previewMail is the HTML of the e-mail for an invented person, in a frame of
// its own that may load and run nothing.
func (c *console) previewMail(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	r, err := c.Book.Preview(n.Content, incidents.Email, incidents.Lang(p.vars["lang"]))
	if err != nil {
		return err
	}
	p.sealed(r.HTML)
	return nil
}

// statusLines exports the claimed status of every delivery.
func (c *console) statusLines(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	return downloadStatus(p.r.Context(), p.w, c.Status, p.actor, n)
}
