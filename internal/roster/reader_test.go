package roster

import (
	"slices"
	"strings"
	"testing"

	"tocsin/incidents"
)

// Whose addresses count is settled when the list is read: those of whoever is
// written to.
func TestWhoIsReached(t *testing.T) {
	const header = "subject_id,name,email,phone,address,country,date_of_birth,guardian_name,guardian_contact,deceased,push_token,data_categories\n"
	for _, c := range []struct {
		name, row string
		reader    incidents.Reader
		channels  []incidents.Channel
		sensitive bool
	}{
		{"an adult", "1,Ann Adult,ann@example.com,,,DE,1980-01-02,,,,tok,basic", incidents.ReaderPerson, []incidents.Channel{incidents.Email, incidents.Push}, false},
		{"an adult with a guardian's contact is told directly", "1,Ann Adult,ann@example.com,,,DE,1980-01-02,Gus,gus@example.com,,,health", incidents.ReaderPerson, []incidents.Channel{incidents.Email}, true},
		{"a minor goes to the guardian's e-mail and household", "1,Mia Minor,mia@example.com,+49 30 5550101,Example Street 1,DE,2012-05-06,Gus Guard,gus@example.com,,tok,basic", incidents.ReaderGuardian, []incidents.Channel{incidents.Email, incidents.Letter}, false},
		{"a guardian by telephone alone", "1,Mia Minor,mia@example.com,,,DE,2012-05-06,,+49 30 5550102,,,", incidents.ReaderGuardian, []incidents.Channel{incidents.SMS, incidents.Phone}, false},
		{"a minor alone", "1,Max Minor,max@example.com,,,DE,2010-05-06,,,,,", incidents.ReaderMinor, []incidents.Channel{incidents.Email}, false},
		{"the dead have a representative", "1,Dan Dead,dan@example.com,,,DE,1940-01-02,Rep Res,rep@example.com,yes,,health;basic", incidents.ReaderRepresentative, []incidents.Channel{incidents.Email}, true},
		{"the dead without one", "1,Dan Dead,dan@example.com,,,DE,1940-01-02,,,yes,,", incidents.ReaderPerson, []incidents.Channel{incidents.Email}, false},
	} {
		var got []incidents.Candidate
		_, err := Read(t.Context(), strings.NewReader(header+c.row+"\n"), Options{Name: "list.csv", AsOf: day}, func(r Row) error {
			if r.Reject != nil {
				t.Errorf("%s: rejected: %s", c.name, r.Reject.Reason)
			}
			got = append(got, r.Candidate)
			return nil
		})
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %d persons, %v", c.name, len(got), err)
		}
		p := got[0]
		if incidents.ReaderOf(p.Flags) != c.reader || !slices.Equal(p.Channels, c.channels) || (p.Flags&incidents.FlagSensitive != 0) != c.sensitive {
			t.Errorf("%s: to %q by %v, flags %b; want %q by %v", c.name, incidents.ReaderOf(p.Flags), p.Channels, p.Flags, c.reader, c.channels)
		}
	}
}
