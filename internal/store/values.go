package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// ms is how times are stored: Unix milliseconds, UTC.
func ms(t time.Time) int64 { return t.UnixMilli() }

func fromMS(n int64) time.Time { return time.UnixMilli(n).UTC() }

func orNullAt(t *time.Time) any {
	if t == nil {
		return nil
	}
	return orNull(*t)
}

// clean makes a stranger's text storable: valid UTF-8 without NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// key is a stranger's text as the key of an index: a long one by its hash.
func key(s string) string {
	if len(s) > 500 {
		sum := sha256.Sum256([]byte(s))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return clean(s)
}

// doc is one of our own values as JSON.
func doc(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("store: a value does not marshal: " + err.Error())
	}
	return string(b)
}

// undoc reads what doc wrote.
func undoc[T any](body string) (v T, err error) {
	if err = json.Unmarshal([]byte(body), &v); err != nil {
		return v, fmt.Errorf("a stored %T is not readable: %w", v, err)
	}
	return v, nil
}

func replaceFirst(s, old, new string) string { return strings.Replace(s, old, new, 1) }

// asJSON is the parameter of table: rows, each an array of its columns.
func asJSON(rows [][]any) string { return doc(rows) }
