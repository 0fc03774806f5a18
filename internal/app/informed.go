package app

import (
	"slices"
	"sync"
)

// informed keeps by which ways the team took what it is told, until all have: what
// one did not take is not said again to the others. A restart forgets it, and
// then all are told once more. The zero value is ready.
type informed struct {
	mu   sync.Mutex
	ways map[string][]string // by the id of what is told
}

// mostInformed bounds what is kept of alarms that nobody repeats any more.
const mostInformed = 1000

func (n *informed) has(id, way string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.ways[id], way)
}

func (n *informed) note(id, way string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ways == nil || len(n.ways) >= mostInformed {
		n.ways = map[string][]string{}
	}
	n.ways[id] = append(n.ways[id], way)
}

func (n *informed) forget(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.ways, id)
}
