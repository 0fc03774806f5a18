package app

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/templates"
)

// tell tells the team by all its own channels: mail, and the webhook. An error
// says that one of them did not take it; the caller tries again with the same
// id, by which a receiver knows what it had before.
func (a *App) tell(ctx context.Context, id, subject, text string) error {
	if a.channels.team != nil { // nil in the sandbox
		for i, to := range a.settings.Escalation.Email {
			if err := a.mail(ctx, fmt.Sprintf("%s-%d", id, i), to, subject, text); err != nil {
				return err
			}
		}
	}
	return a.callWebhook(ctx, id, subject, text)
}

// mail sends the team one message; id makes it one, however often it is tried.
func (a *App) mail(ctx context.Context, id, to, subject, text string) error {
	m := notifiers.Message{Mode: incidents.Live, To: to, NoticeID: incidents.NoticeID(id),
		Delivery: incidents.DeliveryID{Channel: incidents.Email},
		Text:     templates.Rendered{Lang: "en", Subject: subject, Text: text}}
	r, err := a.channels.team.Send(ctx, m)
	if err == nil && r.Outcome != incidents.OutcomeAccepted {
		err = fmt.Errorf("%s: %s", r.Outcome, r.Reason)
	}
	return err
}

// webhookClient follows no redirect: what is sent is for one address.
var webhookClient = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// callWebhook posts what the team is told as JSON. "text" alone is what the
// usual chat tools show; the headers are those of the Standard Webhooks
// specification, the signature only with a secret.
func (a *App) callWebhook(ctx context.Context, id, subject, text string) error {
	hook := a.settings.Escalation.Webhook
	if !hook.URL.Set() {
		return nil
	}
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
