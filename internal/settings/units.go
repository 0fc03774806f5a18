package settings

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// A Duration is written as 90s, 15m, 8h or 30d.
type Duration time.Duration

// Std returns the duration for use in code.
func (d Duration) Std() time.Duration { return time.Duration(d) }

func (d Duration) String() string {
	const day = 24 * time.Hour
	t := time.Duration(d)
	if t >= day && t%day == 0 {
		return strconv.Itoa(int(t/day)) + "d"
	}
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalYAML writes the duration as it is read.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

// UnmarshalYAML reads 90s, 15m, 8h or 30d.
func (d *Duration) UnmarshalYAML(read func(any) error) error {
	var s string
	if err := read(&s); err != nil {
		return err
	}
	t, err := parseDuration(s)
	*d = Duration(t)
	return err
}

func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	if t, err := time.ParseDuration(s); err == nil && t >= 0 {
		return t, nil
	}
	return 0, incidents.Invalid("%q is not a duration", s).WithHint("write 90s, 15m, 8h or 30d")
}

// A Size is a number of bytes, written as 512KiB, 1MiB or 2GiB.
type Size int64

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}}

func (s Size) String() string {
	for _, u := range sizeUnits {
		if n := int64(s); n >= u.bytes && n%u.bytes == 0 {
			return fmt.Sprint(n/u.bytes, u.suffix)
		}
	}
	return "0"
}

// MarshalYAML writes the size as it is read.
func (s Size) MarshalYAML() (any, error) { return s.String(), nil }

// UnmarshalYAML reads 512KiB, 1MiB, 2GiB or a number of bytes.
func (s *Size) UnmarshalYAML(read func(any) error) error {
	var text string
	if err := read(&text); err != nil {
		return err
	}
	n, err := parseSize(text)
	*s = Size(n)
	return err
}

func parseSize(text string) (int64, error) {
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64); err == nil && n >= 0 && n <= (1<<50)/u.bytes {
			return n * u.bytes, nil
		}
		break
	}
	return 0, incidents.Invalid("%q is not a size", text).WithHint("write 512KiB, 1MiB or 2GiB")
}
