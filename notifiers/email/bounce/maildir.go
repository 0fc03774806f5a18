package bounce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"tocsin/incidents"
)

// A Maildir is a folder a mail system delivers into (new, cur, tmp), and we
// take bounces from. What was read is moved to cur; what is no bounce of ours
// is moved to the folder aside, with a file beside it that says why. Nothing
// is deleted: the folder is the organisation's.
type Maildir struct {
	Dir  string
	take *Taker
}

// aside is the folder of what could not be read, beside new and cur.
const aside = "aside"

// perRound bounds one round.
const perRound = 1000

// OpenMaildir checks that the folder is there.
func OpenMaildir(dir string, take *Taker) (*Maildir, error) {
	for _, sub := range []string{"new", "cur"} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return nil, incidents.Invalid("there is no Maildir at %s", dir).WithHint("make it with the folders new, cur and tmp, writable for the mail system and for the service")
		}
	}
	return &Maildir{dir, take}, nil
}

// Round takes what lies in new. When something cannot be stored it stays there
// and the error says so; the next round tries again.
func (m *Maildir) Round(ctx context.Context) error {
	d, err := os.Open(filepath.Join(m.Dir, "new"))
	if err != nil {
		return fmt.Errorf("read the Maildir of bounces: %w", err)
	}
	names, err := d.Readdirnames(perRound)
	_ = d.Close()
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the Maildir of bounces: %w", err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, ".") {
			continue
		}
		if err := m.one(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// one takes one file. That it is gone means that another server took it.
func (m *Maildir) one(ctx context.Context, name string) error {
	path := filepath.Join(m.Dir, "new", name)
	raw, err := readStart(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil: // one that cannot be read must not hold the others up
		return m.putAside(name, err.Error())
	}
	address, null, ok := m.envelope(raw)
	if !ok {
		m.take.refused.Add(1)
		return m.putAside(name, "it is to no address that was signed here")
	}
	err = m.take.Take(ctx, address, raw, null)
	if incidents.KindOf(err) == incidents.KindInvalid && err != nil {
		return m.putAside(name, err.Error())
	}
	if err != nil {
		return fmt.Errorf("store a bounce: %w", err)
	}
	return m.move(path, filepath.Join(m.Dir, "cur", seen(name)))
}

var errNotAFile = errors.New("it is not a file")

func readStart(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotAFile
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxRead))
	return b, errors.Join(err, f.Close())
}

// envelope finds the signed address among the headers in which mail systems
// write the recipient down, and whether the sender was <>.
func (m *Maildir) envelope(raw []byte) (address string, null, ok bool) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "", false, false
	}
	from, written := msg.Header["Return-Path"]
	null = written && strings.Trim(from[0], " <>") == ""
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To"} {
		for _, value := range msg.Header[name] {
			for _, one := range strings.Split(value, ",") {
				one = one[strings.LastIndex(one, "<")+1:]
				one = strings.Trim(one, " \t>")
				if _, _, ok := m.take.Addresses.Parse(one); ok {
					return one, null, true
				}
			}
		}
	}
	return "", null, false
}

// putAside keeps what is no bounce of ours, with the reason.
func (m *Maildir) putAside(name, reason string) error {
	dir := filepath.Join(m.Dir, aside)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("put mail aside: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".reason"), []byte(reason+"\n"), 0o600); err != nil {
		return fmt.Errorf("put mail aside: %w", err)
	}
	if err := m.move(filepath.Join(m.Dir, "new", name), filepath.Join(dir, name)); err != nil {
		return err
	}
	m.take.aside.Add(1)
	return nil
}

func (m *Maildir) move(from, to string) error {
	if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("move a bounce: %w", err)
	}
	return nil
}

// seen is the name of a file in cur that was read.
func seen(name string) string {
	if strings.Contains(name, ":2,") {
		return name
	}
	return name + ":2,S"
}
