package notifiers

import (
	"slices"
	"sync"

	"tocsin/incidents"
)

// A chunkKey names a chunk.
type chunkKey struct{ notice, no int64 }

// places are how many chunks of one channel a process works on at once, so that a
// channel that is slow, or was asked to be left alone, holds up none of the others.
// A chunk that finds no place is left for later, and gets one when it is free: the
// notices that wait take turns, so that a long one does not hold up a short one.
type places struct {
	size int // 0: any number

	mu    sync.Mutex
	taken map[incidents.Channel]int
	left  map[incidents.Channel][]waiting // a notice whose turn it is stands in front
}

// A waiting is a notice with the chunks that found no place, in order.
type waiting struct {
	notice int64
	chunks []int64
}

func newPlaces(size int) *places {
	return &places{size: size, taken: map[incidents.Channel]int{}, left: map[incidents.Channel][]waiting{}}
}

// enter takes a place, or remembers the chunk until there is one.
func (p *places) enter(ch incidents.Channel, c chunkKey) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size == 0 || p.taken[ch] < p.size {
		p.taken[ch]++
		return true
	}
	all := p.left[ch]
	i := slices.IndexFunc(all, func(w waiting) bool { return w.notice == c.notice })
	if i < 0 {
		i, all = len(all), append(all, waiting{notice: c.notice})
	}
	if !slices.Contains(all[i].chunks, c.no) { // it may be announced again
		all[i].chunks = append(all[i].chunks, c.no)
	}
	p.left[ch] = all
	return false
}

// leave gives a place back, and says who may have it.
func (p *places) leave(ch incidents.Channel) (next chunkKey, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[ch]--
	all := p.left[ch]
	if len(all) == 0 {
		return next, false
	}
	w := all[0]
	next, w.chunks = chunkKey{w.notice, w.chunks[0]}, w.chunks[1:]
	all = all[1:]
	if len(w.chunks) > 0 {
		all = append(all, w)
	}
	p.left[ch] = all
	return next, true
}
