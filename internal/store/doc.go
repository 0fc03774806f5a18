// Package store keeps the truth: incidents, lists, notices, the delivery
// journal and the audit log, in SQLite or in PostgreSQL, by hand-written SQL
// that both understand. A nil error of a writing method means committed and
// synced. It refuses to start on a database that would not keep that promise,
// and it never deletes history.
package store
