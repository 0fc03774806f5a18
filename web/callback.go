package web

import (
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"tocsin/incidents"
)

// maxCallback is how large a provider's callback may be.
const maxCallback = 64 << 10

// twilioCallback takes a status report of Twilio. It is acknowledged when the
// receipt is stored; one that comes twice changes nothing.
func (p *public) twilioCallback(w http.ResponseWriter, r *http.Request) error {
	b, err := readAll(w, r, maxCallback)
	if err != nil {
		return err
	}
	said, err := url.ParseQuery(string(b))
	if err != nil {
		return incidents.Invalid("the callback is no form")
	}
	form := make(map[string]string, len(said))
	for k, v := range said {
		if len(v) != 1 {
			return incidents.Invalid("the callback says one thing twice")
		}
		form[k] = v[0]
	}
	v := mux.Vars(r)
	// The signature is over the address as the provider knows it, not as a proxy rewrote it.
	err = p.Callbacks.Twilio(r.Context(), p.PublicURL+r.URL.RequestURI(), form, r.Header.Get("X-Twilio-Signature"), v["delivery"], v["attempt"], v["mac"])
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
