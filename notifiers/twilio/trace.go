package twilio

import (
	"context"
	"net/http/httptrace"
	"strings"
)

// traced notes whether a connection was there to send the request on: an error
// before that is a definite no.
func traced(ctx context.Context, sent *bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { *sent = true }})
}

// holds finds a verification code in a body, however it was wrapped.
func holds(body, code string) bool {
	return code != "" && strings.Contains(strings.ReplaceAll(body, "\n", ""), code)
}
