// Command mailsink is an SMTP relay for measuring that is never the bottleneck:
// it counts messages, unique recipients and duplicates, can check that the
// recipient's own address is in the message it gets, and can misbehave on purpose.
package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	addr      = flag.String("addr", "127.0.0.1:2525", "SMTP listen address")
	httpAddr  = flag.String("http", "127.0.0.1:2526", "statistics: GET /stats, POST /reset, GET /dups")
	count     = flag.Bool("unique", true, "remember every recipient address (exact, in memory)")
	check     = flag.Bool("check", false, "check that the envelope recipient occurs in the body")
	latency   = flag.Duration("latency", 0, "wait this long before each reply flush (simulated round trip)")
	rate4     = flag.Float64("rate4xx", 0, "fraction of RCPT answered 451")
	rate5     = flag.Float64("rate5xx", 0, "fraction of RCPT answered 550")
	dropAfter = flag.Float64("drop", 0, "fraction of messages accepted and counted, then the connection is cut before the 250 (ambiguous outcome)")
	maxPer    = flag.Int("max-per-conn", 0, "close with 421 after this many messages (0: never)")
	maxConns  = flag.Int("max-conns", 0, "refuse more connections than this with 421 (0: no limit)")
	useTLS    = flag.Bool("tls", false, "offer STARTTLS with a self-signed certificate")
	chunking  = flag.Bool("chunking", true, "offer CHUNKING (BDAT)")
	dupOK     = flag.String("out", "", "write every recipient, one a line, to this file")
)

const shards = 64

type shard struct {
	mu sync.Mutex
	m  map[string]uint32
	_  [40]byte
}

type stats struct {
	msgs, dups, bytes, conns, cur, peak, mism atomic.Int64
	first, last                               atomic.Int64
	sh                                        [shards]shard
}

var st stats

func (s *stats) reset() {
	s.msgs.Store(0)
	s.dups.Store(0)
	s.bytes.Store(0)
	s.conns.Store(0)
	s.peak.Store(s.cur.Load())
	s.mism.Store(0)
	s.first.Store(0)
	s.last.Store(0)
	for i := range s.sh {
		s.sh[i].mu.Lock()
		s.sh[i].m = make(map[string]uint32)
		s.sh[i].mu.Unlock()
	}
}

func (s *stats) one(rcpt []byte, n int) {
	now := time.Now().UnixNano()
	if s.first.Load() == 0 {
		s.first.CompareAndSwap(0, now)
	}
	s.last.Store(now)
	s.msgs.Add(1)
	s.bytes.Add(int64(n))
	if !*count {
		return
	}
	h := uint32(2166136261)
	for _, c := range rcpt {
		h = (h ^ uint32(c)) * 16777619
	}
	sh := &s.sh[h%shards]
	sh.mu.Lock()
	k := sh.m[string(rcpt)]
	sh.m[string(rcpt)] = k + 1
	sh.mu.Unlock()
	if k > 0 {
		s.dups.Add(1)
	}
	if outW != nil {
		outMu.Lock()
		outW.Write(rcpt)
		outW.WriteByte('\n')
		outMu.Unlock()
	}
}

var outW *bufio.Writer
var outMu sync.Mutex

func (s *stats) json() map[string]any {
	uniq := 0
	for i := range s.sh {
		s.sh[i].mu.Lock()
		uniq += len(s.sh[i].m)
		s.sh[i].mu.Unlock()
	}
	sec := float64(s.last.Load()-s.first.Load()) / 1e9
	r := 0.0
	if sec > 0 {
		r = float64(s.msgs.Load()) / sec
	}
	var ru syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return map[string]any{"messages": s.msgs.Load(), "unique": uniq, "duplicates": s.dups.Load(), "bytes": s.bytes.Load(),
		"connections": s.conns.Load(), "peak_connections": s.peak.Load(), "misaddressed": s.mism.Load(),
		"seconds": sec, "per_second": r,
		"sink_cpu_s": float64(ru.Utime.Nano()+ru.Stime.Nano()) / 1e9}
}

