// Package killpoint names the moments at which a process that is killed must
// leave nothing lost and nothing doubled unseen. Only a program built with the
// tag killpoints, which no release is, ever ends at one of them; in any other
// At does nothing and costs nothing.
package killpoint

// A Point is one such moment. A point that ends in "written" lies in the
// transaction, before its commit.
type Point string

// The points, in the order of a delivery's life.
const (
	ReleaseWritten Point = "release-written" // deliveries are planned
	OutboxTaken    Point = "outbox-taken"    // messages are leased from the outbox
	Published      Point = "published"       // they are on the bus, and still in the outbox
	ChunkTaken     Point = "chunk-taken"     // the lease of a chunk is committed
	ClaimWritten   Point = "claim-written"   // deliveries are written down as attempting
	Claimed        Point = "claimed"         // the same, committed, and nothing has left
	Rendered       Point = "rendered"        // messages are made
	BeforeBytes    Point = "before-bytes"    // the relay waits for the body of a message
	AfterBytes     Point = "after-bytes"     // the body has left, the answer is not read
	Answered       Point = "answered"        // the answer is read, and recorded nowhere
	RecordWritten  Point = "record-written"  // outcomes are written down
	Recorded       Point = "recorded"        // the same, committed
	LandingWritten Point = "landing-written" // outcomes are written into the rows of their deliveries
	ChunkDone      Point = "chunk-done"      // nothing in a chunk is due, its lease is held
	ChunkLeft      Point = "chunk-left"      // the lease is given back, the bus does not know
	LostWritten    Point = "lost-written"    // what a lost worker left is put in doubt
	SweepWritten   Point = "sweep-written"   // a sweep found something
	Swept          Point = "swept"           // the same, committed
	DoubtWritten   Point = "doubt-written"   // a doubt is resolved
	DoubtResolved  Point = "doubt-resolved"  // the same, committed
	ReceiptWritten Point = "receipt-written" // a provider's report is stored
	ReceiptStored  Point = "receipt-stored"  // the same, committed, and not answered
	FoldWritten    Point = "fold-written"    // reports became states
	Folded         Point = "folded"          // the same, committed
	DoneWritten    Point = "done-written"    // a notice is done
	Done           Point = "done"            // the same, committed
)

// Points lists them all.
func Points() []Point {
	return []Point{ReleaseWritten, OutboxTaken, Published, ChunkTaken, ClaimWritten, Claimed, Rendered, BeforeBytes, AfterBytes, Answered,
		RecordWritten, Recorded, LandingWritten, ChunkDone, ChunkLeft, LostWritten, SweepWritten, Swept, DoubtWritten, DoubtResolved,
		ReceiptWritten, ReceiptStored, FoldWritten, Folded, DoneWritten, Done}
}

// Env names the point and at which passing of it the process ends: claimed:3.
const Env = "TOCSIN_KILL_AT"
