package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

const (
	printPersons = 300
	printKills   = 1 // a chunk is announced again half a minute after a crash: more would only take longer
)

// The real program is killed while it prints. Afterwards nobody
// has two letters, who counts as told has one, who is in doubt has none, and
// every batch is whole and numbered.
func TestKilledWhilePrinting(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	b := newBinary(t)
	b.rewrite("channels:\n", "channels:\n  letter: {mode: folder, sender: [Example Retail Ltd, 10115 Berlin]}\n", "window: {email: 16}", "window: {email: 16, letter: 16}")
	var csv strings.Builder
	csv.WriteString("subject_id,name,address,country,locale\n")
	for i := 1; i <= printPersons; i++ {
		fmt.Fprintf(&csv, "P-%05d,Person Number%05d,\"Street %d, 10115 Berlin\",DE,en\n", i, i, i)
	}
	b.start(true)
	in, notice := b.released("olga", incidents.Letter, printPersons, csv.String())
	dir := filepath.Join(b.dir, "data", "letters")
	during := 0
	for i := range printKills {
		if i > 0 {
			b.start(true)
		}
		// It is killed a moment after new batches were put down.
		for before, more, end := batchCount(dir), 1+rng.IntN(3), time.Now().Add(time.Minute); batchCount(dir) < before+more && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(rng.IntN(30)) * time.Millisecond)
		b.kill()
		letters := 0
		for _, x := range batches(t, dir) {
			letters += x.Letters
		}
		if letters > 0 && letters < printPersons {
			during++
		}
	}
	t.Logf("%d of %d kills fell into the printing", during, printKills)
	if during < printKills {
		t.Errorf("only %d kills fell into the printing: the test does not test it", during)
	}
	b.start(true)
	b.printed(notice)
	b.checkLetters(in, notice, dir)
	b.checkDrain()
}

// batchCount counts batches without reading them.
func batchCount(dir string) int {
	names, _ := filepath.Glob(filepath.Join(dir, "n*.json"))
	return len(names)
}

// printed waits until every letter is printed, or in doubt and looked up once.
func (b *binary) printed(notice int64) {
	b.t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		var p incidents.Progress
		b.api("rita", "GET", fmt.Sprintf("/notices/%d/progress", notice), nil, &p, "")
		r := p.Reconciliation
		if r.Unaccounted() != 0 {
			b.t.Fatalf("somebody is in no row: %+v", r)
		}
		var doubts page[incidents.Delivery]
		b.api("rita", "GET", fmt.Sprintf("/notices/%d/in-doubt?limit=500", notice), nil, &doubts, "")
		open := 0
		for _, d := range doubts.Items {
			if d.Reason != "the provider has no record yet" {
				open++ // not looked up yet
			}
		}
		if r.ToSend+r.Trying == 0 && open == 0 {
			b.t.Logf("%+v", r)
			return
		}
	}
	b.t.Fatalf("the letters did not come to an end\n%s", b.log.String())
}

func (b *binary) checkLetters(in incidents.Incident, notice int64, dir string) {
	b.t.Helper()
	copies := map[incidents.DeliveryID]int{}
	numbers := map[int]bool{}
	all := batches(b.t, dir)
	for _, x := range all {
		numbers[x.Sequence] = true
		pdf, err := os.ReadFile(filepath.Join(dir, x.Batch+".pdf"))
		if err != nil {
			b.t.Fatal(err)
		}
		if sum := sha256.Sum256(pdf); hex.EncodeToString(sum[:]) != x.SHA256 {
			b.t.Errorf("batch %s is not what its manifest says", x.Batch)
		}
		for _, i := range x.Items {
			copies[i.Delivery]++
		}
	}
	for n := 1; n <= len(all); n++ {
		if !numbers[n] {
			b.t.Errorf("of %d batches none has the number %d", len(all), n)
		}
	}
	told := 0
	for seq := int64(1); seq <= printPersons; seq++ {
		var list page[incidents.Delivery]
		b.api("rita", "GET", fmt.Sprintf("/incidents/%s/persons/%d/deliveries?notice=%d", in.Ref, seq, notice), nil, &list, "")
		id := incidents.DeliveryID{Notice: notice, Seq: seq, Channel: incidents.Letter}
		want := 1
		if state := list.Items[0].State; state == incidents.InDoubt {
			want = 0
		} else if state != incidents.Accepted {
			b.t.Errorf("%s is %s", id, state)
		}
		told += want
		if copies[id] != want {
			b.t.Errorf("%s is %s and has %d letters", id, list.Items[0].State, copies[id])
		}
	}
	b.t.Logf("%d letters in %d batches; %d of %d told", len(copies), len(all), told, printPersons)
	if told < printPersons/2 {
		b.t.Errorf("only %d of %d have a letter: the test does not test it", told, printPersons)
	}
}
