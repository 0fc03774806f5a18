package bus

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const acknowledgedBeforeTheKill = 40

// publishUntilKilled runs in a process of its own and says a number on stdout
// after the message of that number was acknowledged.
func publishUntilKilled(dir string) {
	b, err := Open(context.Background(), Options{Dir: dir, Password: "p", Key: rightKey, Canary: &memoryCanary{}})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		if err := b.Publish(context.Background(), "intake.wazuh", fmt.Sprint(i), []byte(fmt.Sprint(i))); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

func TestAKilledProcessLosesNothingItAcknowledged(t *testing.T) {
	o := options(t)
	last := killAfter(t, o.Dir, acknowledgedBeforeTheKill)

	sealed, err := sealCanary(rightKey) // the database outlived the process
	if err != nil {
		t.Fatal(err)
	}
	o.Canary = &memoryCanary{sealed: sealed, streams: []string{Intake, Dispatch, Receipts, News}}
	b := open(t, o)
	next := 0
	consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d"}, func(m Msg) (Verdict, bool) {
		if string(m.Data) != fmt.Sprint(next) {
			t.Errorf("message %d reads %s", next, m.Data)
		}
		next++
		return Done, next > last
	})
}

// killAfter starts the helper, kills it after n acknowledgements and returns
// the number of the last one it spoke of.
func killAfter(t *testing.T, dir string, n int) (last int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), "TOCSIN_BUS_HELPER="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for last = -1; lines.Scan(); {
		if _, err := fmt.Sscan(lines.Text(), &last); err != nil {
			t.Errorf("helper says %s", lines.Text())
			break
		}
		if last == n {
			_ = cmd.Process.Kill() // SIGKILL, in the midst of the next publish
		}
	}
	_ = cmd.Wait()
	if last < n {
		t.Fatalf("the helper ended after %d", last)
	}
	return last
}

// The description of a stream is two files, written one after the other: who
// is killed between them cannot start again. So a start writes neither.
func TestAStartDoesNotDescribeStreamsAnew(t *testing.T) {
	o := options(t)
	o.Canary = &memoryCanary{}
	b := open(t, o)
	meta := filepath.Join(o.Dir, "jetstream", "$G", "streams", Intake, "meta.inf")
	before, err := os.ReadFile(meta)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	open(t, o)
	after, err := os.ReadFile(meta)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) { // sealed with a fresh nonce at every writing
		t.Error("the description was written anew")
	}
}
