package roster

import (
	"slices"
	"testing"
)

func TestPhoneCountry(t *testing.T) {
	for number, want := range map[string]string{"+14155550158": "US", "+4917639200600": "DE", "+447400123456": "GB", "+8613800138000": "CN", "+999": "", "+447700900837": "" /* set aside for fiction */, "4155550158": "", "": ""} {
		if got := PhoneCountry(number); got != want {
			t.Errorf("%q is of %q, want %q", number, got, want)
		}
	}
}

func TestPhoneZones(t *testing.T) {
	for number, want := range map[string]string{"+14155550158": "America/Los_Angeles", "+4917639200600": "Europe/Berlin", "+8613800138000": "Asia/Shanghai", "+999": "", "x": "", "": ""} {
		got := PhoneZones(number)
		if want == "" && len(got) != 0 || want != "" && !slices.Contains(got, want) {
			t.Errorf("%q is in %q, want %q", number, got, want)
		}
	}
	if n := len(PhoneZones("+18005550123")); n < 2 {
		t.Errorf("a number for all of North America is in %d zones", n)
	}
}
