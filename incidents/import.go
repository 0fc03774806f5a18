package incidents

import (
	"context"
	"errors"
	"time"
)

// An Import is one list taken in. While it runs, Rows and Rejected are of what
// was read and the other counts of what is stored; between them is what waits
// to be stored. At the end they add up.
type Import struct {
	ID          string          `json:"id"`
	IncidentID  IncidentID      `json:"incident_id"`
	Name        string          `json:"name"` // file name as data
	Format      string          `json:"format"`
	Rows        int64           `json:"rows"`
	Imported    int64           `json:"imported"` // persons added
	Repaired    int64           `json:"repaired"`
	Duplicates  int64           `json:"duplicates"`
	Rejected    int64           `json:"rejected"`
	Unreachable int64           `json:"unreachable"` // imported without any channel
	By          AccountID       `json:"by"`
	At          time.Time       `json:"at"`
	Done        bool            `json:"done"`
	Broke       ImportBreak     `json:"broke,omitempty"`   // why it broke off
	Reading     *Reading        `json:"reading,omitempty"` // nil: it was taken in before readings were kept
	Rejects     FileID          `json:"rejects,omitempty"` // the reject file, sealed
	ByPlace     map[Place]int64 `json:"by_place,omitempty"`
	ByLang      map[Lang]int64  `json:"by_lang,omitempty"`
	// ByKind counts the persons added by what weighs in the risk to them.
	ByKind map[PersonKind]int64 `json:"by_kind,omitempty"`
}

// A Reading is how far a list is read.
type Reading struct {
	Bytes int64     `json:"bytes"`          // of the upload, as it is sent
	Size  int64     `json:"size,omitempty"` // of the whole upload; 0: not known
	Took  int64     `json:"took_ms"`        // from the beginning
	At    time.Time `json:"at"`             // when it moved last
}

// An ImportBreak says why an import broke off.
type ImportBreak string

// Why imports break off.
const (
	BrokeUpload  ImportBreak = "upload"  // it ended before the list did
	BrokeList    ImportBreak = "list"    // it could not be read on; who sent it was told why
	BrokeService ImportBreak = "service" // by our own fault, or because it was ended
)

// ErrUploadEnded is beneath the error of a reader whose sender left, or stood
// still for too long.
var ErrUploadEnded = errors.New("the upload ended before its time")

func breakOf(err error) ImportBreak {
	switch {
	case errors.Is(err, ErrUploadEnded), errors.Is(err, context.Canceled):
		return BrokeUpload
	case KindOf(err) == KindInvalid:
		return BrokeList
	}
	return BrokeService
}

// An ImportState is what has become of an import.
type ImportState string

// The states of an import. One that broke off keeps what it stored: the same
// list again adds the rest.
const (
	ImportRunning ImportState = "running"
	ImportDone    ImportState = "done"
	ImportBroken  ImportState = "broken"
)

// importSilence is how long an import that works can at most stand still: an
// upload is cut off long before. What is silent for longer was left by a
// process that is no more.
const importSilence = 2 * time.Minute

// State tells what has become of an import by now.
func (im Import) State(now time.Time) ImportState {
	switch {
	case im.Done:
		return ImportDone
	case im.Broke != "" || now.Sub(im.Moved()) > importSilence:
		return ImportBroken
	}
	return ImportRunning
}

// Moved is when an import moved last.
func (im Import) Moved() time.Time {
	if im.Reading != nil {
		return im.Reading.At
	}
	return im.At
}

// Whole is the share of the upload that is read; known is false when nobody
// said how long it is.
func (im Import) Whole() (share float64, known bool) {
	if im.Reading == nil || im.Reading.Size <= 0 {
		return 0, false
	}
	return min(float64(im.Reading.Bytes)/float64(im.Reading.Size), 1), true
}

// settled is after how long a rate means something.
const settled = time.Second

// PerSecond is how many rows a second were read so far; 0: too early to say.
func (im Import) PerSecond() float64 {
	if im.Reading == nil || im.Reading.took() < settled {
		return 0
	}
	return float64(im.Rows) / im.Reading.took().Seconds()
}

// Left is how long the rest takes if it goes on as it went.
func (im Import) Left() (left time.Duration, known bool) {
	share, known := im.Whole()
	if !known || share <= 0 || im.Reading.took() < settled {
		return 0, false
	}
	return time.Duration(float64(im.Reading.took()) * (1 - share) / share), true
}

func (r Reading) took() time.Duration { return time.Duration(r.Took) * time.Millisecond }
