// Package cluster gives tests a PostgreSQL of their own: the server named by
// TOCSIN_TEST_POSTGRES, else a throw-away one per test binary, made with the
// initdb and postgres found on this machine. It listens on a socket in a
// private folder only, and ends when the test binary does, however that ends.
package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Names of the environment.
const (
	EnvURL = "TOCSIN_TEST_POSTGRES" // address of a server whose schemas may be made and dropped
	EnvBin = "TOCSIN_TEST_PG_BIN"   // folder of initdb and postgres
)

// base is the address of the server of this test binary.
var base = sync.OnceValues(start)

// URL returns the address of an empty schema, for one test. The test is
// skipped when this machine has no PostgreSQL.
func URL(t testing.TB) string {
	t.Helper()
	at, schema, err := Fresh()
	if errors.Is(err, ErrNone) {
		t.Skip("no PostgreSQL on this machine: install it, or set " + EnvURL)
	}
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	if os.Getenv(EnvURL) != "" {
		t.Cleanup(func() { drop(t, os.Getenv(EnvURL), schema) })
	}
	return at
}

// Fresh returns the address of an empty schema and its name; ErrNone when this
// machine has no PostgreSQL.
func Fresh() (at, schema string, err error) {
	if at, err = base(); err != nil {
		return "", "", err
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", "", fmt.Errorf("%s is no address", EnvURL)
	}
	schema = "t" + strings.ToLower(rand.Text())
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String(), schema, nil
}

// drop removes a test's schema from a server that outlives the tests.
func drop(t testing.TB, at, schema string) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Logf("no psql here: schema %s stays on the server", schema)
		return
	}
	if out, err := exec.Command(psql, "-q", "-d", at, "-c", "DROP SCHEMA IF EXISTS "+schema+" CASCADE").CombinedOutput(); err != nil {
		t.Errorf("drop schema %s: %v: %s", schema, err, out)
	}
}

// ErrNone says that neither a server is named nor one can be started here.
var ErrNone = errors.New("there is no PostgreSQL")

func start() (string, error) {
	if at := os.Getenv(EnvURL); at != "" {
		return at, nil
	}
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "tocsin-pg-")
	if err != nil {
		return "", err
	}
	who, err := servant(dir)
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	if err := boot(bin, dir, who); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return "postgres://postgres@/postgres?" + url.Values{"host": {dir}}.Encode(), nil
}

// binaries finds the folder of initdb and postgres.
func binaries() (string, error) {
	dirs := []string{os.Getenv(EnvBin)}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for i := len(found) - 1; i >= 0; i-- {
		dirs = append(dirs, found[i])
	}
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(p))
		}
	}
	for _, d := range dirs {
		if d != "" && runs(d, "initdb") && runs(d, "postgres") {
			return d, nil
		}
	}
	return "", ErrNone
}

func runs(dir, name string) bool {
	st, err := os.Stat(filepath.Join(dir, name))
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}

// servant is who the server runs as: PostgreSQL refuses root.
func servant(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true} // an interrupt of the terminal is for the tests
	if os.Getuid() != 0 {
		return attr, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return attr, os.Chown(dir, uid, gid)
	}
	return nil, ErrNone
}

// keeper runs the server until its standard input ends, that is, until the
// test binary has ended, and removes everything.
const keeper = `"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=200 -c shared_buffers=64MB >"$2/log" 2>&1 </dev/null & p=$!
cat >/dev/null
kill -QUIT $p
wait $p
rm -rf "$2"`

func boot(bin, dir string, who *syscall.SysProcAttr) error {
	init := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	init.SysProcAttr, init.Dir = who, dir
	if out, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	hold, held, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", keeper, "sh", bin, dir)
	cmd.SysProcAttr, cmd.Dir, cmd.Stdin = who, dir, hold
	if err := cmd.Start(); err != nil {
		return err
	}
	hold.Close()
	lifeline = held // never closed: the end of this process closes it
	return ready(dir)
}

// lifeline keeps the server alive as long as this process.
var lifeline *os.File

func ready(dir string) error {
	for range 600 {
		b, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if strings.Contains(string(b), "\nready") {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	return fmt.Errorf("the server is not ready: %s", log)
}
