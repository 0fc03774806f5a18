package store

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"tocsin/incidents"
)

// everything is a contact without an empty field.
var everything = incidents.Contact{Ref: "C-7", Name: "Zoë 何霞", NameLatin: "Zoe He", Email: "zoe@example.com", Phone: "+4915550000007", PushToken: "token:7",
	Address: "1 Sample Street\n10115 Berlin", Birth: "2011-02-03", Guardian: "Ada Example", GuardianTo: "ada@example.com", Categories: []string{"basic", "health"},
	Zone: "Europe/Berlin", Note: "calls back"}

// What lies sealed in databases is read by every version to come.
func TestContactsThatWereSealedAreRead(t *testing.T) {
	for _, c := range []struct {
		name, stored string
		want         incidents.Contact
	}{
		{"CBOR", unhex(t, "ad"+ // 13 pairs
			"01"+"63"+"432d37"+"02"+"6b"+"5a6fc3ab20e4bd95e99c9e"+"03"+"66"+"5a6f65204865"+
			"04"+"6f"+"7a6f65406578616d706c652e636f6d"+"05"+"6e"+"2b34393135353530303030303037"+"06"+"67"+"746f6b656e3a37"+
			"07"+"781c"+"312053616d706c65205374726565740a3130313135204265726c696e"+"08"+"6a"+"323031312d30322d3033"+
			"09"+"6b"+"416461204578616d706c65"+"0a"+"6f"+"616461406578616d706c652e636f6d"+"0b"+"82"+"65"+"6261736963"+"66"+"6865616c7468"+
			"0c"+"6d"+"4575726f70652f4265726c696e"+"0d"+"6a"+"63616c6c73206261636b"), everything},
		{"CBOR, little known", unhex(t, "a1"+"04"+"6f"+"7a6f65406578616d706c652e636f6d"), incidents.Contact{Email: "zoe@example.com"}},
		{"CBOR, with a field of a version to come", unhex(t, "a2"+"01"+"63"+"432d37"+"1863"+"61"+"78"), incidents.Contact{Ref: "C-7"}},
		{"JSON", `{"ref":"C-7","name":"Zoë 何霞","name_latin":"Zoe He","email":"zoe@example.com","phone":"+4915550000007","push_token":"token:7",` +
			`"address":"1 Sample Street\n10115 Berlin","birth":"2011-02-03","guardian":"Ada Example","guardian_to":"ada@example.com",` +
			`"categories":["basic","health"],"zone":"Europe/Berlin","note":"calls back"}`, everything},
		{"JSON, little known", `{"ref":"","name":"","email":"zoe@example.com"}`, incidents.Contact{Email: "zoe@example.com"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := decodeContact([]byte(c.stored))
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("it reads as another contact: %v", err)
			}
			again, err := decodeContact(encodeContact(got))
			if err != nil || !reflect.DeepEqual(again, c.want) {
				t.Errorf("sealed anew, it reads as another contact: %v", err)
			}
		})
	}
	if got := string(encodeContact(everything)); got[0] == '{' || strings.Contains(got, "name") {
		t.Errorf("it is written as %q", got)
	}
}

// A field without a number of its own would be lost.
func TestEveryFieldOfAContactIsKept(t *testing.T) {
	v := reflect.ValueOf(everything)
	numbers := map[string]bool{}
	for i := range v.NumField() {
		field := reflect.TypeFor[contactForm]().Field(i)
		number, _, _ := strings.Cut(field.Tag.Get("cbor"), ",")
		if v.Field(i).IsZero() || number == "" || numbers[number] {
			t.Errorf("%s has the number %q, or no value here", field.Name, number)
		}
		numbers[number] = true
	}
}

func TestWhatIsNoContactIsRefused(t *testing.T) {
	for _, stored := range []string{"", "{", `{"ref":7}`, "null", "\xad\x01", unhex(t, "a10107"), unhex(t, "a10161780000")} {
		if c, err := decodeContact([]byte(stored)); err == nil {
			t.Errorf("%q is read as %#v", stored, c)
		}
	}
	// Lists are UTF-8. What slipped through must not keep a person from being told.
	if c, err := decodeContact(encodeContact(incidents.Contact{Name: "Zo\xeb", Email: "zoe@example.com"})); err != nil || c.Email != "zoe@example.com" {
		t.Errorf("a name that is no UTF-8 keeps a contact shut: %v", err)
	}
}

func unhex(t *testing.T, s string) string {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// BenchmarkContact writes and reads what most lists have of a person.
func BenchmarkContact(b *testing.B) {
	c := incidents.Contact{Ref: "C-12345", Name: "Ada Example 12345", Email: "person12345@example.com", Phone: "+4915550012345", Categories: []string{"basic", "account"}}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			encodeContact(c)
		}
	})
	for name, stored := range map[string][]byte{"decode": encodeContact(c),
		"decode JSON": []byte(`{"ref":"C-12345","name":"Ada Example 12345","email":"person12345@example.com","phone":"+4915550012345","categories":["basic","account"]}`)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodeContact(stored); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
