// Package demo walks the main job of the service on invented people: real
// alerts posted to its own hook, one incident, its facts, obligations and
// notices, approvals by other people, messages through stand-ins of the
// providers at protocol level, the announcement, the reports and the evidence.
// It refuses to touch anything but loopback and its own folder.
package demo
