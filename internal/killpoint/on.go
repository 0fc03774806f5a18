//go:build killpoints

package killpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var (
	chosen, passing = parse(os.Getenv(Env))
	passed          atomic.Int64
)

func parse(s string) (Point, int64) {
	name, n, _ := strings.Cut(s, ":")
	nth, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		nth = 1
	}
	return Point(name), nth
}

// At ends the process, as a power cut would, when the environment names this
// passing of this point.
func At(p Point) {
	if p != chosen || passed.Add(1) != passing {
		return
	}
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {} // nothing happens after this moment
}

// If is At for a point that is passed only when something was done.
func If(something bool, p Point) {
	if something {
		At(p)
	}
}
