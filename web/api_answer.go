package web

import (
	"encoding/json"
	"net/http"
)

// A page is one page of a list. Next is what to ask for the page after it.
type listPage[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// paged makes a page: a full one has a next.
func paged[T any](items []T, limit int, next func(T) string) listPage[T] {
	p := listPage[T]{Items: some(items)}
	if len(items) > 0 && len(items) >= limit {
		p.Next = next(items[len(items)-1])
	}
	return p
}

// whole makes a page of everything there is.
func whole[T any](items []T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return listPage[T]{Items: some(items)}, nil
}

// some makes a list of nothing an empty one, so that scripts need not ask for null.
func some[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// A made is a thing that was created, with its address below the API.
type made struct {
	what any
	at   string
}

// A written answer went out as a stream already.
type written struct{}

// answer writes what a handler returned; nil is done without words.
func (a api) answer(c *call, v any) {
	status := http.StatusOK
	switch x := v.(type) {
	case written:
		return
	case nil:
		c.w.Header().Set("Cache-Control", "no-store")
		c.w.WriteHeader(http.StatusNoContent)
		return
	case made:
		c.w.Header().Set("Location", APIPrefix+x.at)
		status, v = http.StatusCreated, x.what
	}
	b, err := json.Marshal(v)
	if err != nil {
		a.problem(c, err)
		return
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(append(b, '\n'))
}
