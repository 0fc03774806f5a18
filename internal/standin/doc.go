// Package standin answers in place of the providers, on loopback, at protocol
// level: an SMTP relay, Twilio's REST interface with its signed callbacks, and
// Firebase Cloud Messaging. The demonstration and the tests send through it.
// It keeps what it was given in memory, and it can be told to misbehave.
package standin
