package ledger

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/incidents"
)

// A memLog keeps a log the way a store does.
type memLog struct {
	records [][]byte
	hashes  []Hash
	root    Hash
}

func (m *memLog) read(idx []int64) ([]Hash, error) {
	out := make([]Hash, len(idx))
	for i, x := range idx {
		if x < 0 || x >= int64(len(m.hashes)) {
			return nil, fmt.Errorf("no hash %d", x)
		}
		out[i] = m.hashes[x]
	}
	return out, nil
}

func (m *memLog) append(t testing.TB, records ...[]byte) {
	t.Helper()
	a, err := Append(int64(len(m.records)), records, m.read)
	if err != nil {
		t.Fatal(err)
	}
	if a.First != int64(len(m.hashes)) {
		t.Fatalf("hashes start at %d, want %d", a.First, len(m.hashes))
	}
	m.records = append(m.records, records...)
	m.hashes = append(m.hashes, a.Hashes...)
	m.root = a.Root
	if a.NewSize != int64(len(m.records)) || HashCount(a.NewSize) != int64(len(m.hashes)) {
		t.Fatalf("size %d with %d hashes", a.NewSize, len(m.hashes))
	}
}

// flatRoot is the root over records that are all in memory.
func flatRoot(records [][]byte) Hash {
	var t Tree
	for _, r := range records {
		t.Add(r)
	}
	return t.Root()
}

