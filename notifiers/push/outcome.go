package push

import (
	"cmp"
	"net/http"
	"time"

	"firebase.google.com/go/v4/errorutils"
	"firebase.google.com/go/v4/messaging"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// receipt says what came of one message of a batch.
func receipt(r *messaging.SendResponse) incidents.Receipt {
	if r.Success && r.MessageID != "" {
		return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: r.MessageID}
	}
	resp := errorutils.HTTPResponse(r.Error)
	if resp == nil {
		return incidents.Receipt{Outcome: incidents.OutcomeDoubt, Reason: "Firebase's answer names no message"}
	}
	return outcome(r.Error, resp)
}

// slowDown is how long Firebase wants to be left alone when it names no time.
const slowDown = time.Minute

// outcome reads an error of the SDK and the answer it came from.
//
// A 503 is a no: Firebase asks for the same message again, after Retry-After,
// and should it have taken the first, the second takes its place on the device.
func outcome(err error, resp *http.Response) incidents.Receipt {
	no := func(o incidents.Outcome, why string) incidents.Receipt {
		return incidents.Receipt{Outcome: o, Code: statusOf(resp), Reason: why}
	}
	ours := func(o incidents.Outcome, after time.Duration, why string) incidents.Receipt {
		return incidents.Receipt{Outcome: o, RetryAfter: after, Elsewhere: true, Code: statusOf(resp), Reason: why}
	}
	after := notifiers.RetryAfter(resp.Header)
	switch resp.Header.Get(happened) {
	case unreached:
		return ours(incidents.OutcomeRetry, 0, "Firebase cannot be reached")
	case unsigned:
		return ours(incidents.OutcomeRetry, 0, "Google does not sign the service account in")
	case busy:
		return ours(incidents.OutcomeRetry, after, "Firebase is busy")
	case silence:
		return no(incidents.OutcomeDoubt, "Firebase did not say whether it took the message")
	}
	switch status := resp.StatusCode; {
	case messaging.IsUnregistered(err):
		return no(incidents.OutcomeGone, "the app is no longer installed")
	case status == http.StatusTooManyRequests:
		return ours(incidents.OutcomeRetry, cmp.Or(after, slowDown), "Firebase asks to slow down")
	case messaging.IsInvalidArgument(err):
		return no(incidents.OutcomeRefused, "Firebase does not take the message or the token")
	case messaging.IsSenderIDMismatch(err):
		return ours(incidents.OutcomeRefused, 0, "the token belongs to another sender")
	case messaging.IsThirdPartyAuthError(err):
		return ours(incidents.OutcomeRetry, 0, "the credentials for Apple or web push are wrong")
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return ours(incidents.OutcomeRetry, 0, "Firebase refuses the credentials")
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout:
		return no(incidents.OutcomeRefused, "Firebase refused the message")
	}
	return incidents.Receipt{Outcome: incidents.OutcomeDoubt, RetryAfter: after, Code: statusOf(resp), Reason: "Firebase did not say whether it took the message"}
}
