// Package pace sets how Go runs a process of ours: how often memory is
// collected, and how many threads run at once.
package pace

import (
	"os"
	"runtime"
	"runtime/debug"
)

// floor is memory that is never touched, so the system never gives it: it only
// makes the collector wait. What lives here is little, and a share of little
// would have it collected many times a second, a sixth of the time of a notice;
// a larger share would let a long list take much more memory than a short one.
var floor []byte

const floorSize = 64 << 20

// Set lets the heap grow by 64 MiB and what lives before it is collected, and one
// thread more run than there are processors: the one that waits for the disk at
// the end of a transaction keeps its place for that while. GOGC and GOMAXPROCS in
// the environment override either. It is for the start of a process, once.
func Set() {
	if os.Getenv("GOGC") == "" {
		floor = make([]byte, floorSize)
		debug.SetGCPercent(100)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