func (m *memLog) leaf(i int64) (Hash, error) {
	h, err := m.read([]int64{LeafIndex(i)})
	if err != nil {
		return Hash{}, err
	}
	return h[0], nil
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func entry(seq int64, event string) incidents.AuditEntry {
	return incidents.AuditEntry{Seq: seq, At: noon.Add(time.Duration(seq) * time.Minute), Actor: "a-1",
		Role: incidents.RoleResponder, Via: "console", Event: event, Incident: "inc-1", Subject: "n-1",
		Text: "Notice N-1 was approved <by> two.", Data: map[string]string{"sha256": "ab", "count": "3"}}
}

func entries(n int64) [][]byte {
	var out [][]byte
	for s := int64(1); s <= n; s++ {
		out = append(out, Encode(entry(s, "notice.approved")))
	}
	return out
}

func testSigner(t testing.TB, fill string) *Signer {
	t.Helper()
	s, err := NewSigner("audit.example.org", []byte(strings.Repeat(fill, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func seqOf(records [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestEntriesHaveOneForm(t *testing.T) {
	e := entry(7, "x")
	b := Encode(e)
	local := e
	local.At = e.At.In(time.FixedZone("", 3600))
	if !bytes.Equal(b, Encode(local)) {
		t.Error("the zone changes the form")
	}
	got, err := Decode(b)
	if err != nil || !bytes.Equal(Encode(got), b) || got.Seq != 7 || got.Data["count"] != "3" {
		t.Fatal(got, err)
	}
	for name, bad := range map[string]string{
		"space":         strings.Replace(string(b), ":", ": ", 1),
		"unknown field": strings.Replace(string(b), `"seq"`, `"x":1,"seq"`, 1),
		"twice a field": strings.Replace(string(b), `"seq"`, `"seq":9,"seq"`, 1),
		"more after it": string(b) + "{}",
		"nothing":       "",
		"other zone":    strings.Replace(string(b), "12:07:00Z", "13:07:00+01:00", 1),
		"big year":      strings.Replace(string(b), "2026", "12026", 1),
	} {
		if _, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestLogGrowsAsRFC6962(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var m memLog
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 9), 1, 8).Draw(rt, "batches") {
			var batch [][]byte
			for range n {
				batch = append(batch, fmt.Appendf(nil, "record %d", len(m.records)+len(batch)))
			}
			m.append(t, batch...)
			if m.root != flatRoot(m.records) {
				rt.Fatalf("roots differ at %d", len(m.records))
			}
			root, n, err := RootOf(seqOf(m.records))
			if err != nil || n != int64(len(m.records)) || root != m.root {
				rt.Fatal("streamed root differs", err)
			}
		}
		size := int64(len(m.records))
		for i := range size {
			proof, err := Prove(size, i, m.read)
			if err != nil {
				rt.Fatal(err)
			}
			leaf := LeafHash(m.records[i])
			if err := CheckInclusion(proof, size, m.root, i, leaf); err != nil {
				rt.Fatal(err)
			}
			if CheckInclusion(proof, size, m.root, i, LeafHash([]byte("other"))) == nil {
				rt.Fatal("another record is included")
			}
			stored, err := Root(i+1, m.read)
			if err != nil || stored != flatRoot(m.records[:i+1]) {
				rt.Fatalf("the stored hashes give another root at %d, %v", i+1, err)
			}
		}
	})
}

func TestAppendSaysWhatItCannotRead(t *testing.T) {
	var m memLog
	m.append(t, entries(3)...)
	if _, err := Append(3, entries(1), func([]int64) ([]Hash, error) { return nil, fmt.Errorf("gone") }); err == nil {
		t.Error("a reader that fails passes")
	}
	if _, err := Append(3, entries(1), func([]int64) ([]Hash, error) { return nil, nil }); err == nil {
		t.Error("a reader that gives nothing passes")
	}
	if _, err := Append(-1, nil, m.read); err == nil {
		t.Error("a negative size passes")
	}
}

func TestCheckpoints(t *testing.T) {
	s := testSigner(t, "s")
	if s.VerifierKey() != testSigner(t, "s").VerifierKey() || s.VerifierKey() == testSigner(t, "x").VerifierKey() {
		t.Fatal("the key does not follow the seed")
	}
	want := Checkpoint{Origin: s.Name(), Size: 42, Root: Hash{1, 2, 3}}
	signed, err := s.Sign(Checkpoint{Size: 42, Root: want.Root})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Open(signed, s.VerifierKey()+"\n"); err != nil || got != want {
		t.Fatal(got, err)
	}
	if _, err := Open(signed, testSigner(t, "x").VerifierKey()); err == nil {
		t.Error("it opens with another key")
	}
	for i := range signed {
		bad := bytes.Clone(signed)
		bad[i] ^= 1
		if _, err := openExact(bad, s.VerifierKey()); err == nil {
			t.Errorf("byte %d (%q) changed and nobody noticed", i, signed[i])
		}
	}
	manifest, err := s.signText("something else\nof ours\n\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(manifest, s.VerifierKey()); err == nil {
		t.Error("another signed text passes as a checkpoint")
	}
	if _, err := s.Sign(Checkpoint{Origin: "other.example.org"}); err == nil {
		t.Error("it signs for another log")
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb"} {
		if _, err := NewSigner(name, make([]byte, 32)); err == nil {
			t.Errorf("name %q passes", name)
		}
	}
	if _, err := NewSigner("a", make([]byte, 31)); err == nil {
		t.Error("a short seed passes")
	}
}

func TestTamperedLogs(t *testing.T) {
	s := testSigner(t, "s")
	var m memLog
	var points [][]byte
	for _, r := range entries(20) {
		m.append(t, r)
		if len(m.records)%5 == 0 {
			cp, err := s.Sign(Checkpoint{Size: int64(len(m.records)), Root: m.root})
			if err != nil {
				t.Fatal(err)
			}
			points = append(points, cp)
		}
	}
	renumber := func(rs [][]byte) [][]byte {
		for i, r := range rs {
			e, _ := Decode(r)
			e.Seq = int64(i + 1)
			rs[i] = Encode(e)
		}
		return rs
	}
	edit := func(r []byte) []byte { e, _ := Decode(r); e.Text = "Nothing happened."; return Encode(e) }
	fake, err := testSigner(t, "x").Sign(Checkpoint{Size: 5, Root: Hash{}})
	if err != nil {
		t.Fatal(err)
	}
	split, _ := s.Sign(Checkpoint{Size: 10, Root: Hash{9}})
	cases := []struct {
		name   string
		change func(rs [][]byte) [][]byte
		points [][]byte
		leaf   bool
		want   string // in the first problem; "" for none
	}{
		{"untouched", nil, points, true, ""},
		{"untouched, records after the last checkpoint", nil, points[:2], true, ""},
		{"an entry edited", func(rs [][]byte) [][]byte { rs[6] = edit(rs[6]); return rs }, points, false, "records 6 to 10 was edited"},
		{"an entry edited, hashes at hand", func(rs [][]byte) [][]byte { rs[6] = edit(rs[6]); return rs }, points, true, "record 7 was edited"},
		{"an entry edited after the last checkpoint", func(rs [][]byte) [][]byte { rs[19] = edit(rs[19]); return rs }, points[:3], true, "record 20 was edited"},
		{"one byte of an entry", func(rs [][]byte) [][]byte { rs[2] = bytes.Replace(rs[2], []byte("two"), []byte("tvo"), 1); return rs }, points, false, "records 1 to 5"},
		{"an entry no entry any more", func(rs [][]byte) [][]byte { rs[2] = rs[2][:20]; return rs }, points, false, "record 3 was edited"},
		{"an entry deleted", func(rs [][]byte) [][]byte { return slices.Delete(rs, 6, 7) }, points, false, "record 7 was deleted"},
		{"three deleted", func(rs [][]byte) [][]byte { return slices.Delete(rs, 6, 9) }, points, false, "records 7 to 9 were deleted"},
		{"the first deleted", func(rs [][]byte) [][]byte { return rs[1:] }, points, false, "record 1 was deleted"},
		{"deleted and renumbered", func(rs [][]byte) [][]byte { return renumber(slices.Delete(rs, 6, 7)) }, points, false, "records 6 to 10"},
		{"two swapped", func(rs [][]byte) [][]byte { rs[7], rs[8] = rs[8], rs[7]; return rs }, points, false, "record 8 was deleted or moved"},
		{"two swapped and renumbered", func(rs [][]byte) [][]byte { rs[7], rs[8] = edit(rs[8]), rs[7]; return renumber(rs) }, points, false, "records 6 to 10"},
		{"one there twice", func(rs [][]byte) [][]byte { return slices.Insert(rs, 4, rs[3]) }, points, false, "record 4 is there twice"},
		{"one put in", func(rs [][]byte) [][]byte { return renumber(slices.Insert(rs, 4, edit(rs[3]))) }, points, false, "records 1 to 5"},
		{"the tail cut off", func(rs [][]byte) [][]byte { return rs[:17] }, points, false, "truncated: it ends at record 17, but a checkpoint was signed at record 20; 3 "},
		{"everything gone", func([][]byte) [][]byte { return nil }, points, false, "truncated: it ends at record 0"},
		{"rolled back and written anew", func(rs [][]byte) [][]byte { rs[18], rs[19] = edit(rs[18]), edit(rs[19]); return rs }, points, false, "records 16 to 20"},
		{"a checkpoint of another key", nil, append([][]byte{fake}, points...), false, "checkpoint 1 of 5 was changed or is of another key"},
		{"a checkpoint edited", nil, [][]byte{bytes.Replace(points[0], []byte("\n5\n"), []byte("\n4\n"), 1)}, false, "checkpoint 1 of 1 was changed"},
		{"two versions told", nil, append([][]byte{split}, points...), false, "two checkpoints were signed at record 10"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rs := slices.Clone(m.records)
			if c.change != nil {
				rs = c.change(rs)
			}
			l := Log{Records: seqOf(rs), Checkpoints: c.points, VerifierKey: s.VerifierKey()}
			if c.leaf {
				l.Leaf = m.leaf
			}
			rep, err := VerifyLog(l)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if !rep.OK() || rep.Records != 20 || rep.Root != m.root || rep.Checkpoints != len(c.points) {
					t.Fatalf("%+v", rep)
				}
				return
			}
			if rep.OK() || !strings.Contains(rep.Problems[0], c.want) {
				t.Fatalf("%q\nwant first: %s", rep.Problems, c.want)
			}
		})
	}
	_, err = VerifyLog(Log{Records: func(y func([]byte, error) bool) { y(nil, fmt.Errorf("disk")) }, VerifierKey: s.VerifierKey()})
	if err == nil {
		t.Error("an unreadable log is no error")
	}
}
