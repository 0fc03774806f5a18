// Package notifiers gets an approved notice to its persons. The pipeline is a
// list of stages, each in its file: claim (the journal writes attempts down
// first), render, limit, send, record, and beside it the reconciler of doubts
// and the sweeper. Planning is the journal's: see incidents.Journal.
//
// It refuses to send anything but an incidents.ApprovedNotice, to anybody but
// the person a message was rendered for, and, in a drill, to anything but the
// sandbox.
package notifiers
