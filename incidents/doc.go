// Package incidents is the domain of Tocsin: alerts, incidents, facts,
// assessments, affected persons, notices, approvals, deliveries,
// announcements, reports and terminations, and the use cases that move them.
//
// It knows no plumbing: it imports the standard library only, and reaches
// storage, rules, words and clocks through small interfaces declared here.
// It refuses to send anything: it can only say what may be sent.
package incidents
