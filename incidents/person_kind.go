package incidents

import (
	"slices"
	"strings"
)

// A PersonKind is what a list says of a person that weighs in the risk to them:
// whether they are a child, a minor or have died, and the categories of data it
// names for them. It is one set of bits, so that an import counts people by it;
// as text it reads "child+minor:basic,health".
type PersonKind uint32

// Who a person is, above the bits of the data categories.
const (
	PersonChild    PersonKind = 1 << (16 + iota) // under 14 at import
	PersonMinor                                  // under 18
	PersonDeceased                               // has died
)

var kindWords = []struct {
	kind PersonKind
	word string
}{{PersonChild, "child"}, {PersonMinor, "minor"}, {PersonDeceased, "deceased"}}

// Kind is the kind of a person as a list has them.
func (c Candidate) Kind() (k PersonKind) {
	if c.Flags&FlagChild != 0 {
		k |= PersonChild
	}
	if c.Flags&FlagMinor != 0 {
		k |= PersonMinor
	}
	if c.Flags&FlagDeceased != 0 {
		k |= PersonDeceased
	}
	for _, word := range c.Contact.Categories {
		k |= dataKinds[word]
	}
	return k
}

// Data lists the categories of the kind; none means that the list names none.
func (k PersonKind) Data() (out []string) {
	for _, o := range DataCategories {
		if k&dataKinds[o.Value] != 0 {
			out = append(out, o.Value)
		}
	}
	return out
}

// MarshalText writes a kind as the key of a count.
func (k PersonKind) MarshalText() ([]byte, error) {
	var who []string
	for _, w := range kindWords {
		if k&w.kind != 0 {
			who = append(who, w.word)
		}
	}
	return []byte(strings.Join(who, "+") + ":" + strings.Join(k.Data(), ",")), nil
}

// UnmarshalText reads what MarshalText wrote.
func (k *PersonKind) UnmarshalText(b []byte) error {
	*k = 0
	who, data, ok := strings.Cut(string(b), ":")
	if !ok {
		return Invalid("%q is no kind of persons", b)
	}
	for _, w := range kindWords {
		if slices.Contains(strings.Split(who, "+"), w.word) {
			*k |= w.kind
		}
	}
	for word := range strings.SplitSeq(data, ",") {
		*k |= dataKinds[word]
	}
	return nil
}

// KindsOf counts everybody on the lists by kind. People of a list that was taken
// in before there were kinds are of the kind 0: nothing is said of them.
func KindsOf(lists []Import) map[PersonKind]int64 {
	out := map[PersonKind]int64{}
	for _, im := range lists {
		rest := im.Imported
		for k, n := range im.ByKind {
			out[k] += n
			rest -= n
		}
		if rest > 0 {
			out[0] += rest
		}
	}
	return out
}

// CategoryOf is the data category of an item, of a category, or of another word
// that lists use; "" for a word nobody knows.
func CategoryOf(word string) string { return categoryOf[word] }

// dataKinds is the bit of each word that means a category.
var dataKinds = func() map[string]PersonKind {
	bits := map[string]PersonKind{}
	for i, o := range DataCategories {
		bits[o.Value] = 1 << i
	}
	out := map[string]PersonKind{}
	for word, category := range categoryOf {
		out[word] = bits[category]
	}
	return out
}()

// categoryOf puts every item of data_items, and the words SensitiveData knows,
// under the category of GB/T 35273-2020 they belong to.
var categoryOf = func() map[string]string {
	out := map[string]string{}
	for category, words := range map[string]string{
		"basic":            "name email phone address date_of_birth photo",
		"identity":         "national_id ssn tax_id passport drivers_license military_id tribal_id voter_id irs_pin mothers_maiden_name civil_certificate",
		"biometric":        "genetic",
		"network_identity": "online_credentials password_hash electronic_signature security_token",
		"health":           "medical health_insurance",
		"education_work":   "student_id employee_id work_evaluation",
		"property":         "bank_account payment_card card_security_code transactions tax_records",
		"communication":    "communications",
		"location":         "license_plate",
		"other":            "sexual_life sexual_orientation religion belief politics union ethnicity criminal",
	} {
		for word := range strings.FieldsSeq(words) {
			out[word] = category
		}
	}
	for _, o := range DataCategories {
		out[o.Value] = o.Value
	}
	return out
}()
