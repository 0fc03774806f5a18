// Package bus carries work and news between the parts of Tocsin, over NATS
// JetStream: an embedded server in this process, or an external one.
//
// It is the only door to NATS. It refuses to be a store: what is promised to
// anybody is in the database first, and a bus that lost everything delays work
// by one sweep. Messages carry ids, never personal data.
package bus
