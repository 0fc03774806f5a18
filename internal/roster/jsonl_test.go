package roster

import (
	"testing"
)

func TestJSONLRows(t *testing.T) {
	const ann, bob = `{"name":"Ann","email":"ann@example.com"}` + "\n", `{"name":"Bob","email":"bob@example.com"}` + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"plain rows", ann + bob, "Ann\nBob"},
		{"CRLF and blanks", " { \"name\" : \"Ann\" ,\t\"email\" : \"ann@example.com\" } \r\n" + bob, "Ann\nBob"},
		{"an empty line is a row", ann + "\n" + bob + "\n", "Ann\nreject: an empty line\nBob\nreject: an empty line"},
		{"cut off", `{"name":"Ann","em` + "\n" + bob, "reject: broken JSON\nBob"},
		{"an array", ann + `["Ann"]` + "\n" + bob, "Ann\nreject: not a JSON object\nBob"},
		{"a bare string", ann + `"Total: 1"` + "\n", "Ann\nreject: not a JSON object"},
		{"something behind the object", `{"name":"Ann"}{}` + "\n" + bob, "reject: broken JSON\nBob"},
		{"escapes", `{"name":"Ann\u0020\ud83d\ude00\"\/","email":"ann@example.com"}` + "\n", "Ann 😀\"/"},
		{"half a surrogate pair", `{"name":"Ann\ud83d","email":"ann@example.com"}` + "\n" + bob, "reject: broken JSON\nBob"},
		{"a line end inside a string", "{\"name\":\"An\tn\"}\n" + bob, "reject: broken JSON\nBob"},
		{"nested", `{"name":{"first":"Ann"}}` + "\n" + bob, "reject: an object inside the object\nBob"},
		{"a name twice", `{"name":"Ann","name":"Bob","email":"b@example.com"}` + "\n" + bob, "reject: a name is there twice\nBob"},
		{"an unknown name later on", ann + `{"name":"Cy","shoe":"x"}` + "\n" + bob, "Ann\nreject: a name in the object is not known\nBob"},
		{"null and nothing", `{"name":null,"email":null}` + "\n{}\n" + bob, "reject: neither id, name nor contact\nreject: neither id, name nor contact\nBob"},
		{"bytes of another encoding", "{\"name\":\"\xcd\xf5\"}\n" + bob, "reject: not valid UTF-8\nBob"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, _, err := readAll(t, c.text, Options{Format: JSONL})
			if err != nil {
				t.Fatal(err)
			}
			if got := outcomes(rows); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestJSONLValuesOfOtherTypes(t *testing.T) {
	rows, _, err := readAll(t, `{"subject_id":1001.0,"name":"Ann","phone":12025550123,"country":"US","email":["a@example.com","b@example.com"],"deceased":true,"data_categories":["health","basic"]}`, Options{})
	if err != nil || len(rows) != 1 || rows[0].Reject != nil {
		t.Fatalf("%v, %v", rows, err)
	}
	c := rows[0].Candidate
	if c.Contact.Ref != "1001" || c.Contact.Phone != "+12025550123" || c.Contact.Email != "a@example.com" || len(c.Keys) != 3 || c.Flags == 0 || len(c.Contact.Categories) != 2 {
		t.Errorf("id %q, phone %q, e-mail %q, %d keys", c.Contact.Ref, c.Contact.Phone, c.Contact.Email, len(c.Keys))
	}
}
