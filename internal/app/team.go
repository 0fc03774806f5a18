package app

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/templates"
)

// A way is one of those by which the team is told.
type way struct {
	name string
	tell func(context.Context) error
}

// tell tells the team by all its own ways at once: mail to each address, and
// the webhook. None waits for another, and none is left out because another
// failed. An error names the ways that did not take it; the caller tries again
// with the same id, by which a receiver knows what it had before, and then only
// those are used.
func (a *App) tell(ctx context.Context, id, subject, text string) error {
	ways := a.ways(id, subject, text)
	errs := make([]error, len(ways))
	var wg sync.WaitGroup
	for i, w := range ways {
		if a.informed.has(id, w.name) {
			continue
		}
		wg.Go(func() {
			if err := w.tell(ctx); err != nil {
				errs[i] = fmt.Errorf("%s: %w", w.name, err)
				return
			}
			a.informed.note(id, w.name)
		})
	}
	wg.Wait()
	err := errors.Join(errs...)
	if err == nil {
		a.informed.forget(id)
	}
	return err
}

// ways lists how the team is told of one thing. Their names stand in the log, so
// they have no address in them.
func (a *App) ways(id, subject, text string) (out []way) {
	if len(a.channels.team) > 0 {
		for i, to := range a.settings.Escalation.Email {
			out = append(out, way{fmt.Sprintf("escalation.email[%d]", i), func(ctx context.Context) error { return a.mail(ctx, fmt.Sprintf("%s-%d", id, i), to, subject, text) }})
		}
	}
	if a.settings.Escalation.Webhook.URL.Set() {
		out = append(out, way{"escalation.webhook", func(ctx context.Context) error { return a.callWebhook(ctx, id, subject, text) }})
	}
	return out
}

// mail sends the team one message, by the first relay that takes it; id makes it
// one, however often it is tried. Unlike a notice it also goes to the next relay
// when it is in doubt with the one before: a second word is better than none.
func (a *App) mail(ctx context.Context, id, to, subject, text string) error {
	m := notifiers.Message{Mode: incidents.Live, To: to, NoticeID: incidents.NoticeID(id),
		Delivery: incidents.DeliveryID{Channel: incidents.Email},
		Text:     templates.Rendered{Lang: "en", Subject: subject, Text: text}}
	var errs []error
	for _, relay := range a.channels.team {
		r, err := relay.Send(ctx, m)
		if err == nil && r.Outcome == incidents.OutcomeAccepted {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("%s: %s", r.Outcome, r.Reason)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// webhookClient follows no redirect: what is sent is for one address.
var webhookClient = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// callWebhook posts what the team is told as JSON. "text" alone is what the
// usual chat tools show; the headers are those of the Standard Webhooks
// specification, the signature only with a secret.
func (a *App) callWebhook(ctx context.Context, id, subject, text string) error {
	hook := a.settings.Escalation.Webhook
	body, err := json.Marshal(map[string]string{"id": id, "subject": subject, "text": text})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL.Reveal(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("escalation.webhook.url is not an address")
	}
	at := strconv.FormatInt(a.now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", at)
	if hook.Secret.Set() {
		mac := hmac.New(sha256.New, []byte(hook.Secret.Reveal()))
		fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
		r.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	answer, err := webhookClient.Do(r)
	if err != nil {
		return fmt.Errorf("the team's webhook did not answer") // its address, which the error names, is a secret
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the team's webhook answered %d", answer.StatusCode)
	}
	return nil
}
