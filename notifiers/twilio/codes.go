package twilio

import "tocsin/incidents"

// A ruling is what one of Twilio's error codes means for a delivery.
type ruling struct {
	outcome incidents.Outcome
	// whose is who has to mend it: of the account or its sender, it says nothing
	// of the person, and another account may take the message.
	whose   owner
	meaning string
}

type owner bool

const (
	person  owner = false
	account owner = true
)

// codes says what Twilio's error codes mean for us. Twilio changes codes, so
// this is data; see ruled for a code that is not here.
// Source: Twilio's error and warning dictionary.
var codes = map[int]ruling{
	10001: {incidents.OutcomeRetry, account, "the account is not active"},
	20003: {incidents.OutcomeRetry, account, "the credentials are wrong"},
	20005: {incidents.OutcomeRetry, account, "the account is not active"},
	20404: {incidents.OutcomeRetry, account, "the account or messaging service is unknown"},
	20429: {incidents.OutcomeRetry, account, "too many requests"},

	13224: {incidents.OutcomeGone, person, "the number is not valid"},
	13225: {incidents.OutcomeRefused, person, "the number may not be called"},
	13227: {incidents.OutcomeRefused, account, "the account may not call this country"},
	21201: {incidents.OutcomeRefused, person, "the call has no number"},
	21203: {incidents.OutcomeRefused, account, "the account may not call abroad"},
	21210: {incidents.OutcomeRetry, account, "the number calls come from is not verified"},
	21211: {incidents.OutcomeGone, person, "the number is not valid"},
	21212: {incidents.OutcomeRetry, account, "the number we send or call from is not valid"},
	21213: {incidents.OutcomeRetry, account, "no number to call from is given"},
	21214: {incidents.OutcomeGone, person, "the number cannot be reached"},
	21215: {incidents.OutcomeRefused, account, "the account may not call this country"},
	21216: {incidents.OutcomeRefused, person, "the number may not be called"},
	21217: {incidents.OutcomeGone, person, "the number is not valid"},
	21219: {incidents.OutcomeRetry, account, "a trial account may call verified numbers only"},
	21265: {incidents.OutcomeRefused, person, "the number cannot take messages"},
	21266: {incidents.OutcomeRefused, account, "the number is the one we send from"},
	21267: {incidents.OutcomeRetry, account, "a trial account may not send under a name"},
	21268: {incidents.OutcomeRefused, person, "the number may not be texted: it is a premium or service number"},
	21408: {incidents.OutcomeRefused, account, "the account may not send to this country"},

	21601: {incidents.OutcomeRetry, account, "the number we send from cannot send text messages"},
	21602: {incidents.OutcomeRefused, person, "the message has no text"},
	21603: {incidents.OutcomeRetry, account, "no number to send from is given"},
	21604: {incidents.OutcomeRefused, person, "the message has no number"},
	21605: {incidents.OutcomeRefused, person, "the message is too long"},
	21606: {incidents.OutcomeRetry, account, "the number we send from is not one of the account that can send there"},
	21607: {incidents.OutcomeRetry, account, "a trial account may send from its trial number only"},
	21608: {incidents.OutcomeRetry, account, "a trial account may send to verified numbers only"},
	21609: {incidents.OutcomeRetry, account, "the address for status reports is not valid: see public.url"},
	21610: {incidents.OutcomeRefused, person, "the person opted out of this sender"},
	21611: {incidents.OutcomeRetry, account, "the sender's queue is full"},
	21612: {incidents.OutcomeRefused, account, "the number cannot be reached from this sender"},
	21614: {incidents.OutcomeGone, person, "the number is not a mobile number"},
	21617: {incidents.OutcomeRefused, person, "the message is too long"},
	21619: {incidents.OutcomeRefused, person, "the message has no text"},
	21635: {incidents.OutcomeGone, person, "the number is a landline"},
	21659: {incidents.OutcomeRetry, account, "the number we send from is not Twilio's, or a short code of another country"},
	21660: {incidents.OutcomeRetry, account, "the number we send from is another account's"},
	21661: {incidents.OutcomeRetry, account, "the number we send from cannot send text messages"},
	21701: {incidents.OutcomeRetry, account, "the messaging service does not exist"},
	21703: {incidents.OutcomeRetry, account, "the messaging service has no sender"},
	21704: {incidents.OutcomeRetry, account, "the messaging service has no sender"},
	21705: {incidents.OutcomeRetry, account, "the messaging service is not valid"},
	21730: {incidents.OutcomeRetry, account, "Twilio is under maintenance"},

	30001: {incidents.OutcomeRetry, account, "the queue overflowed"},
	30002: {incidents.OutcomeRetry, account, "the account is suspended"},
	30003: {incidents.OutcomeRefused, person, "the handset cannot be reached"},
	30004: {incidents.OutcomeRefused, person, "the message was blocked"},
	30005: {incidents.OutcomeGone, person, "the number is unknown or no longer in use"},
	30006: {incidents.OutcomeGone, person, "the number is a landline or cannot be reached by the carrier"},
	30007: {incidents.OutcomeRefused, person, "the carrier filtered the message"},
	30008: {incidents.OutcomeRefused, person, "the carrier gave no reason"},
	30010: {incidents.OutcomeRefused, account, "the message costs more than the account allows"},
	30022: {incidents.OutcomeRetry, account, "the sender's rate at the carrier is used up"},
	30023: {incidents.OutcomeRetry, account, "the sender's daily limit at the carrier is used up"},
	30029: {incidents.OutcomeRetry, account, noRedaction},
	30030: {incidents.OutcomeRetry, account, noRedaction},
	30032: {incidents.OutcomeRetry, account, "the toll-free number we send from is not verified"},
	30034: {incidents.OutcomeRetry, account, "the number we send from is not registered with the carriers"},
}

const noRedaction = "the account has no message redaction: ask Twilio for it, or set redaction to none"

const seeDictionary = "see the code in Twilio's error dictionary"

// ruled is the ruling on an error code, or on a status that came without one.
//
// Of codes nobody wrote down here: 20xxx speak of the account, 216xx and 217xx
// of senders and messaging services. A person is not passed on to the next
// channel for these. Any other is a refusal somebody can look up. A status
// without a code comes from before Twilio's messaging: but for 400, what is
// wrong is the address or the key.
func ruled(code int) ruling {
	if r, ok := codes[code]; ok {
		return r
	}
	switch {
	case code > 400 && code < 500:
		return ruling{incidents.OutcomeRetry, account, "the address or the key of the account is wrong"}
	case code/1000 == 20, code/100 == 216, code/100 == 217:
		return ruling{incidents.OutcomeRetry, account, seeDictionary}
	}
	return ruling{incidents.OutcomeRefused, person, seeDictionary}
}

// Meaning is a short sentence for an error code.
func Meaning(code int) string { return ruled(code).meaning }
