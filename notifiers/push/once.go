package push

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strconv"

	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// The SDK repeats a request that ended in an error or in a 503, up to four times
// and without a word: five messages where the rate counts one, and after a cut
// connection five copies. It has no switch for that. So its transport never lets
// it see either: in their place it gets an answer it does not repeat, of status
// 500, whose header says what really happened.
const happened = "Tocsin-Happened"

const (
	unreached = "unreached" // there was no connection to send on
	unsigned  = "unsigned"  // Google's sign-in gave no token
	silence   = "silence"   // it was sent, and no whole answer came
	busy      = "busy"      // 503
)

// once sends each request a single time.
type once struct{ next http.RoundTripper }

// RoundTrip returns no error. It reads the answer whole, up to a bound, since
// the SDK repeats a request also when it cannot read the answer.
func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, connected := notifiers.Connected(r.Context())
	resp, err := o.next.RoundTrip(r.WithContext(ctx))
	switch {
	case err != nil && connected():
		return instead(r, silence), nil
	case err != nil:
		return instead(r, unreached), nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	resp.Body.Close()
	if err != nil {
		return instead(r, silence), nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Header.Del(happened)
	if resp.StatusCode == http.StatusServiceUnavailable {
		resp.StatusCode = http.StatusInternalServerError
		resp.Header.Set(happened, busy)
	}
	return resp, nil
}

const maxAnswer = 1 << 20

// instead is the answer the SDK gets where there was none.
func instead(r *http.Request, what string) *http.Response {
	return &http.Response{StatusCode: http.StatusInternalServerError, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{happened: {what}}, Body: http.NoBody, Request: r}
}

// statusOf is the status Firebase answered with; "" where it did not.
func statusOf(resp *http.Response) string {
	switch what := resp.Header.Get(happened); what {
	case "":
		return strconv.Itoa(resp.StatusCode)
	case busy:
		return strconv.Itoa(http.StatusServiceUnavailable)
	}
	return ""
}

// scope is what the service account is asked for.
const scope = "https://www.googleapis.com/auth/firebase.messaging"

// signed signs requests with a service account before they go the way.
func signed(ctx context.Context, way http.RoundTripper, file string) (http.RoundTripper, error) {
	key, err := os.ReadFile(file)
	if err != nil {
		return nil, incidents.Invalid("the service account of push cannot be read").On("channels.push.credentials-file")
	}
	signs, err := htransport.NewTransport(ctx, way, option.WithAuthCredentialsJSON(option.ServiceAccount, key), option.WithScopes(scope))
	if err != nil {
		return nil, incidents.Invalid("Firebase does not take this service account").On("channels.push.credentials-file")
	}
	return signer{signs}, nil
}

// A signer keeps a failed sign-in from the SDK: nothing was sent.
type signer struct{ next http.RoundTripper }

func (s signer) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(r)
	if err != nil { // of signing alone: the way returns none
		return instead(r, unsigned), nil
	}
	return resp, nil
}
