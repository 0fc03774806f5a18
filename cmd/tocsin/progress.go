package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// A progress shows how far each step is: as a bar when w is a terminal, and
// otherwise as a line when it begins.
type progress struct {
	w       io.Writer
	bars    *mpb.Progress // nil: w is no terminal
	bar     *mpb.Bar
	step    string
	bytes   bool // are counted
	passing bool // it leaves no line, and takes its bar away at the end
}

func newProgress(ctx context.Context, w io.Writer) *progress {
	p := &progress{w: w}
	if isTerminal(w) {
		p.bars = mpb.NewWithContext(ctx, mpb.WithOutput(w), mpb.WithWidth(48), mpb.WithRefreshRate(150*time.Millisecond))
	}
	return p
}

// newPassing is a progress beside an answer: a bar on a terminal, gone when the
// answer comes; nothing elsewhere, nor when the answer is for a program.
func newPassing(ctx context.Context, w io.Writer, forProgram bool) *progress {
	if forProgram {
		w = io.Discard
	}
	p := newProgress(ctx, w)
	p.passing = true
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) tell(step string, done, total int64) {
	if step != p.step {
		p.finish()
		p.step = step
		if p.bars == nil && !p.passing {
			fmt.Fprintln(p.w, "…", step)
		}
	}
	if p.bars == nil {
		return
	}
	if p.bar == nil {
		p.bar = p.bars.AddBar(max(total, 1), p.look(step)...)
	}
	if total > 0 {
		p.bar.SetTotal(total, false)
		p.bar.SetCurrent(done)
	}
}

func (p *progress) look(step string) []mpb.BarOption {
	count := decor.CountersNoUnit("%d / %d")
	if p.bytes {
		count = decor.CountersKibiByte("% .1f / % .1f")
	}
	o := []mpb.BarOption{mpb.PrependDecorators(decor.Name(step + strings.Repeat(" ", max(0, 18-len(step))))), mpb.AppendDecorators(count)}
	if p.passing {
		o = append(o, mpb.BarRemoveOnComplete())
	}
	return o
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.SetTotal(-1, true)
		p.bar = nil
	}
}

// end waits until the last bar is drawn.
func (p *progress) end() {
	p.finish()
	if p.bars != nil {
		p.bars.Wait()
		p.bars = nil
	}
}
