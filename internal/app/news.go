package app

import (
	"context"
	"encoding/json"
	"sync"

	"tocsin/incidents"
	"tocsin/internal/bus"
)

// A hub hands news from the bus to the pages that are open.
type hub struct {
	mu   sync.Mutex
	subs map[chan incidents.News]incidents.IncidentID
}

func newHub() *hub { return &hub{subs: map[chan incidents.News]incidents.IncidentID{}} }

// Subscribe returns the news of one incident, or of all when it is empty. A
// slow reader misses news rather than holding others up: pages show the
// present state, not the news.
func (h *hub) Subscribe(_ context.Context, in incidents.IncidentID) (<-chan incidents.News, func()) {
	ch := make(chan incidents.News, 16)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs == nil {
		close(ch)
		return ch, func() {}
	}
	h.subs[ch] = in
	return ch, func() {
		h.mu.Lock()
		delete(h.subs, ch)
		h.mu.Unlock()
	}
}

// close ends every subscription, and those to come.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.subs {
		close(ch)
	}
	h.subs = nil
}

// hear hands a message of the bus to those who wait for news: the board first,
// so that a page that is told finds there how far work is.
func (a *App) hear(m bus.Msg) {
	var n incidents.News
	if json.Unmarshal(m.Data, &n) != nil {
		return
	}
	a.board.hear(n)
	a.hub.tell(n)
}

func (h *hub) tell(n incidents.News) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch, in := range h.subs {
		if in != "" && in != n.Incident {
			continue
		}
		select {
		case ch <- n:
		default:
		}
	}
}
