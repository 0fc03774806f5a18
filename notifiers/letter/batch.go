package letter

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tocsin/incidents"
	"tocsin/internal/typeset"
	"tocsin/notifiers"
)

// manifestFormat names the layout of a manifest; a printer may rely on it.
const manifestFormat = "tocsin-letters/1"

// A Manifest says what a batch is. It is written last: a batch exists once its
// manifest does. It holds no personal data.
type Manifest struct {
	Format   string    `json:"format"`
	Batch    string    `json:"batch"`    // name; <batch>.pdf lies beside it
	Sequence int64     `json:"sequence"` // 1, 2, 3 … without a gap in one folder
	MadeAt   time.Time `json:"made_at"`
	Letters  int       `json:"letters"`
	Pages    int       `json:"pages"` // of the PDF, blank backs included
	Paper    Paper     `json:"paper"`
	Window   Window    `json:"window"`
	Duplex   bool      `json:"duplex"`
	SHA256   string    `json:"sha256"` // of the PDF
	Bytes    int64     `json:"bytes"`
	Items    []Item    `json:"items"`
}

// An Item is one letter of a batch.
type Item struct {
	Delivery  incidents.DeliveryID `json:"delivery"`
	Attempt   int                  `json:"attempt"`
	FirstPage int                  `json:"first_page"` // from 1
	Pages     int                  `json:"pages"`
}

// Endings of the files of a batch.
const (
	endPDF      = ".pdf"
	endManifest = ".json"
	temporary   = ".tmp-"
	lockFile    = ".lock"
	lastFile    = ".last" // number and name of the newest batch
	answered    = "answered"
)

// batchName is a pure function of the deliveries and attempts of a batch, so
// that the same batch, written again after a crash, is the same file. It begins
// with the notice and the first person's number, to be found by.
func batchName(ms []notifiers.Message) string {
	tries := make([]string, len(ms))
	first := ms[0].Delivery.Seq
	for i, m := range ms {
		tries[i] = fmt.Sprintf("%s/%d\n", m.Delivery, m.Attempt)
		first = min(first, m.Delivery.Seq)
	}
	slices.Sort(tries)
	sum := sha256.Sum256([]byte(strings.Join(tries, "")))
	return fmt.Sprintf("n%d-%06d-%s", ms[0].Delivery.Notice, first, hex.EncodeToString(sum[:8]))
}

// mayHold tells whether a batch may hold a delivery, by the batch's name: it
// is of the same notice and begins with nobody further down the list.
func mayHold(batch string, id incidents.DeliveryID) bool {
	parts := strings.Split(batch, "-")
	if len(parts) != 3 || parts[0] != fmt.Sprintf("n%d", id.Notice) {
		return false
	}
	first, err := strconv.ParseInt(parts[1], 10, 64)
	return err != nil || first <= id.Seq
}

// A folder is where batches are put for the printer.
type folder struct{ path string }

func (f folder) at(name string) string { return filepath.Join(f.path, name) }

// manifest reads a batch's manifest.
func (f folder) manifest(batch string) (m Manifest, err error) {
	b, err := os.ReadFile(f.at(batch + endManifest))
	if err != nil {
		return m, err
	}
	return readManifest(batch, b)
}

// holding reads a batch's manifest if it names a delivery. Most do not, and a
// search is much faster than reading them.
func (f folder) holding(batch string, id incidents.DeliveryID) (m Manifest, ok bool, err error) {
	b, err := os.ReadFile(f.at(batch + endManifest))
	if err != nil {
		return m, false, err
	}
	if !bytes.Contains(b, []byte(`"`+id.String()+`"`)) && bytes.HasSuffix(b, []byte("}\n")) {
		return m, false, nil
	}
	m, err = readManifest(batch, b)
	return m, err == nil, err
}

func readManifest(batch string, b []byte) (m Manifest, err error) {
	if err := json.Unmarshal(b, &m); err != nil || m.Format != manifestFormat || m.Batch != batch {
		return m, fmt.Errorf("the manifest of batch %s cannot be read", batch)
	}
	return m, nil
}

