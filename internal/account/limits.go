package account

import "time"

// Limits are the numbers of this package; zero fields mean the default.
type Limits struct {
	Tries           int           // failed tries before an account is locked: 5
	Lock            time.Duration // for how long: 15 min
	TriesPerAddress int           // failed tries of one network address within Lock: 30
	Concurrent      int           // passwords worked on at a time: 2
	TokenTTL        time.Duration // the longest life of an API token: 366 days
	MemoryKiB       uint32        // argon2id: 64 MiB
	Passes          uint32        // argon2id: 3
	Threads         uint8         // argon2id: 2
	Issuer          string        // shown in the authenticator: "Tocsin"
	NewID           func() string // of accounts and tokens; the default is random text
}

const (
	minPassword = 12   // characters
	maxPassword = 1024 // bytes
)

func (l Limits) filled() Limits {
	set(&l.Tries, 5)
	set(&l.Lock, 15*time.Minute)
	set(&l.TriesPerAddress, 30)
	set(&l.Concurrent, 2)
	set(&l.TokenTTL, 366*24*time.Hour)
	set(&l.MemoryKiB, 64<<10)
	set(&l.Passes, 3)
	set(&l.Threads, 2)
	set(&l.Issuer, "Tocsin")
	if l.NewID == nil {
		l.NewID = randomID
	}
	return l
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
