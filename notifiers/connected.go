package notifiers

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// Connected returns a context that notes whether an HTTP request made with it
// ever had a connection to leave on. When it had none, nothing was sent, and
// an error is a definite no.
func Connected(ctx context.Context) (context.Context, func() bool) {
	var had atomic.Bool
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { had.Store(true) }}), had.Load
}
