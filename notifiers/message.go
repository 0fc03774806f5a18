package notifiers

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"tocsin/incidents"
	"tocsin/templates"
)

// A Message is one rendered message to one person by one channel. Each message
// is a fresh value: nothing of another person's can be in it.
type Message struct {
	Delivery incidents.DeliveryID
	Attempt  int
	Mode     incidents.Mode
	To       string // e-mail address, E.164 number, push token or lines of a postal address
	Name     string // for the e-mail's To header
	Code     string // verification code; also found in the body, to look an SMS up
	NoticeID incidents.NoticeID
	Zone     string // IANA time zone of the person, if it is known
	Provider string // of a lookup: the account that was asked, "" when nobody knows
	Text     templates.Rendered
	Wire     []byte // the bytes that leave, when the channel is an Encoder
	nonce    [12]byte
	seal     []byte // binds address, text and delivery; see Seal
}

// A Channel carries one message to one person. An error says the provider could
// not be asked at all, so nothing was sent; everything a provider might have
// taken is a Receipt, OutcomeDoubt when nobody can say.
type Channel interface {
	Send(ctx context.Context, m Message) (incidents.Receipt, error)
}

// An Encoder is a channel that writes a message as it will leave when it is
// rendered, so that the seal covers exactly those bytes. at is when the first
// attempt was written down.
type Encoder interface {
	Encode(m *Message, at time.Time) error
}

// A Batcher takes several messages in one go, each still to its one person: a
// printer's file, or what rides together on one connection.
type Batcher interface {
	Channel
	// Batch is how many messages SendAll takes at most.
	Batch() int
	// SendAll sends the messages and returns what came of each, in their order.
	// When leave ends, what has not left stays: it is OutcomeKept.
	SendAll(ctx, leave context.Context, ms []Message) []incidents.Receipt
}

// A Finder can ask its provider afterwards whether a message was taken.
type Finder interface {
	// Find returns the receipt of a message sent at or after since; found is
	// false when the provider has no record of it. A conflict is an error that
	// says there are several, and nobody can tell which is this one.
	Find(ctx context.Context, m Message, since int64) (r incidents.Receipt, found bool, err error)
}

// Seal binds a message's address, text and delivery under a key, by GMAC (NIST
// SP 800-38D) with a random nonce.
func (m *Message) Seal(key []byte) {
	rand.Read(m.nonce[:]) // never fails
	m.sealed(func(all []byte) { m.seal = gmac(key).Seal(nil, m.nonce[:], nil, all) })
}

// Intact tells whether the message is as it was sealed.
func (m Message) Intact(key []byte) (ok bool) {
	m.sealed(func(all []byte) {
		_, err := gmac(key).Open(nil, m.nonce[:], m.seal, all)
		ok = err == nil
	})
	return ok
}

func gmac(key []byte) cipher.AEAD {
	k := sha256.Sum256(key)
	block, _ := aes.NewCipher(k[:]) // fails only of another length
	mac, _ := cipher.NewGCM(block)
	return mac
}

var sealBuffers = sync.Pool{New: func() any { return new([]byte) }}

// sealed hands all that the seal covers to use, each text behind its length.
func (m Message) sealed(use func([]byte)) {
	buf := sealBuffers.Get().(*[]byte)
	b := (*buf)[:0]
	for _, s := range [...]string{m.Delivery.String(), string(m.NoticeID), string(m.Mode), m.To, m.Name, m.Code, string(m.Text.Lang), m.Text.Subject, m.Text.Text, m.Text.HTML, m.Text.SMS, m.Text.Title, m.Text.Body,
		m.Text.Spoken.Hello, m.Text.Spoken.Notice, m.Text.Spoken.Again, m.Text.Spoken.Bye, m.Text.Letter.Text()} {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	b = append(binary.BigEndian.AppendUint64(b, uint64(len(m.Wire))), m.Wire...)
	use(b)
	clear(b)
	*buf = b
	sealBuffers.Put(buf)
}

// String keeps a careless log line safe.
func (m Message) String() string { return "message " + m.Delivery.String() }

// GoString keeps %#v safe.
func (m Message) GoString() string { return m.String() }
