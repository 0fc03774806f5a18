package standin

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Who takes a call.
const (
	AnswerHuman   = "human"   // presses the key and listens
	AnswerSilent  = "silent"  // picks up and presses nothing
	AnswerMachine = "machine" // records what it hears
	AnswerBusy    = "busy"
	AnswerNone    = "no-answer"
	AnswerFailed  = "failed"
	AnswerNever   = "" // no report ever comes
)

// A Call is one call Twilio's stand-in placed.
type Call struct {
	SID, To, From, Callback string
	Form                    url.Values // as it was asked for
	Script                  string     // TwiML it began with
	Heard                   string     // what was said before a key was pressed
	Told                    string     // TwiML that answered the key
	At                      time.Time
}

// Calls returns what was placed so far, as far as it got.
func (t *Twilio) Calls() []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.rings)
}

func (t *Twilio) createCall(w http.ResponseWriter, r *http.Request) {
	to, script := r.PostFormValue("To"), r.PostFormValue("Twiml")
	f, answered := t.misbehave(w, r, to)
	if answered {
		return
	}
	said, action, err := heard(script)
	if to == "" || r.PostFormValue("From") == "" || err != nil {
		reply(w, 400, map[string]any{"code": 21205, "message": "To, From and readable TwiML are required", "status": 400})
		return
	}
	t.mu.Lock()
	n := len(t.rings)
	call := Call{SID: fmt.Sprintf("CA%s%024x", t.serial, n+1), To: to, From: r.PostFormValue("From"), Callback: r.PostFormValue("StatusCallback"), Form: maps.Clone(r.PostForm), Script: script, Heard: said, At: time.Now()}
	t.rings = append(t.rings, call)
	t.mu.Unlock()
	if amd := r.PostFormValue("AsyncAmdStatusCallback"); call.Callback != "" {
		t.calls.Go(func() { t.ring(n, call, action, amd) })
	}
	if f.Cut {
		cut(w)
		return
	}
	reply(w, http.StatusCreated, map[string]any{"sid": call.SID, "status": "queued", "to": to})
}

// heard reads a script as far as it runs without a key: what is said, and where
// a key would be sent. Every verb outside is one we do not use.
func heard(script string) (said, action string, err error) {
	var doc struct {
		Gather []struct {
			Action string   `xml:"action,attr"`
			Say    []string `xml:"Say"`
		} `xml:"Gather"`
		Say []string `xml:"Say"`
	}
	if err := xml.Unmarshal([]byte(script), &doc); err != nil {
		return "", "", err
	}
	for _, g := range doc.Gather {
		said, action = said+strings.Join(g.Say, " ")+"\n", g.Action
	}
	return said + strings.Join(doc.Say, " "), action, nil
}

// ring reports how a call goes, in the order Twilio does.
func (t *Twilio) ring(n int, call Call, action, amd string) {
	answer := AnswerHuman
	if t.Answers != nil {
		answer = t.Answers(call.To)
	}
	report := func(address string, pairs ...string) string {
		form := url.Values{"CallSid": {call.SID}, "To": {call.To}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return t.post(address, form)
	}
	if answer == AnswerNever {
		return
	}
	report(call.Callback, "CallStatus", "initiated", "SequenceNumber", "0")
	by := map[string]string{AnswerHuman: "human", AnswerSilent: "human", AnswerMachine: "machine_start"}[answer]
	if by == "" {
		report(call.Callback, "CallStatus", answer, "SequenceNumber", "1")
		return
	}
	report(call.Callback, "CallStatus", "in-progress", "SequenceNumber", "1")
	if amd != "" {
		report(amd, "AnsweredBy", by, "MachineDetectionDuration", "3200")
	}
	if answer == AnswerHuman && action != "" {
		told := report(action, "CallStatus", "in-progress", "Digits", "1")
		t.mu.Lock()
		t.rings[n].Told = told
		t.mu.Unlock()
	}
	report(call.Callback, "CallStatus", "completed", "SequenceNumber", "2", "CallDuration", "42", "AnsweredBy", by)
}

func (t *Twilio) listCalls(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("To")
	found := []map[string]any{}
	for _, x := range t.Calls() {
		if x.To == to {
			at := x.At.UTC().Format(time.RFC1123Z)
			found = append(found, map[string]any{"sid": x.SID, "to": x.To, "from": x.From, "status": "completed", "date_created": at, "start_time": at})
		}
	}
	reply(w, http.StatusOK, map[string]any{"calls": found, "page": 0, "page_size": len(found)})
}
