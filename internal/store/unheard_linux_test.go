package store

import (
	"net"
	"syscall"
	"testing"
	"time"
)

// The kernel ends a connection whose other end confirms nothing.
func TestAConnectionThatIsNotHeardEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer l.Close()
	c, err := dialer(time.Second).DialContext(t.Context(), "tcp", l.Addr().String())
	ok(t, err)
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	ok(t, err)
	ok(t, raw.Control(func(fd uintptr) {
		for name, want := range map[string][2]int{"user timeout": {tcpUserTimeout, int(unheard.Milliseconds())}, "keepalive idle": {syscall.TCP_KEEPIDLE, 10},
			"keepalive interval": {syscall.TCP_KEEPINTVL, 5}, "keepalive count": {syscall.TCP_KEEPCNT, 3}} {
			if got, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, want[0]); err != nil || got != want[1] {
				t.Errorf("%s is %d, want %d: %v", name, got, want[1], err)
			}
		}
	}))
}
