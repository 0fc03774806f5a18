package main

import "testing"

func TestNumbersAreTakenAsTheConsolePrintsThem(t *testing.T) {
	for text, want := range map[string]int64{"12": 12, "N-12": 12, "n-12": 12, "R-12": 0, "N-": 0, "": 0, "0": 0, "N-N-1": 0} {
		var n noticeNo
		if err := n.UnmarshalText([]byte(text)); int64(n) != want || (err == nil) != (want > 0) {
			t.Errorf("%q is read as %d, %v", text, n, err)
		}
	}
	var r reportNo
	if err := r.UnmarshalText([]byte("R-4")); err != nil || r != 4 {
		t.Errorf("R-4 is read as %d, %v", r, err)
	}
}
