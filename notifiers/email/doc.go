// Package email carries notices by e-mail. jordan-wright/email builds the MIME
// parts and emersion/go-smtp delivers them, one recipient per message, on warm
// connections. It refuses addresses and headers with control characters, and
// it never calls a message failed that the relay may have taken.
package email
