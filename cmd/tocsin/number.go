package main

import (
	"strconv"
	"strings"

	"tocsin/incidents"
)

// Numbers of notices and reports are taken as people type them, 12, and as the
// console prints them, N-12 and R-12.
type (
	noticeNo int64
	reportNo int64
)

// UnmarshalText reads 12 or N-12.
func (n *noticeNo) UnmarshalText(b []byte) error { return readNumber((*int64)(n), string(b), "N-") }

// UnmarshalText reads 12 or R-12.
func (n *reportNo) UnmarshalText(b []byte) error { return readNumber((*int64)(n), string(b), "R-") }

func readNumber(n *int64, text, prefix string) error {
	if len(text) > len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		text = text[len(prefix):]
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < 1 {
		return incidents.Invalid("%q is not a number like 12 or %s12", text, prefix)
	}
	*n = v
	return nil
}
