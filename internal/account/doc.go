// Package account knows the people of the response team: their passwords,
// second factors, API tokens and sessions.
//
// Whoever fails to sign in gets one answer after the same work, whatever was
// wrong. Codes are used once. It is the only door to argon2, TOTP, QR codes
// and session cookies. It has no SQL: the store keeps what it is given. It
// refuses to write the audit log: the caller records each act in its transaction.
package account
