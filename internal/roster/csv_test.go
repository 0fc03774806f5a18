package roster

import (
	"strings"
	"testing"
)

// outcomes writes what became of each row: a name, or "reject: reason".
func outcomes(rows []Row) string {
	var out []string
	for _, r := range rows {
		if r.Reject != nil {
			out = append(out, "reject: "+r.Reject.Reason)
			continue
		}
		out = append(out, r.Candidate.Contact.Name)
	}
	return strings.Join(out, "\n")
}

func TestCSVRows(t *testing.T) {
	const head = "subject_id,name,email\n"
	const ann, bob = "1,Ann,ann@example.com\n", "2,Bob,bob@example.com\n"
	const cols = "reject: columns: 2 instead of 3"
	for _, c := range []struct{ name, text, want string }{
		{"plain rows", head + ann + bob, "Ann\nBob"},
		{"no line end at the end", head + ann + strings.TrimSpace(bob), "Ann\nBob"},
		{"CRLF", strings.ReplaceAll(head+ann+bob, "\n", "\r\n"), "Ann\nBob"},
		{"bare CR, as old spreadsheets write", strings.ReplaceAll(head+ann+bob, "\n", "\r"), "Ann\nBob"},
		{"byte order mark", "\ufeff" + head + ann, "Ann"},
		{"semicolons are detected", strings.ReplaceAll(head+ann, ",", ";"), "Ann"},
		{"tabs are detected", strings.ReplaceAll(head+ann, ",", "\t"), "Ann"},
		{"a spreadsheet's sep line", "sep=;\n" + strings.ReplaceAll(head+ann, ",", ";"), "Ann"},
		{"header in another case, order and quotes", "\"E-mail\",Name\nx@example.com,Ann\n", "error"},
		{"header with blanks", "Subject ID,NAME , email\n" + ann, "Ann"},
		{"an empty line is a row", head + ann + "\n" + bob + "\n", "Ann\nreject: an empty line\nBob\nreject: an empty line"},
		{"blank lines before the header are none", "\n\r\n" + head + ann, "Ann"},
		{"only delimiters", head + ",,\n" + ann, "reject: every cell is empty\nAnn"},
		{"blanks between delimiters", head + " ,\u00a0, \n" + ann, "reject: every cell is empty\nAnn"},
		{"a short row", head + "1,Ann\n" + bob, cols + "\nBob"},
		{"a long row", head + "1,Ann,ann@example.com,x\n" + bob, "reject: columns: 4 instead of 3\nBob"},
		{"the header again", head + ann + head + bob, "Ann\nreject: the header again\nBob"},
		{"a total in one cell", head + ann + "Total: 1\n", "Ann\nreject: columns: 1 instead of 3"},
		{"a total in a whole row", head + ann + "Total: 1,,\n合计,,\n,Total,\n", "Ann" + strings.Repeat("\nreject: a line of totals", 3)},
		{"a person called Total with an address is a person", head + "9,Total,t@example.com\n", "Total"},
		{"bytes of another encoding", head + "1,\xcd\xf5,a@example.com\n" + bob, "reject: not valid UTF-8\nBob"},
		{"delimiter and line end in quotes", head + "1,\"Ann, A\nB\",ann@example.com\n" + bob, "Ann, A B\nBob"},
		{"doubled quotes", head + "1,\"Ann \"\"A\"\" B\",ann@example.com\n", `Ann "A" B`},
		{"blanks after a quote", head + "1,\"Ann\" ,ann@example.com\n", "Ann"},
		{"a quote inside a bare cell", head + "1,Ann 5\" B,ann@example.com\n", `Ann 5" B`},
		{"a quote not doubled", head + "1,\"Ann \"A\" B\",ann@example.com\n" + bob, "reject: " + whyQuote + "\nBob"},
		{"a quote never closed", head + "1,\"Ann,ann@example.com\n" + bob + "3,Cy,cy@example.com\n", "reject: " + whyUnclosed + "\nBob\nCy"},
		{"a quote closed rows later", head + "1,\"Ann,ann@example.com\n" + bob + "3,\"Cy, C\",cy@example.com\n", "reject: " + whyQuote + "\nBob\nCy, C"},
		{"a stray quote that takes in right rows", head + "1,\"Ann,ann@example.com\n" + bob + "3,Cy\",\n" + ann, "reject: " + whyUnclosed + "\nBob\nCy\"\nAnn"},
		{"a stray quote that also spoils the count", head + "1,\"Ann,ann@example.com\n" + bob + "3,Cy\"\n" + ann, "reject: " + whyUnclosed + "\nBob\n" + cols + "\nAnn"},
		{"a line of an address with as many commas as a row", "name,email,address\nAnn,ann@example.com,\"Flat 4\n12 Sample Street, Exampletown, 12345\"\n", "Ann"},
		{"an unclosed quote in the last row", head + ann + "2,\"Bob", "Ann\nreject: " + whyUnclosed},
		{"only a header", head, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, sum, err := readAll(t, c.text, Options{Format: CSV})
			if c.want == "error" {
				if err == nil {
					t.Fatal("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := outcomes(rows); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if sum.Rows != int64(len(rows)) || sum.Rows != sum.Candidates+sum.Rejected {
				t.Errorf("the sums do not hold: %+v", sum)
			}
		})
	}
}

func TestARowTooLongCostsOnlyItself(t *testing.T) {
	const head, bob = "subject_id,name,email\n", "2,Bob,bob@example.com\n"
	long := strings.Repeat("x", maxRow+5)
	for name, text := range map[string]string{
		"bare":   head + "1," + long + ",a@example.com\n" + bob,
		"quoted": head + "1,\"" + long + ",a@example.com\n" + bob,
		"jsonl":  `{"name":"` + long + "\"}\n" + `{"name":"Bob","email":"bob@example.com"}` + "\n",
	} {
		rows, _, err := readAll(t, text, Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := outcomes(rows); got != "reject: "+whyLong+"\nBob" {
			t.Errorf("%s: got %s", name, got)
		}
		if n := len(rows[0].Reject.Raw); n != keepRaw {
			t.Errorf("%s: %d bytes of the row are kept, want %d", name, n, keepRaw)
		}
	}
}

func TestAnUnclosedQuoteInALongListCostsOneRow(t *testing.T) {
	var b strings.Builder
	b.WriteString("subject_id,name,email\n1,\"Ann,ann@example.com\n")
	for range 50_000 {
		b.WriteString("2,Bob,bob@example.com\n")
	}
	_, sum, err := readAll(t, b.String(), Options{})
	if err != nil || sum.Rejected != 1 || sum.Candidates != 50_000 {
		t.Errorf("%+v, %v", sum, err)
	}
}
