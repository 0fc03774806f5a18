package web

import (
	"io"
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
	form, err := callbackForm(w, r)
	if err != nil {
		return err
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

// twilioSpeak answers a key pressed in a call with what is said next. The answer
// is of one person: nobody may keep it.
func (p *public) twilioSpeak(w http.ResponseWriter, r *http.Request) error {
	form, err := callbackForm(w, r)
	if err != nil {
		return err
	}
	v := mux.Vars(r)
	script, err := p.Callbacks.Speak(r.Context(), p.PublicURL+r.URL.RequestURI(), form, r.Header.Get("X-Twilio-Signature"), v["delivery"], v["attempt"], v["mac"])
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, script)
	return nil
}

// callbackForm reads what a provider posts, each thing said once.
func callbackForm(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	b, err := readAll(w, r, maxCallback)
	if err != nil {
		return nil, err
	}
	said, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, incidents.Invalid("the callback is no form")
	}
	form := make(map[string]string, len(said))
	for k, v := range said {
		if len(v) != 1 {
			return nil, incidents.Invalid("the callback says one thing twice")
		}
		form[k] = v[0]
	}
	return form, nil
}
