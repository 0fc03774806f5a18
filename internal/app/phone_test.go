package app

import "testing"

func TestWhatTwilioReportsOfACall(t *testing.T) {
	for _, c := range []struct {
		name         string
		form         map[string]string
		status, code string
	}{
		{"it is asked for", map[string]string{"CallStatus": "initiated"}, "accepted", ""},
		{"it rings", map[string]string{"CallStatus": "ringing"}, "accepted", ""},
		{"somebody took it", map[string]string{"CallStatus": "in-progress"}, "sent", ""},
		{"a person, says the recogniser", map[string]string{"AnsweredBy": "human"}, "sent", ""},
		{"a machine, says the recogniser", map[string]string{"AnsweredBy": "machine_start"}, "sent", "machine_start"},
		{"a fax", map[string]string{"AnsweredBy": "fax"}, "sent", "fax"},
		{"it cannot tell", map[string]string{"AnsweredBy": "unknown"}, "sent", ""},
		{"over", map[string]string{"CallStatus": "completed"}, "ended", "no-key"},
		{"over, and a person", map[string]string{"CallStatus": "completed", "AnsweredBy": "human"}, "ended", "no-key"},
		{"over, and a machine", map[string]string{"CallStatus": "completed", "AnsweredBy": "machine_end_beep"}, "ended", "machine_end_beep"},
		{"busy", map[string]string{"CallStatus": "busy"}, "undelivered", "busy"},
		{"nobody", map[string]string{"CallStatus": "no-answer"}, "undelivered", "no-answer"},
		{"no such number", map[string]string{"CallStatus": "failed"}, "failed", "failed"},
		{"ended by us", map[string]string{"CallStatus": "canceled"}, "undelivered", "canceled"},
		{"an unknown word", map[string]string{"CallStatus": "levitating"}, "", ""},
		{"nothing", map[string]string{}, "", ""},
	} {
		if got := readCall(c.form); got.status != c.status || got.code != c.code || got.code != "" && got.reason == "" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if a, b := readCall(map[string]string{"AnsweredBy": "human"}), readCall(map[string]string{"CallStatus": "in-progress", "AnsweredBy": "human"}); a.word == b.word {
		t.Error("two reports of one call have one id")
	}
}
