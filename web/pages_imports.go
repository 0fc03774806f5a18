package web

import (
	"fmt"
	"math"
	"time"

	"tocsin/incidents"
)

// A runningRow is a list on its way in. It is made of the import's record, so
// that everybody sees the same, whoever uploads it and through which process.
type runningRow struct {
	incidents.Import
	By        string
	Bar       barView // of the upload that is read
	Known     bool    // somebody said how long the upload is
	Bytes     string
	PerSecond int64
	Left      string // "" when it cannot be told
	Still     string // for how long nothing came, "" while it moves
}

// standsStill is after how long without a row a page says so: a slow upload is
// noted every second or so, and cut off after slowBody.
const standsStill = 8 * time.Second

func runningOf(im incidents.Import, by string, now time.Time) runningRow {
	row := runningRow{Import: im, By: by, PerSecond: int64(math.Round(im.PerSecond()))}
	part, known := im.Whole()
	row.Known = known
	if im.Reading != nil {
		row.Bytes = sizeText(im.Reading.Bytes)
		if row.Known {
			row.Bytes += " of " + sizeText(im.Reading.Size)
		}
	}
	row.Bar = barOf("Read of "+im.Name, part, row.Bytes)
	if still := now.Sub(im.Moved()); still >= standsStill {
		row.Still, row.Bar.Still = spanText(still), true
	} else if left, known := im.Left(); known {
		row.Left = spanText(left)
	}
	return row
}

// spanText is a short span as people count it: "40 s", "3 min", "1 h 20 min".
func spanText(d time.Duration) string {
	if d < 90*time.Second {
		return fmt.Sprint(int(math.Ceil(d.Seconds())), " s")
	}
	return left(d)
}

// sizeText is a number of bytes for people: "812 kB", "25.4 MB".
func sizeText(n int64) string {
	const kB, MB, GB = 1e3, 1e6, 1e9
	switch f := float64(n); {
	case n < kB:
		return fmt.Sprint(n, " bytes")
	case n < MB:
		return fmt.Sprintf("%.0f kB", f/kB)
	case n < GB:
		return fmt.Sprintf("%.1f MB", f/MB)
	default:
		return fmt.Sprintf("%.2f GB", float64(n)/GB)
	}
}

// A brokenView is what the newest list is when it broke off, and what to do.
type brokenView struct {
	incidents.Import
	By, Why, Do string
}

func brokenOf(im incidents.Import, by string) *brokenView {
	v := &brokenView{Import: im, By: by}
	switch im.Broke {
	case incidents.BrokeUpload:
		v.Why = "The upload ended before the list did, or stood still for too long"
		v.Do = "Send the same list again: whoever is on it already is known, and nobody is added twice"
	case incidents.BrokeList:
		v.Why = "It could not be read to its end; who sent it was told what is wrong with it"
		v.Do = "Mend the file and send it again, the whole of it: nobody is added twice"
	case incidents.BrokeService:
		v.Why = "It was no fault of the list: the service could not go on"
		v.Do = "Send the same list again; if it breaks off once more, tell the administrator. Nobody is added twice"
	default: // its process is gone, and could not say why
		v.Why = "It has not moved since " + short(im.Moved()) + " UTC: the service was ended while it read the list"
		v.Do = "Send the same list again: whoever is stored already is known, and nobody is added twice"
	}
	return v
}

// takenText is how long a list took, "" when that was not kept.
func takenText(im incidents.Import) string {
	if im.Reading == nil || im.Reading.Took < 1000 {
		return ""
	}
	return spanText(time.Duration(im.Reading.Took) * time.Millisecond)
}
