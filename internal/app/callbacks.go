package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"tocsin/incidents"
	"tocsin/notifiers/twilio"
)

// callbackURL is where Twilio reports the status of one attempt. It carries
// delivery and attempt under a MAC, so the callback itself proves acceptance
// even when the answer to our request was lost.
func (a *App) callbackURL(account string, id incidents.DeliveryID, attempt int) string {
	n := strconv.Itoa(attempt)
	return a.settings.Public.URL + "/callbacks/twilio/" + id.String() + "/" + n + "/" + a.callbackMAC(account, id.String(), n)
}

// callbackMAC binds delivery and attempt to the account that made it: only that
// one's signature counts. The first account's is as it was when there was one alone.
func (a *App) callbackMAC(account, delivery, attempt string) string {
	h := hmac.New(sha256.New, a.callbackKey)
	h.Write([]byte(delivery + "/" + attempt))
	if account != firstTwilio {
		h.Write([]byte("/" + account))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Twilio takes one status callback: the signature is checked over the public
// address, the receipt is stored before it is acknowledged, and folded after.
func (a *App) Twilio(ctx context.Context, publicURL string, form map[string]string, signature, delivery, attempt, mac string) error {
	if form["CallSid"] != "" {
		return a.callReport(ctx, publicURL, form, signature, delivery, attempt, mac)
	}
	_, client := a.calledBy(a.channels.twilio, delivery, attempt, mac)
	if client == nil {
		return incidents.Forbidden("this callback is not ours")
	}
	if !client.ValidCallback(publicURL, form, signature) {
		return incidents.Forbidden("the signature of the callback is wrong")
	}
	id, err := incidents.ParseDeliveryID(delivery)
	if err != nil {
		return err
	}
	sid, status := form["MessageSid"], form["MessageStatus"]
	if sid == "" || status == "" {
		return incidents.Invalid("the callback names no message or no status")
	}
	n, _ := strconv.Atoi(attempt) // ours: see the MAC
	r := incidents.StatusReceipt{ID: "twilio:" + sid + ":" + status, Delivery: id, Attempt: n, ProviderID: sid, Channel: id.Channel,
		Status: twilioStatus(status), Code: form["ErrorCode"], At: a.now().UTC()}
	if code, err := strconv.Atoi(r.Code); err == nil {
		r.Reason = twilio.Meaning(code)
	}
	if err := a.store.PutReceipt(ctx, r); err != nil {
		return err
	}
	a.wakeReceipts()
	return nil
}

// firstTwilio is the account that was there before there could be two.
var firstTwilio = accountName(incidents.SMS, first)

// calledBy finds the account whose attempt a callback is of; nil: none's.
func (a *App) calledBy(accounts map[string]*twilio.Client, delivery, attempt, mac string) (account string, client *twilio.Client) {
	for name, client := range accounts {
		if hmac.Equal([]byte(mac), []byte(a.callbackMAC(name, delivery, attempt))) {
			return name, client
		}
	}
	return "", nil
}

// twilioStatus is Twilio's word in ours.
func twilioStatus(s string) string {
	switch s {
	case "accepted", "scheduled", "queued", "sending":
		return "accepted"
	case "sent":
		return "sent"
	case "delivered", "read":
		return "delivered"
	case "undelivered", "failed", "canceled":
		return "undelivered"
	}
	return s
}