// has tells whether a batch exists.
func (f folder) has(batch string) (bool, error) {
	_, err := os.Stat(f.at(batch + endManifest))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// stage writes a file whole, under a temporary name, and makes it last.
func (f folder) stage(name string, write func(io.Writer) error) (path string, err error) {
	tmp, err := os.CreateTemp(f.path, temporary+name+"-*")
	if err != nil {
		return "", err
	}
	w := bufio.NewWriterSize(tmp, 1<<18)
	if err = errors.Join(write(w), w.Flush(), tmp.Chmod(0o640), tmp.Sync(), tmp.Close()); err != nil {
		_ = os.Remove(tmp.Name())
		return "", err
	}
	return tmp.Name(), nil
}

// name gives a staged file its name, for good.
func (f folder) name(path, name string) error {
	if err := os.Rename(path, f.at(name)); err != nil {
		_ = os.Remove(path)
		return err
	}
	return f.sync()
}

// put writes a file whole or not at all.
func (f folder) put(name string, write func(io.Writer) error) error {
	path, err := f.stage(name, write)
	if err != nil {
		return err
	}
	return f.name(path, name)
}

// sync makes names of the folder last.
func (f folder) sync() error {
	d, err := os.Open(f.path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// locked runs fn while nobody else, in this process or another, numbers a batch.
func (f folder) locked(ctx context.Context, fn func() error) error {
	l, err := os.OpenFile(f.at(lockFile), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return err
	}
	defer l.Close() // drops the lock
	for {
		err := syscall.Flock(int(l.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return fn()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// next is the number of the batch about to be written: one more than the last,
// or the last one's again when its batch never came to be. Under the lock.
func (f folder) next(batch string) (int64, error) {
	n, name := int64(0), ""
	b, err := os.ReadFile(f.at(lastFile))
	if err == nil {
		number, rest, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
		if n, err = strconv.ParseInt(number, 10, 64); err != nil || rest == "" {
			return 0, fmt.Errorf("the file %s of the letters' folder is damaged", lastFile)
		}
		name = rest
	} else if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if name != "" {
		came, err := f.has(name)
		if err != nil {
			return 0, err
		}
		if !came {
			n--
		}
	}
	n++
	err = f.put(lastFile, func(w io.Writer) error { _, err := fmt.Fprintf(w, "%d %s\n", n, batch); return err })
	return n, err
}

// write puts a batch into the folder: the PDF, then, numbered, the manifest.
// halt is asked at the last moment whether the batch may still leave. With
// doubt, nobody can say whether the batch exists.
func (f folder) write(ctx context.Context, m Manifest, doc *typeset.Document, halt func() bool) (left, doubt bool, err error) {
	sum := sha256.New()
	pdf, err := f.stage(m.Batch+endPDF, func(w io.Writer) (err error) {
		m.Bytes, err = doc.WriteTo(io.MultiWriter(w, sum))
		return err
	})
	if err != nil {
		return false, false, err
	}
	defer os.Remove(pdf) // where it did not get its name
	m.SHA256 = hex.EncodeToString(sum.Sum(nil))
	err = f.locked(ctx, func() error {
		if left, err = f.has(m.Batch); err != nil || left || halt() {
			return err
		}
		left, doubt, err = f.commit(m, pdf)
		return err
	})
	return left, doubt, err
}

// commit names the PDF, numbers the batch and writes its manifest. Under the lock.
func (f folder) commit(m Manifest, pdf string) (left, doubt bool, err error) {
	if err = f.name(pdf, m.Batch+endPDF); err == nil {
		m.Sequence, err = f.next(m.Batch)
	}
	if err == nil {
		err = f.put(m.Batch+endManifest, func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetIndent("", " ")
			return enc.Encode(m)
		})
	}
	if err == nil {
		return true, false, nil
	}
	if there, herr := f.has(m.Batch); there || herr != nil {
		return false, true, err // named, and perhaps not for good
	}
	_ = os.Remove(f.at(m.Batch + endPDF)) // addresses that nobody prints
	return false, false, err
}
