package roster

import "testing"

func TestBarredNumbers(t *testing.T) {
	for _, c := range []struct{ name, number, want string }{
		{"a German mobile", "+4917639200600", ""},
		{"an American number", "+14155550158", ""},
		{"a Chinese mobile", "+8613800138000", ""},
		{"a British landline", "+442079460018", ""},
		{"German premium", "+499001234567", BarredKind},
		{"American premium", "+19002345678", BarredKind},
		{"British premium", "+449012345678", BarredKind},
		{"German shared cost", "+491801234567", BarredKind},
		{"a British personal number, which forwards anywhere at any price", "+447012345678", BarredKind},
		{"Inmarsat", "+870773111632", BarredKind},
		{"Iridium", "+881612345678", BarredKind},
		{"an international network", "+882161234567", BarredKind},
		{"international premium", "+979123456789", BarredKind},
		{"an emergency number", "+112", BarredKind},
		{"a short code", "12345", BarredKind},
		{"nothing", "", BarredKind},
	} {
		if got := Barred(c.number, nil); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := Barred("+4917639200600", []string{"DE"}); got != "" {
		t.Errorf("a number of an allowed country: %q", got)
	}
	if got := Barred("+14155550158", []string{"DE"}); got != BarredCountry {
		t.Errorf("a number of another country: %q", got)
	}
	if got := Barred("+881612345678", []string{"DE"}); got != BarredKind {
		t.Errorf("a satellite number: %q", got)
	}
}
