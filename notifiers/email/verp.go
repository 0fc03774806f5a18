package email

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"hash"
	"strconv"
	"strings"
	"sync"

	"tocsin/incidents"
)

// A VERP makes and reads variable envelope return paths: an envelope sender of
// its own for every attempt, so that what comes back names what it is about. It
// is made by NewVERP.
//
//	bounce+12-345-e.1.2gq4k7m5x3ab6c7d2e4f@bounces.example.org
//
// The last part is a MAC: an address that was not made here is recognised, and
// one that was can be used against its own delivery only. Mail hosts fold the
// case of addresses, so everything is lower case and read in any case.
type VERP struct {
	domain string     // whose mail comes to us
	macs   *sync.Pool // of hash.Hash, each with the key in it: taking a key in costs more than an address
}

// NewVERP makes return paths of a domain under a secret key, which is for this
// purpose alone.
func NewVERP(key []byte, domain string) VERP {
	key = bytes.Clone(key)
	return VERP{domain, &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

const (
	verpUser = "bounce+"
	// localMax is the longest local part a host must take (RFC 5321 §4.5.3.1.1).
	localMax = 64
	// macBytes of HMAC-SHA256 stay: 96 bits, 20 letters (RFC 2104 §5 wants 80 at least).
	macBytes = 12
)

var verpText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Address is the envelope sender of one attempt; "" when it is no delivery's,
// or its numbers are too long for an address.
func (v VERP) Address(id incidents.DeliveryID, attempt int) string {
	if id.Notice <= 0 || id.Seq <= 0 || id.Channel != incidents.Email || attempt < 0 {
		return ""
	}
	local := v.local(id, attempt)
	if len(local) > localMax {
		return ""
	}
	return local + "@" + v.domain
}

// Parse reads an address back. Only one that Address made is ok: whatever else
// it looks like, it says nothing about any delivery.
func (v VERP) Parse(address string) (id incidents.DeliveryID, attempt int, ok bool) {
	local, domain, _ := strings.Cut(address, "@")
	if !strings.EqualFold(domain, v.domain) || len(local) > localMax {
		return id, 0, false
	}
	local = strings.ToLower(local)
	parts := strings.Split(strings.TrimPrefix(local, verpUser), ".")
	if len(parts) != 3 {
		return id, 0, false
	}
	id, err := incidents.ParseDeliveryID(parts[0])
	if err != nil || id.Channel != incidents.Email {
		return incidents.DeliveryID{}, 0, false
	}
	if attempt, err = strconv.Atoi(parts[1]); err != nil {
		return incidents.DeliveryID{}, 0, false
	}
	// The whole is compared, so that one delivery has one spelling.
	if !hmac.Equal([]byte(local), []byte(v.local(id, attempt))) {
		return incidents.DeliveryID{}, 0, false
	}
	return id, attempt, true
}

func (v VERP) local(id incidents.DeliveryID, attempt int) string {
	h := v.macs.Get().(hash.Hash)
	defer v.macs.Put(h)
	h.Reset() // back to the key
	b := strconv.AppendInt(append(id.Append([]byte("verp ")), '.'), int64(attempt), 10)
	h.Write(b)
	what := string(b[len("verp "):])
	return verpUser + what + "." + verpText.EncodeToString(h.Sum(nil)[:macBytes])
}

// sender is the envelope sender of a message.
func (o *Options) sender(id incidents.DeliveryID, attempt int) string {
	if o.ReturnPath != nil {
		if address := o.ReturnPath(id, attempt); address != "" {
			return address
		}
	}
	return o.Bounce
}
