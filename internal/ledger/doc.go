// Package ledger is the proof: an append-only Merkle log of audit entries,
// signed checkpoints of it, and evidence bundles that anybody can verify
// offline with nothing but a public key.
//
// Trees are those of RFC 6962. It is the only door to the tlog and note
// packages, and their types do not leave it. It stores nothing: the store
// writes records and hashes in the transaction of the act and hands them back.
// It refuses to call something verified that it has not recomputed byte by byte.
package ledger
