package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tocsin/incidents"
)

// Encode is the one canonical form of an entry: compact JSON, keys in fixed
// order, time in UTC to the millisecond. It is what is hashed.
func Encode(e incidents.AuditEntry) []byte {
	e.At = e.At.UTC().Truncate(time.Millisecond)
	b, err := json.Marshal(readable(e))
	if err != nil {
		panic("ledger: an entry does not marshal: " + err.Error()) // strings, a number, a time of year 0 to 9999
	}
	return b
}

// readable replaces what is not UTF-8, which JSON could not give back.
func readable(e incidents.AuditEntry) incidents.AuditEntry {
	const mark = "\uFFFD"
	e.Actor = incidents.AccountID(strings.ToValidUTF8(string(e.Actor), mark))
	e.Role = incidents.Role(strings.ToValidUTF8(string(e.Role), mark))
	e.Incident = incidents.IncidentID(strings.ToValidUTF8(string(e.Incident), mark))
	for _, s := range []*string{&e.Via, &e.Event, &e.Subject, &e.Text} {
		*s = strings.ToValidUTF8(*s, mark)
	}
	var data map[string]string
	for k, v := range e.Data {
		if data == nil {
			data = make(map[string]string, len(e.Data))
		}
		data[strings.ToValidUTF8(k, mark)] = strings.ToValidUTF8(v, mark)
	}
	e.Data = data
	return e
}

// Decode reads what Encode wrote, and refuses any other form of the same entry.
func Decode(b []byte) (incidents.AuditEntry, error) {
	var e incidents.AuditEntry
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, fmt.Errorf("not an audit entry: %w", err)
	}
	if y := e.At.Year(); y < 0 || y > 9999 || !bytes.Equal(Encode(e), b) {
		return e, fmt.Errorf("not the canonical form of an audit entry")
	}
	return e, nil
}

// RootKey and SHA256Key name the data of an entry that binds a file of an
// evidence bundle: the hex Merkle root over its lines, or the hex SHA-256 of
// the whole file. The newest entry that binds a path counts.
func RootKey(path string) string   { return "root:" + path }
func SHA256Key(path string) string { return "sha256:" + path }
