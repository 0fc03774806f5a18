package email_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A point is a moment of a relay's work.
type point struct {
	conn  int    // of the connections so far, from 1
	stage string // greet, ehlo, helo, starttls, auth, mail, rcpt, data, bdat, body, end, rset, quit
	to    string // recipient's local part, once it is known
}

// An answer is what a relay does at a point instead of going on.
type answer struct {
	text string        // the reply; lines are separated by LF
	take bool          // at end: the message is kept
	cut  bool          // the connection is closed afterwards, without a word when there is no text
	hang bool          // nothing is said any more
	slow time.Duration // before it answers
	drip bool          // every byte by itself
}

// A relay is an SMTP server that offers what it is told to and misbehaves by
// script. It notes what a relay may not be asked for.
type relay struct {
	addr   string
	offers []string
	helo   bool // knows no EHLO
	tls    *tls.Config
	script func(point) (answer, bool)
	most   int // connections at once, 0: any number; more are refused with 421

	ln    net.Listener
	wg    sync.WaitGroup
	mu    sync.Mutex
	live  map[net.Conn]bool
	conns int
	open  int // connections greeted and not closed
	peak  int
	taken map[string][]string // bodies by recipient
	seen  map[string]int      // stages by recipient: "rcpt p3"
	wrong []string
}

func newRelay(t *testing.T, change func(*relay)) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{ln: ln, addr: ln.Addr().String(), live: map[net.Conn]bool{}, taken: map[string][]string{}, seen: map[string]int{}}
	if change != nil {
		change(r)
	}
	r.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.live[c] = true
			r.conns++
			no := r.conns
			r.mu.Unlock()
			r.wg.Go(func() {
				s := &relaySession{relay: r, raw: c, Conn: c, r: bufio.NewReader(c), no: no}
				s.work()
				c.Close()
				r.mu.Lock()
				delete(r.live, c)
				if s.greeted {
					r.open--
				}
				r.mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		r.closeAll()
		r.wg.Wait()
		if len(r.wrong) > 0 {
			t.Errorf("what no relay may be asked for: %q", r.wrong)
		}
	})
	return r
}

// closeAll closes every connection that is open now.
func (r *relay) closeAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.live {
		c.Close()
	}
}

func (r *relay) bodies(to string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.taken[to])
}

func (r *relay) count(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[what]
}

func (r *relay) connections() (all, peak int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conns, r.peak
}

func (r *relay) violated(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, what)
}

func (r *relay) has(ext string) bool { return slices.Contains(r.offers, ext) }

type relaySession struct {
	*relay
	net.Conn
	raw     net.Conn
	r       *bufio.Reader
	no      int
	greeted bool
	secure  bool
	hello   bool // by EHLO: the extensions count
	mail    bool // a sender is set
	utf8    bool
	to      string
	rcpt    bool
	body    string
	stuck   bool // after a refused chunk the state is unknown until RSET
}

// at asks the script; ok is false when the connection ends here.
func (s *relaySession) at(stage, regular string) (ok, went bool) {
	s.mu.Lock()
	s.seen[stage+" "+s.to]++
	s.mu.Unlock()
	a, scripted := answer{}, false
	if s.script != nil {
		a, scripted = s.script(point{s.no, stage, s.to})
	}
	if !scripted {
		if stage == "end" {
			s.keep()
		}
		return regular == "" || s.say(regular, false), true
	}
	if a.take {
		s.keep()
	}
	time.Sleep(a.slow)
	if a.text != "" && !s.say(a.text, a.drip) {
		return false, false
	}
	if a.hang {
		io.Copy(io.Discard, s.Conn)
		return false, false
	}
	return !a.cut, strings.HasPrefix(a.text, "2") || strings.HasPrefix(a.text, "3")
}

// login asks for name and password, one after the other.
func (s *relaySession) login() bool {
	for _, x := range [][2]string{{"334 VXNlcm5hbWU6", "us"}, {"334 UGFzc3dvcmQ6", "hunter2"}} {
		if !s.say(x[0], false) {
			return false
		}
		line, err := s.r.ReadString('\n')
		got, wrong := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\r\n"))
		if err != nil || wrong != nil || string(got) != x[1] {
			s.violated("AUTH LOGIN was answered with " + strconv.Quote(line))
			return false
		}
	}
	return true
}

func (s *relaySession) say(text string, drip bool) bool {
	for line := range strings.SplitSeq(text, "\n") {
		b := []byte(line + "\r\n")
		for drip && len(b) > 1 {
			if _, err := s.Conn.Write(b[:1]); err != nil {
				return false
			}
			time.Sleep(time.Millisecond)
			b = b[1:]
		}
		if _, err := s.Conn.Write(b); err != nil {
			return false
		}
	}
	return true
}

