package settings

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want time.Duration
		out  string
	}{
		{"90s", 90 * time.Second, "1m30s"}, {"15m", 15 * time.Minute, "15m"}, {"8h", 8 * time.Hour, "8h"},
		{"30d", 720 * time.Hour, "30d"}, {"0s", 0, "0s"}, {"36h", 36 * time.Hour, "36h"}, {"100ms", 100 * time.Millisecond, "100ms"},
		{"1h0m10s", time.Hour + 10*time.Second, "1h0m10s"},
	} {
		d, err := parseDuration(tc.in)
		if err != nil || d != tc.want || Duration(d).String() != tc.out {
			t.Errorf("%s: %v %v %v", tc.in, d, Duration(d), err)
		}
		if again, err := parseDuration(Duration(d).String()); err != nil || again != d {
			t.Errorf("%s does not read back", tc.out)
		}
	}
	for _, bad := range []string{"", "15", "-1h", "-1d", "1 day", "d", "99999999d"} {
		if d, err := parseDuration(bad); err == nil {
			t.Errorf("%q is %v", bad, d)
		}
	}
}

func TestSizes(t *testing.T) {
	for in, want := range map[string]int64{"1MiB": 1 << 20, "512KiB": 512 << 10, "2GiB": 2 << 30, "1000": 1000, "7B": 7, "0": 0} {
		n, err := parseSize(in)
		if err != nil || n != want {
			t.Errorf("%s: %d %v", in, n, err)
		}
		if again, err := parseSize(Size(n).String()); err != nil || again != n {
			t.Errorf("%s does not read back from %s", in, Size(n))
		}
	}
	for _, bad := range []string{"", "MiB", "-1", "-1MiB", "1MB", "1.5MiB", "99999999999GiB"} {
		if n, err := parseSize(bad); err == nil {
			t.Errorf("%q is %d", bad, n)
		}
	}
}

func FuzzUnits(f *testing.F) {
	for _, s := range []string{"1MiB", "30d", "-1", "9223372036854775807GiB", "1h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := parseSize(s); err == nil && n < 0 {
			t.Errorf("size %q is %d", s, n)
		}
		if d, err := parseDuration(s); err == nil && d < 0 {
			t.Errorf("duration %q is %v", s, d)
		}
	})
}
