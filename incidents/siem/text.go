package siem

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxTitle = 300  // runes
	maxKey   = 400  // bytes of an identifier
	maxURL   = 2000 // bytes
	maxSet   = 500  // assets, accounts, addresses of one alert
)

// line makes one line of at most 300 characters, without control characters
// and without marks that turn the direction of the text.
func line(s string) string {
	if len(s) > 16*maxTitle {
		s = s[:16*maxTitle]
	}
	s = strings.Join(strings.Fields(printable(s)), " ")
	if rs := []rune(s); len(rs) > maxTitle {
		s = string(rs[:maxTitle-1]) + "…"
	}
	return s
}

// printable drops control characters; those that part words become a blank.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			return ' '
		case r < ' ' || (r >= 0x7f && r < 0xa0) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) || r == 0xfeff:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// clean makes a text of a stranger safe to store and short: what is longer is
// replaced by its hash, so that two long ones stay apart.
func clean(s string, most int) string {
	s = strings.TrimSpace(s)
	if len(s) > most {
		return "sha256:" + hash(s)
	}
	return strings.TrimSpace(printable(s))
}

// key is "<format>:<stable key>". A key that could not be stored as it is is
// replaced by its hash.
func key(format, s string) string {
	if len(s) > maxKey || !utf8.ValidString(s) || printable(s) != s {
		s = "sha256:" + hash(s)
	}
	return format + ":" + s
}

// link keeps an address a browser may be sent to, without tokens in it.
func link(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || printable(s) != s {
		return ""
	}
	if u.User != nil {
		u.User = nil
		s = u.String()
	}
	return scrub(s)
}

// set keeps each text once, and no more than maxSet of them.
func set(in []string) []string {
	var out []string
	for _, s := range in {
		if len(out) == maxSet {
			break
		}
		if s = line(scrub(s)); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// hash is lower-case hex SHA-256 over parts joined by one newline.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}