func (s *relaySession) work() {
	s.mu.Lock()
	full := s.most > 0 && s.open >= s.most
	if !full {
		s.open++
		s.peak = max(s.peak, s.open)
		s.greeted = true
	}
	s.mu.Unlock()
	if full {
		s.say("421 4.7.0 too many connections", false)
		return
	}
	if ok, went := s.at("greet", "220 relay.invalid ready"); !ok || !went {
		return
	}
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return
		}
		if !strings.HasSuffix(line, "\r\n") {
			s.violated("a line without CRLF")
		}
		line = strings.TrimSuffix(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		if s.r.Buffered() > 0 && verb != "BDAT" && !(s.hello && s.has("PIPELINING")) {
			s.violated(verb + " was not the last command sent, and PIPELINING is not offered")
		}
		if !s.command(strings.ToUpper(verb), rest) {
			return
		}
	}
}

func (s *relaySession) command(verb, rest string) bool {
	switch verb {
	case "EHLO":
		if s.helo {
			return s.say("502 5.5.1 what?", false)
		}
		s.hello = true
		lines := "250-relay.invalid"
		for _, e := range s.offers {
			if e != "STARTTLS" || !s.secure {
				lines += "\n250-" + e
			}
		}
		ok, _ := s.at("ehlo", lines+"\n250 HELP")
		return ok
	case "HELO":
		ok, _ := s.at("helo", "250 relay.invalid")
		return ok
	case "STARTTLS":
		ok, went := s.at("starttls", "220 go on")
		if !ok || !went {
			return ok
		}
		c := tls.Server(s.raw, s.tls)
		if c.Handshake() != nil {
			return false
		}
		s.Conn, s.r, s.secure, s.hello = c, bufio.NewReader(c), true, false
		return true
	case "AUTH":
		if !s.secure {
			s.violated("a password in clear")
		}
		if rest == "LOGIN" && !s.login() {
			return false
		}
		ok, _ := s.at("auth", "235 2.7.0 welcome")
		return ok
	case "RSET":
		s.reset()
		s.stuck = false
		ok, _ := s.at("rset", "250 2.0.0 ok")
		return ok
	case "QUIT":
		s.at("quit", "221 2.0.0 bye")
		return false
	case "MAIL":
		return s.sender(rest)
	case "RCPT":
		return s.recipient(rest)
	case "DATA":
		return s.data()
	case "BDAT":
		return s.chunk(rest)
	}
	s.violated("the command " + verb)
	return s.say("500 5.5.1 what?", false)
}

func (s *relaySession) reset() { s.mail, s.rcpt, s.utf8, s.to = false, false, false, "" }

func (s *relaySession) sender(rest string) bool {
	if s.mail || s.stuck {
		s.violated("MAIL inside a transaction")
		return s.say("503 5.5.1 nested MAIL", false)
	}
	s.reset()
	_, asked, _ := strings.Cut(rest, ">")
	s.utf8 = strings.Contains(asked, " SMTPUTF8")
	if strings.TrimSpace(strings.Replace(asked, " SMTPUTF8", "", 1)) != "" && !s.has("DSN") {
		s.violated("MAIL" + asked)
	}
	if s.utf8 && !s.has("SMTPUTF8") {
		s.violated("SMTPUTF8 without the extension")
	}
	ok, went := s.at("mail", "250 2.1.0 ok")
	s.mail = went
	return ok
}

func (s *relaySession) recipient(rest string) bool {
	address, asked, _ := strings.Cut(strings.TrimPrefix(rest, "TO:<"), ">")
	if asked != "" && !s.has("DSN") {
		s.violated("RCPT" + asked)
	}
	if !s.mail {
		return s.say("503 5.5.1 MAIL first", false)
	}
	for i := range len(address) {
		if address[i] >= 0x80 && !s.utf8 {
			s.violated("an address outside ASCII without SMTPUTF8")
			break
		}
	}
	s.to, _, _ = strings.Cut(address, "@")
	ok, went := s.at("rcpt", "250 2.1.5 ok")
	s.rcpt = went
	return ok
}

func (s *relaySession) data() bool {
	if !s.rcpt && !s.has("lenient") {
		return s.say("554 5.5.1 no valid recipients", false)
	}
	if ok, went := s.at("data", "354 go on"); !ok || !went {
		return ok
	}
	if ok, _ := s.at("body", ""); !ok {
		return false
	}
	var b strings.Builder
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	return s.ended(b.String())
}

func (s *relaySession) chunk(rest string) bool {
	size, last, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(size)
	if err != nil || last != "LAST" || !s.has("CHUNKING") {
		s.violated("BDAT " + rest)
		return false
	}
	if ok, _ := s.at("body", ""); !ok {
		return false
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(s.r, b); err != nil {
		return false
	}
	if !s.rcpt {
		s.stuck = true
		return s.say("503 5.5.1 no valid recipients", false)
	}
	return s.ended(string(b))
}

// ended answers a message that was read whole.
func (s *relaySession) ended(body string) bool {
	if !s.rcpt {
		s.reset()
		return s.say("554 5.5.1 no valid recipients", false)
	}
	s.mu.Lock()
	s.seen["whole "+s.to]++
	s.mu.Unlock()
	s.body = body
	ok, went := s.at("end", "250 2.0.0 queued as Q1")
	s.stuck = !went && s.has("CHUNKING")
	s.reset()
	return ok
}

func (s *relaySession) keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[s.to] = append(s.taken[s.to], s.body)
}
