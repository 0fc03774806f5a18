// Package siem reads what alert senders send: one adapter per vendor, bytes
// in, alerts out. It is pure: no clock, no network, no state. It refuses
// nothing because of age, drops nothing because a severity is unknown, and
// never fetches an address it finds in a body.
//
// Each adapter's field map and severity map is written beside it. Sources:
// vendor documentation as noted in testdata/manifest.yaml.
package siem
