package sealed

import (
	"container/list"
	"slices"
	"sync"
	"weak"
)

// A cache holds opened blocks, the least recently used ones leave first. It
// also knows the blocks that left but are still held by somebody, so that a
// destroyed key reaches those too.
type cache struct {
	max int

	mu    sync.Mutex // guards all below
	order *list.List // of *cached, newest in front
	byID  map[string]*list.Element
	held  map[string][]*held
}

type cached struct {
	id    string
	block *Block
}

// held is a block given out; a stale one is not given out again.
type held struct {
	scope string
	ref   weak.Pointer[Block]
	stale bool
}

func newCache(max int) *cache {
	return &cache{max: max, order: list.New(), byID: map[string]*list.Element{}, held: map[string][]*held{}}
}

// block returns an opened block, nil when it is not known.
func (c *cache) block(id string) *Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.byID[id]; el != nil {
		c.order.MoveToFront(el)
		return el.Value.(*cached).block
	}
	for _, h := range c.held[id] {
		if b := h.ref.Value(); b != nil && !h.stale {
			c.insert(id, b)
			return b
		}
	}
	return nil
}

// add opens a block into the cache; who comes second gets the first one's.
func (c *cache) add(scope, id string, raw [][]byte) (*Block, error) {
	if b := c.block(id); b != nil {
		return b, nil
	}
	b, err := newBlock(raw)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.byID[id]; el != nil {
		return el.Value.(*cached).block, nil
	}
	c.held[id] = append(c.held[id], &held{scope: scope, ref: weak.Make(b)})
	c.insert(id, b)
	return b, nil
}

func (c *cache) insert(id string, b *Block) {
	c.byID[id] = c.order.PushFront(&cached{id, b})
	for c.order.Len() > c.max {
		last := c.order.Remove(c.order.Back()).(*cached)
		delete(c.byID, last.id)
	}
	if len(c.held) > 4*c.max {
		c.sweep()
	}
}

// sweep forgets blocks that nobody holds any more.
func (c *cache) sweep() {
	for id, hs := range c.held {
		hs = slices.DeleteFunc(hs, func(h *held) bool { return h.ref.Value() == nil })
		if c.held[id] = hs; len(hs) == 0 {
			delete(c.held, id)
		}
	}
}

// swap gives a block new keys wherever it is held.
func (c *cache) swap(id string, raw [][]byte) error {
	keys, err := ciphers(raw)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.held[id] {
		if b := h.ref.Value(); b != nil {
			b.ring.Store(&ring{keys: keys})
		}
	}
	return nil
}

// kill drops a scope's blocks and makes those still held useless.
func (c *cache) kill(scope string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, hs := range c.held {
		if hs[0].scope != scope {
			continue
		}
		for _, h := range hs {
			if b := h.ref.Value(); b != nil {
				b.kill()
			}
		}
		c.drop(id)
		delete(c.held, id)
	}
}

// forget drops a scope's blocks, every scope's when it is empty. Those still
// held go on working, and are still reached by swap and kill.
func (c *cache) forget(scope string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, hs := range c.held {
		if scope != "" && hs[0].scope != scope {
			continue
		}
		for _, h := range hs {
			h.stale = true
		}
		c.drop(id)
	}
	c.sweep()
}

func (c *cache) drop(id string) {
	if el := c.byID[id]; el != nil {
		c.order.Remove(el)
		delete(c.byID, id)
	}
}