func main() {
	flag.Parse()
	st.reset()
	if *dupOK != "" {
		f, err := os.Create(*dupOK)
		if err != nil {
			log.Fatal(err)
		}
		outW = bufio.NewWriterSize(f, 1<<20)
	}
	http.HandleFunc("/stats", func(w http.ResponseWriter, r *http.Request) {
		if outW != nil {
			outMu.Lock()
			outW.Flush()
			outMu.Unlock()
		}
		json.NewEncoder(w).Encode(st.json())
	})
	http.HandleFunc("/reset", func(w http.ResponseWriter, r *http.Request) { st.reset() })
	http.HandleFunc("/dups", func(w http.ResponseWriter, r *http.Request) {
		for i := range st.sh {
			st.sh[i].mu.Lock()
			for k, n := range st.sh[i].m {
				if n > 1 {
					fmt.Fprintln(w, k, n)
				}
			}
			st.sh[i].mu.Unlock()
		}
	})
	go func() { log.Fatal(http.ListenAndServe(*httpAddr, nil)) }()
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-sig
		json.NewEncoder(os.Stdout).Encode(st.json())
		os.Exit(0)
	}()
	var cfg *tls.Config
	if *useTLS {
		cfg = selfSigned()
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(c, cfg)
	}
}

// ---- fast server

type session struct {
	c    net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	body []byte
}

func (s *session) flushIfIdle() error {
	if s.r.Buffered() > 0 {
		return nil
	}
	if *latency > 0 {
		time.Sleep(*latency)
	}
	return s.w.Flush()
}

func hasVerb(l []byte, v string) bool {
	if len(l) < len(v) {
		return false
	}
	for i := 0; i < len(v); i++ {
		c := l[i]
		if c >= 'a' && c <= 'z' {
			c -= 32
		}
		if c != v[i] {
			return false
		}
	}
	return true
}

func path(l []byte) []byte {
	i := bytes.IndexByte(l, '<')
	j := bytes.IndexByte(l, '>')
	if i < 0 || j < i {
		return nil
	}
	return l[i+1 : j]
}

var endData = []byte("\r\n.\r\n")

// data reads up to the end-of-data line, keeping the body only if asked.
func (s *session) data(keep bool) (int, error) {
	n := 0
	s.body = s.body[:0]
	// the DATA line ended with CRLF: a lone "." right away is an empty body
	var tail [4]byte
	copy(tail[2:], "\r\n")
	tl := 2
	for {
		if s.r.Buffered() == 0 {
			if _, err := s.r.Peek(1); err != nil {
				return n, err
			}
		}
		b, _ := s.r.Peek(s.r.Buffered())
		// look across the chunk border
		if tl > 0 {
			k := len(b)
			if k > 4 {
				k = 4
			}
			var x [8]byte
			copy(x[:], tail[4-tl:])
			copy(x[tl:], b[:k])
			if i := bytes.Index(x[:tl+k], endData); i >= 0 {
				adv := i + 5 - tl
				s.r.Discard(adv)
				return n + adv, nil
			}
		}
		if i := bytes.Index(b, endData); i >= 0 {
			if keep {
				s.body = append(s.body, b[:i+2]...)
			}
			s.r.Discard(i + 5)
			return n + i + 5, nil
		}
		if keep {
			s.body = append(s.body, b...)
		}
		n += len(b)
		for _, c := range b[max(0, len(b)-4):] {
			copy(tail[:], tail[1:])
			tail[3] = c
			if tl < 4 {
				tl++
			}
		}
		s.r.Discard(len(b))
	}
}

