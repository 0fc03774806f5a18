package notifiers

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
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
	Wire     []byte  // the bytes that leave, when the channel is an Encoder
	lent     *[]byte // the same, when they are in a buffer that goes back; see release
	nonce    [12]byte
	seal     [tagSize]byte // binds address, text and delivery; see Seal
	sealed   bool
}

// A Channel carries one message to one person, and holds nothing of it once it
// has answered. An error says the provider could not be asked at all, so nothing
// was sent; everything a provider might have taken is a Receipt, OutcomeDoubt
// when nobody can say.
type Channel interface {
	Send(ctx context.Context, m Message) (incidents.Receipt, error)
}

// An Encoder is a channel that writes a message as it will leave when it is
// rendered, so that the seal covers exactly those bytes. at is when the first
// attempt was written down. It writes into m.Wire, which is empty and may have
// room, and keeps nothing of it: the bytes are the pipeline's.
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
	// It holds none of their bytes afterwards: others are written over them.
	// When leave ends, what has not left stays: it is OutcomeKept.
	SendAll(ctx, leave context.Context, ms []Message) []incidents.Receipt
}

// A Pauser knows that its provider asked to be left alone.
type Pauser interface {
	// Pause is for how long from now on; 0: not at all.
	Pause() time.Duration
}

// A Finder can ask its provider afterwards whether a message was taken.
type Finder interface {
	// Find returns the receipt of a message sent at or after since; found is
	// false when the provider has no record of it. A conflict is an error that
	// says there are several, and nobody can tell which is this one.
	Find(ctx context.Context, m Message, since int64) (r incidents.Receipt, found bool, err error)
}

// Seal binds a message's address, text and delivery under a key: by the tag of
// AES-GCM (NIST SP 800-38D) with a random nonce, over its texts and the bytes
// that leave.
func (m *Message) Seal(key []byte) {
	rand.Read(m.nonce[:]) // never fails
	m.seal, m.sealed = m.tag(key), true
}

// Intact tells whether the message is as it was sealed.
func (m *Message) Intact(key []byte) bool {
	tag := m.tag(key)
	return m.sealed && subtle.ConstantTimeCompare(m.seal[:], tag[:]) == 1
}

var sealBuffers = sync.Pool{New: func() any { return new([]byte) }}

// tag is over all that the seal covers: each text behind its length, and beside
// them the bytes, which are long and stay where they are. What GCM makes of the
// texts is thrown away.
func (m *Message) tag(key []byte) (tag [tagSize]byte) {
	buf := sealBuffers.Get().(*[]byte)
	b := (*buf)[:0]
	for _, s := range [...]string{m.Delivery.String(), string(m.NoticeID), string(m.Mode), m.To, m.Name, m.Code, string(m.Text.Lang), m.Text.Subject, m.Text.Text, m.Text.HTML, m.Text.SMS, m.Text.Title, m.Text.Body,
		m.Text.Spoken.Hello, m.Text.Spoken.Notice, m.Text.Spoken.Again, m.Text.Spoken.Bye, m.Text.Letter.Text()} {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	b = slices.Grow(b, tagSize)
	b = sealer(key).Seal(b[:0], m.nonce[:], b, m.Wire)
	copy(tag[:], b[len(b)-tagSize:])
	clear(b)
	*buf = b
	sealBuffers.Put(buf)
	return tag
}

const tagSize = 16

// lastSealer is the cipher of the key that sealed last: a process has one.
var lastSealer atomic.Pointer[keyedSealer]

type keyedSealer struct {
	key []byte
	cipher.AEAD
}

func sealer(key []byte) cipher.AEAD {
	if s := lastSealer.Load(); s != nil && bytes.Equal(s.key, key) {
		return s.AEAD
	}
	k := sha256.Sum256(key)
	block, _ := aes.NewCipher(k[:]) // fails only of another length
	mac, _ := cipher.NewGCM(block)
	lastSealer.Store(&keyedSealer{bytes.Clone(key), mac})
	return mac
}

// String keeps a careless log line safe.
func (m Message) String() string { return "message " + m.Delivery.String() }

// GoString keeps %#v safe.
func (m Message) GoString() string { return m.String() }
