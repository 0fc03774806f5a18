package twilio

import "tocsin/incidents"

// codes says what Twilio's error codes mean for us. Twilio changes codes, so
// this is data: an unknown code is a refusal that a person can look up.
// Source: Twilio's error and warning dictionary.
var codes = map[int]struct {
	outcome incidents.Outcome
	meaning string
}{
	20003: {incidents.OutcomeRetry, "the credentials are wrong"},
	20005: {incidents.OutcomeRetry, "the account is not active"},
	10001: {incidents.OutcomeRetry, "the account is not active"},
	20404: {incidents.OutcomeRetry, "the account or messaging service is unknown"},
	20429: {incidents.OutcomeRetry, "too many requests"},
	13224: {incidents.OutcomeGone, "the number is not valid"},
	13225: {incidents.OutcomeRefused, "the number may not be called"},
	13227: {incidents.OutcomeRefused, "the account may not call this country"},
	21210: {incidents.OutcomeRetry, "the number calls come from is not verified"},
	21212: {incidents.OutcomeRetry, "the number calls come from is not valid"},
	21214: {incidents.OutcomeGone, "the number cannot be reached"},
	21215: {incidents.OutcomeRefused, "the account may not call this country"},
	21216: {incidents.OutcomeRefused, "the number may not be called"},
	21219: {incidents.OutcomeRefused, "a trial account may call verified numbers only"},
	21211: {incidents.OutcomeGone, "the number is not valid"},
	21217: {incidents.OutcomeGone, "the number is not valid"},
	21265: {incidents.OutcomeRefused, "the number cannot take messages"},
	21408: {incidents.OutcomeRefused, "the account may not send to this country"},
	21610: {incidents.OutcomeRefused, "the person opted out of this sender"},
	21611: {incidents.OutcomeRetry, "the sender's queue is full"},
	21612: {incidents.OutcomeRefused, "the number cannot be reached from this sender"},
	21614: {incidents.OutcomeGone, "the number is not a mobile number"},
	21617: {incidents.OutcomeRefused, "the message is too long"},
	30001: {incidents.OutcomeRetry, "the queue overflowed"},
	30002: {incidents.OutcomeRetry, "the account is suspended"},
	30003: {incidents.OutcomeRefused, "the handset cannot be reached"},
	30004: {incidents.OutcomeRefused, "the message was blocked"},
	30005: {incidents.OutcomeGone, "the number is unknown or no longer in use"},
	30006: {incidents.OutcomeGone, "the number is a landline or cannot be reached by the carrier"},
	30007: {incidents.OutcomeRefused, "the carrier filtered the message"},
	30029: {incidents.OutcomeRetry, "the account has no message redaction: ask Twilio for it"},
	30030: {incidents.OutcomeRetry, "the account has no message redaction: ask Twilio for it"},
	30008: {incidents.OutcomeRefused, "the carrier gave no reason"},
}

// ofAccount are the codes that say something of our account or sender there and
// nothing of the person: another account may take the message.
var ofAccount = map[int]bool{10001: true, 13227: true, 20003: true, 20005: true, 20404: true, 20429: true, 21210: true, 21212: true, 21215: true, 21219: true, 21408: true, 21611: true, 21612: true,
	30001: true, 30002: true, 30029: true, 30030: true,
	401: true, 403: true, 404: true} // a status without a code of Twilio's: what is wrong is the address or the key

// OutcomeOf says what an error code means for a delivery.
func OutcomeOf(code int) incidents.Outcome {
	if c, ok := codes[code]; ok {
		return c.outcome
	}
	return incidents.OutcomeRefused
}

// Meaning is a short sentence for an error code.
func Meaning(code int) string {
	if c, ok := codes[code]; ok {
		return c.meaning
	}
	return "see the code in Twilio's error dictionary"
}