func serve(c net.Conn, cfg *tls.Config) {
	defer c.Close()
	st.conns.Add(1)
	cur := st.cur.Add(1)
	defer st.cur.Add(-1)
	for p := st.peak.Load(); cur > p && !st.peak.CompareAndSwap(p, cur); p = st.peak.Load() {
	}
	s := &session{c: c, r: bufio.NewReaderSize(c, 64<<10), w: bufio.NewWriterSize(c, 8<<10)}
	if *maxConns > 0 && cur > int64(*maxConns) {
		s.w.WriteString("421 4.7.0 too many connections\r\n")
		s.w.Flush()
		return
	}
	s.w.WriteString("220 sink.invalid ESMTP\r\n")
	if s.flushIfIdle() != nil {
		return
	}
	var rcpts [][]byte
	var arena []byte
	done := 0
	secure := false
	for {
		l, err := s.r.ReadSlice('\n')
		if err != nil {
			return
		}
		l = bytes.TrimRight(l, "\r\n")
		switch {
		case hasVerb(l, "EHLO"):
			s.w.WriteString("250-sink.invalid\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE 52428800\r\n")
			if *chunking {
				s.w.WriteString("250-CHUNKING\r\n")
			}
			if cfg != nil && !secure {
				s.w.WriteString("250-STARTTLS\r\n")
			}
			s.w.WriteString("250 ENHANCEDSTATUSCODES\r\n")
		case hasVerb(l, "HELO"):
			s.w.WriteString("250 sink.invalid\r\n")
		case hasVerb(l, "STARTTLS") && cfg != nil:
			s.w.WriteString("220 go\r\n")
			s.w.Flush()
			t := tls.Server(c, cfg)
			if t.Handshake() != nil {
				return
			}
			secure = true
			s.c, s.r, s.w = t, bufio.NewReaderSize(t, 64<<10), bufio.NewWriterSize(t, 8<<10)
			continue
		case hasVerb(l, "MAIL FROM:"):
			rcpts, arena = rcpts[:0], arena[:0]
			if *maxPer > 0 && done >= *maxPer {
				s.w.WriteString("421 4.7.0 message limit for this connection\r\n")
				s.w.Flush()
				return
			}
			s.w.WriteString("250 2.1.0 ok\r\n")
		case hasVerb(l, "RCPT TO:"):
			if *rate4 > 0 && mrand.Float64() < *rate4 {
				s.w.WriteString("451 4.3.0 try later\r\n")
				break
			}
			if *rate5 > 0 && mrand.Float64() < *rate5 {
				s.w.WriteString("550 5.1.1 no such user\r\n")
				break
			}
			p := path(l)
			o := len(arena)
			arena = append(arena, p...)
			rcpts = append(rcpts, arena[o:len(arena):len(arena)])
			s.w.WriteString("250 2.1.5 ok\r\n")
		case hasVerb(l, "DATA"):
			if len(rcpts) == 0 {
				s.w.WriteString("503 5.5.1 no valid recipients\r\n")
				break
			}
			s.w.WriteString("354 go\r\n")
			if s.flushIfIdle() != nil {
				return
			}
			n, err := s.data(*check)
			if err != nil {
				return
			}
			if !s.accept(rcpts, n) {
				return
			}
			done++
			rcpts, arena = rcpts[:0], arena[:0]
		case hasVerb(l, "BDAT "):
			f := bytes.Fields(l)
			n, _ := strconv.Atoi(string(f[1]))
			s.body = s.body[:0]
			if *check {
				s.body = append(s.body, make([]byte, n)...)
				if _, err := io.ReadFull(s.r, s.body); err != nil {
					return
				}
			} else if _, err := s.r.Discard(n); err != nil {
				return
			}
			if len(rcpts) == 0 {
				s.w.WriteString("503 5.5.1 no valid recipients\r\n")
				break
			}
			if len(f) > 2 {
				if !s.accept(rcpts, n) {
					return
				}
				done++
				rcpts, arena = rcpts[:0], arena[:0]
			} else {
				s.w.WriteString("250 2.0.0 chunk\r\n")
			}
		case hasVerb(l, "RSET"):
			rcpts, arena = rcpts[:0], arena[:0]
			s.w.WriteString("250 2.0.0 ok\r\n")
		case hasVerb(l, "NOOP"):
			s.w.WriteString("250 2.0.0 ok\r\n")
		case hasVerb(l, "QUIT"):
			s.w.WriteString("221 2.0.0 bye\r\n")
			s.w.Flush()
			return
		default:
			s.w.WriteString("502 5.5.2 unknown command\r\n")
		}
		if s.flushIfIdle() != nil {
			return
		}
	}
}

func (s *session) accept(rcpts [][]byte, n int) bool {
	for _, r := range rcpts {
		st.one(r, n)
		if *check && !bytes.Contains(s.body, r) {
			st.mism.Add(1)
		}
	}
	if *dropAfter > 0 && mrand.Float64() < *dropAfter {
		return false
	}
	s.w.WriteString("250 2.0.0 queued\r\n")
	return true
}

func selfSigned() *tls.Config {
	k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink.invalid"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &k.PublicKey, k)
	if err != nil {
		log.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: k}}}
}
