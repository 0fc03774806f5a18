package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// A slowList is a list that arrives as a test hands it over.
type slowList struct {
	w     *world
	ref   string
	pipe  *io.PipeWriter
	ended chan error
}

// slowly begins to take in a list of a size.
func (w *world) slowly(ref, name string, size int64) *slowList {
	w.t.Helper()
	in, err := w.desk.Find(w.t.Context(), incidents.System, ref)
	must(w.t, err)
	read, write := io.Pipe()
	l := &slowList{w, ref, write, make(chan error, 1)}
	go func() {
		_, err := w.desk.ImportList(w.t.Context(), incidents.System, in.ID, incidents.ListUpload{Name: name, Body: read, Size: size})
		read.CloseWithError(err)
		l.ended <- err
	}()
	w.t.Cleanup(func() { write.Close() })
	w.becomes(ref, func(v importView) bool { return v.Name == name })
	return l
}

// give hands more of the list over; all of it was read when it returns.
func (l *slowList) give(text string) {
	l.w.t.Helper()
	_, err := io.WriteString(l.pipe, text)
	must(l.w.t, err)
}

// becomes waits until the record of the newest import is as it should be.
func (w *world) becomes(ref string, ok func(importView) bool) importView {
	w.t.Helper()
	var last importView
	for range 600 {
		var all struct{ Items []importView }
		w.as("ada", "GET", "/incidents/"+ref+"/imports", nil).want(200).into(&all)
		if len(all.Items) > 0 {
			if last = all.Items[0]; ok(last) {
				return last
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("the import stays at %+v, read %+v", last, last.Reading)
	return last
}

// TestAListOnItsWayInIsSeenByEverybody takes half a list in, and looks: without
// scripts, from another account, and through the API. Then it stands still, goes
// on, and ends.
func TestAListOnItsWayInIsSeenByEverybody(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	olga := w.signIn("olga")
	people := "/incidents/" + ref + "/people"
	list := csvList(7000)
	half := strings.Index(list, "P-6001")
	l := w.slowly(ref, hostile+".csv", int64(len(list)+len("broken\n")))
	w.pass(10 * time.Second)
	l.give(list[:half])
	im := w.becomes(ref, func(v importView) bool { return v.Imported+v.Duplicates >= 5000 && v.Rows == 6000 })
	if im.State != incidents.ImportRunning || im.Imported != 4999 || im.Duplicates != 1 || im.Done || im.Reading.Bytes != int64(half) || im.PerSecond != 600 || im.SecondsLeft == nil || *im.SecondsLeft != 2 {
		t.Errorf("the API says %+v, read %+v", im, im.Reading)
	}
	var one importView
	w.as("ada", "GET", "/incidents/"+ref+"/imports/"+im.ID, nil).want(200).into(&one)
	if one.Rows != im.Rows || one.Imported != im.Imported || *one.Reading != *im.Reading {
		t.Errorf("one import is %+v, in the list %+v", one, im)
	}
	w.as("ada", "GET", "/incidents/"+ref+"/imports/nothing", nil).want(http.StatusNotFound)

	page := olga.page(people)
	for _, want := range []string{"Being taken in", `role="progressbar"`, `aria-valuenow="85"`, "85 %", "6,000", "600 a second", "4,999", "2 s", "hx-trigger=\"every 2s\""} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if !strings.Contains(page, "1 person on the list") {
		t.Error("who waits for the last row is counted before it is in")
	}
	if part := olga.get(people, "HX-Request", "true").want(200).Body.String(); !strings.Contains(part, `id="people-top"`) || !strings.Contains(part, "85 %") {
		t.Error("an open page cannot have the live part")
	}

	w.pass(15 * time.Second)
	if page = olga.page(people); !strings.Contains(page, "Nothing came for 15 s") || strings.Contains(page, "Being taken in") {
		t.Error("a list that stands still looks as if it moved")
	}
	w.pass(3 * time.Minute)
	if page = olga.page(people); !strings.Contains(page, "broke off after 6,000 rows") || !strings.Contains(page, "4,999 people of it were added") || !strings.Contains(page, "the service was ended while it read the list") || strings.Contains(page, "progressbar") {
		t.Error("a list that nobody reads any more looks as if it were read")
	}

	l.give(list[half:] + "broken\n")
	must(t, l.pipe.Close())
	must(t, <-l.ended)
	page = olga.page(people)
	if strings.Contains(page, "progressbar") || strings.Contains(page, "broke off") || !strings.Contains(page, "7,000 people on the list") || strings.Contains(page, "every 2s") {
		t.Error("the page does not end in the outcome")
	}
	im = w.becomes(ref, func(v importView) bool { return v.Done })
	if im.State != incidents.ImportDone || im.Rows != 7001 || im.Imported+im.Duplicates+im.Rejected != im.Rows || im.Rejected != 1 || im.SecondsLeft != nil || im.Reading.Size != im.Reading.Bytes {
		t.Errorf("the import ended as %+v, read %+v", im, im.Reading)
	}
}

// TestAListOfUnknownLengthShowsNoBar, for a bar would be a guess.
func TestAListOfUnknownLengthShowsNoBar(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	b := w.signIn("rita")
	l := w.slowly(ref, "list.csv", -1)
	w.pass(5 * time.Second)
	l.give(csvList(5000))
	w.becomes(ref, func(v importView) bool { return v.Rows == 5000 })
	page := b.page("/incidents/" + ref + "/people")
	if strings.Contains(page, "progressbar") || !strings.Contains(page, "did not say how long it is") || !strings.Contains(page, "not known") {
		t.Error("the length of the list is not told as unknown")
	}
	must(t, l.pipe.Close())
	must(t, <-l.ended)
}

// TestABrokenOffUploadSaysWhatToDo ends uploads over a real connection, in the
// middle of the list and through a list that is none; the same list again is whole.
func TestABrokenOffUploadSaysWhatToDo(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	rita := w.signIn("rita")
	people := "/incidents/" + ref + "/people"
	srv := httptest.NewServer(w.inside)
	defer srv.Close()
	list := csvList(5100)
	read, write := io.Pipe()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+APIPrefix+"/incidents/"+ref+"/persons?name=list.csv", read)
	must(t, err)
	q.ContentLength = int64(len(list))
	q.Header.Set("Content-Type", "text/csv")
	q.Header.Set("Authorization", "Bearer "+w.tokens["rita"])
	sent := make(chan error, 1)
	go func() {
		res, err := srv.Client().Do(q)
		if err == nil {
			res.Body.Close()
		}
		sent <- err
	}()
	_, err = io.WriteString(write, list[:len(list)-20])
	must(t, err)
	w.becomes(ref, func(v importView) bool { return v.Imported == 4999 }) // the list of before has one
	must(t, write.CloseWithError(errors.New("the cable was pulled")))
	if err := <-sent; err == nil {
		t.Error("the sender does not know")
	}
	im := w.becomes(ref, func(v importView) bool { return v.State == incidents.ImportBroken })
	if im.Broke != incidents.BrokeUpload || im.Imported != 4999 || im.Done {
		t.Errorf("the import is %+v", im)
	}
	page := rita.page(people)
	for _, want := range []string{"list.csv broke off after 5,000 rows", "4,999 people of it were added", "The upload ended before the list did", "Send the same list again", "Broke off"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	rita.upload(people, "list", "other.csv", "subject_id,name\n1,Ann\n").want(http.StatusUnprocessableEntity)
	if page = rita.page(people); !strings.Contains(page, "other.csv broke off after 0 rows") || !strings.Contains(page, "Mend the file") {
		t.Error("the page does not say that the list was none")
	}
	page = rita.after(rita.upload(people, "list", "list.csv", list), "100 people added out of 5,100 rows.")
	if strings.Contains(page, "broke off after") {
		t.Error("the page still says what to do")
	}
	srv.Client().CloseIdleConnections()
}

// TestAListSentByAScript answers with where to go: a script would swallow the
// page a redirect leads to, and with it what is to be said.
func TestAListSentByAScript(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	b := w.signIn("rita")
	people := "/incidents/" + ref + "/people"
	form := func(list string) reply {
		const edge = "edge-of-a-part"
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, people,
			strings.NewReader("--"+edge+"\r\nContent-Disposition: form-data; name=\"list\"; filename=\"list.csv\"\r\n\r\n"+list+"\r\n--"+edge+"--\r\n"))
		return b.do(r, "Content-Type", "multipart/form-data; boundary="+edge, "Sec-Fetch-Site", "same-origin", "HX-Request", "true")
	}
	out := form(csvList(3)).want(http.StatusNoContent)
	if to := out.Header().Get("HX-Redirect"); to != people {
		t.Errorf("the script is sent to %q", to)
	}
	if page := b.page(people); !strings.Contains(page, "2 people added out of 3 rows.") {
		t.Error("the outcome is not said")
	}
	if out := form("no,list\n1,2\n").want(http.StatusUnprocessableEntity).Body.String(); !strings.Contains(out, `id="main"`) || !strings.Contains(out, `role="alert"`) {
		t.Error("what is wrong is not on the page that comes back")
	}
	if page := b.page(people); !strings.Contains(page, "data-upload") || !strings.Contains(page, `method="post"`) {
		t.Error("the form is not sent by a script, or not without one")
	}
}

func TestWordsOfAReading(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 81_200: "81 kB", 25_430_000: "25.4 MB", 3_210_000_000: "3.21 GB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0 s", 300 * time.Millisecond: "1 s", 89 * time.Second: "89 s", 3*time.Minute + 40*time.Second: "3 min", 80 * time.Minute: "1 h 20 min"} {
		if got := spanText(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

// Whoever has neither id nor e-mail is not added twice when a list is sent again.
func TestAListWithoutIDsSentAgainAddsNobody(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(3)
	list := "name,phone,address,country\nAda Müller,+49 1512 5550147,,DE\nBo Müller,+49 1512 5550147,,DE\nCleo Weiß,,\"Weg 1, 10115 Berlin\",DE\n"
	for _, want := range []int64{3, 0} {
		var got struct{ Imported, Duplicates int64 }
		w.upload(ref, list).want(http.StatusCreated).into(&got)
		if got.Imported != want || got.Duplicates != 3-want {
			t.Errorf("imported %+v, want %d", got, want)
		}
	}
}
