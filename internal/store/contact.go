package store

import (
	"encoding/json"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"tocsin/incidents"
)

// A contactForm is a contact as it is sealed: a map of CBOR (RFC 8949) with
// numbers for keys, read in a third of the time that JSON takes, once for every
// message. A number is its field's for ever; a new field gets the next one.
type contactForm struct {
	Ref        string   `cbor:"1,keyasint,omitempty" json:"ref"`
	Name       string   `cbor:"2,keyasint,omitempty" json:"name"`
	NameLatin  string   `cbor:"3,keyasint,omitempty" json:"name_latin"`
	Email      string   `cbor:"4,keyasint,omitempty" json:"email"`
	Phone      string   `cbor:"5,keyasint,omitempty" json:"phone"`
	PushToken  string   `cbor:"6,keyasint,omitempty" json:"push_token"`
	Address    string   `cbor:"7,keyasint,omitempty" json:"address"`
	Birth      string   `cbor:"8,keyasint,omitempty" json:"birth"`
	Guardian   string   `cbor:"9,keyasint,omitempty" json:"guardian"`
	GuardianTo string   `cbor:"10,keyasint,omitempty" json:"guardian_to"`
	Categories []string `cbor:"11,keyasint,omitempty" json:"categories"`
	Zone       string   `cbor:"12,keyasint,omitempty" json:"zone"`
	Note       string   `cbor:"13,keyasint,omitempty" json:"note"`
}

// How contacts are written and read. Lists are checked to be UTF-8 when they
// are read; what was sealed all the same must open.
var (
	contactEncoder = must(cbor.CoreDetEncOptions().EncMode())
	contactDecoder = must(cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic("store: " + err.Error()) // options that the library does not know
	}
	return v
}

// encodeContact is the plain form of a contact, to be sealed at once.
func encodeContact(c incidents.Contact) []byte { return must(contactEncoder.Marshal(contactForm(c))) }

// decodeContact reads what encodeContact wrote, just opened, and the JSON of
// versions before it: no CBOR map begins like an object of JSON.
func decodeContact(b []byte) (incidents.Contact, error) {
	var f contactForm
	read := contactDecoder.Unmarshal
	if len(b) > 0 && b[0] == '{' {
		read = json.Unmarshal
	}
	if err := read(b, &f); err != nil {
		return incidents.Contact{}, fmt.Errorf("decode a contact: %w", err)
	}
	return incidents.Contact(f), nil
}
