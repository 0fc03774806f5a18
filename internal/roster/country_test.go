package roster

import "testing"

func TestPhoneCountry(t *testing.T) {
	for number, want := range map[string]string{"+14155550158": "US", "+4917639200600": "DE", "+447400123456": "GB", "+8613800138000": "CN", "+999": "", "+447700900837": "" /* set aside for fiction */, "4155550158": "", "": ""} {
		if got := PhoneCountry(number); got != want {
			t.Errorf("%q is of %q, want %q", number, got, want)
		}
	}
}
