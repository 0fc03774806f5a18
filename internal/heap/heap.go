// Package heap sets how the garbage collector paces a process of ours.
package heap

import (
	"os"
	"runtime/debug"
)

// floor is memory that is never touched, so the system never gives it: it only
// makes the collector wait. What lives here is little, and a share of little
// would have it collected many times a second, a sixth of the time of a notice;
// a larger share would let a long list take much more memory than a short one.
var floor []byte

const floorSize = 64 << 20

// Pace lets the heap grow by 64 MiB and what lives before it is collected. GOGC
// in the environment overrides it.
func Pace() {
	if os.Getenv("GOGC") != "" || floor != nil {
		return
	}
	floor = make([]byte, floorSize)
	debug.SetGCPercent(100)
}
