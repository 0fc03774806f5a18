package twilio

import (
	"context"
	"net/url"
	"strings"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"tocsin/incidents"
)

// FindText looks for a message to a number whose body holds the code, created
// at or after since (Unix seconds).
//
// The list of the number shows what still waits. What was sent may be redacted,
// by our own wish or by the account's default: Twilio then finds it by its
// number no more, so all that was sent since is read as well. A message whose
// body is gone, to a number of which only the end is hidden, may be the one
// looked for: then nobody can say, and the error is that Twilio cannot be asked.
func (c *Client) FindText(ctx context.Context, to, code string, since int64) (sid string, found bool, err error) {
	s := search{to: to, code: code, since: since - skew}
	for _, list := range []*api.ListMessageParams{
		(&api.ListMessageParams{}).SetTo(to),
		(&api.ListMessageParams{}).SetDateSentAfter(time.Unix(s.since, 0).UTC()),
	} {
		if err := c.read(ctx, list, &s); err != nil || s.sid != "" {
			return s.sid, s.sid != "", err
		}
	}
	if s.hidden {
		return "", false, incidents.Unavailable("Twilio has redacted a message that may be this one: what became of it cannot be told")
	}
	return "", false, nil
}

const (
	// skew is how far our clock may be ahead of Twilio's, in seconds.
	skew = 60
	// pageSize and mostPages bound what is read for one message. An account that
	// sent more since than these hold cannot be asked.
	pageSize  = 1000
	mostPages = 100
)

// read goes through a list, page by page, until the search is over.
func (c *Client) read(ctx context.Context, list *api.ListMessageParams, s *search) error {
	list.SetPageSize(pageSize)
	for page, token := "", ""; ; {
		next, err := c.page(ctx, list, token, page, s)
		if err != nil || next == nil {
			return err
		}
		s.pages++
		if page, token = next.Get("Page"), next.Get("PageToken"); s.pages >= mostPages || page == "" {
			return incidents.Unavailable("Twilio has sent too many messages since to tell what became of one")
		}
	}
}

// page reads one page and returns where the next one is, nil when none is needed.
func (c *Client) page(ctx context.Context, list *api.ListMessageParams, token, page string, s *search) (next url.Values, err error) {
	_, svc, end := c.call(ctx)
	defer end()
	got, err := svc.PageMessage(list, token, page)
	if err != nil {
		return nil, incidents.Unavailable("Twilio cannot be asked what became of a message")
	}
	for _, m := range got.Messages {
		// What was sent is listed with the last one first; where Twilio puts what
		// still waits, it does not say.
		if old := list.To == nil && !noneBefore(m.DateSent, s.since); old || s.see(m) {
			return nil, nil
		}
	}
	if got.NextPageUri == nil || *got.NextPageUri == "" {
		return nil, nil
	}
	at, err := url.Parse(*got.NextPageUri)
	if err != nil {
		return nil, incidents.Unavailable("Twilio's list of messages cannot be read")
	}
	return at.Query(), nil
}

// A search is for one message, and what was seen of it.
type search struct {
	to, code string
	since    int64 // Unix seconds
	sid      string
	hidden   bool // one that may be it shows neither its number nor its body
	pages    int
}

// see looks at one message, and tells whether it is the one.
func (s *search) see(m api.ApiV2010Message) bool {
	if m.Sid == nil || m.To == nil || !noneBefore(m.DateCreated, s.since) || *m.To != s.to && !masks(*m.To, s.to) {
		return false
	}
	if m.Body == nil || *m.Body == "" {
		s.hidden = true
		return false
	}
	if holds(*m.Body, s.code) {
		s.sid = *m.Sid
	}
	return s.sid != ""
}

// noneBefore compares to the second; a date that is not there or cannot be read
// counts as late enough, since sending twice is worse to be wrong about.
func noneBefore(date *string, since int64) bool {
	if date == nil {
		return true
	}
	at, err := time.Parse(time.RFC1123Z, *date)
	return err != nil || at.Unix() >= since
}

// masks tells whether what is shown may be the number with its end hidden, as
// "+1415555XXXX" is.
func masks(shown, number string) bool {
	visible := strings.TrimRight(shown, "Xx*")
	return visible != shown && strings.HasPrefix(number, visible)
}

// holds finds a verification code in a body, however it was wrapped.
func holds(body, code string) bool {
	return code != "" && strings.Contains(strings.ReplaceAll(body, "\n", ""), code)
}
