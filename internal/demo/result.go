package demo

import (
	"time"

	"tocsin/incidents"
)

// A Result is what happened, as `tocsin demo --once --json` prints it.
type Result struct {
	Alerts       Alerts                      `json:"alerts"`
	Incident     string                      `json:"incident"`
	Severity     string                      `json:"severity"`
	Obligations  []Duty                      `json:"obligations"`
	Persons      Persons                     `json:"persons"`
	Deliveries   map[string]map[string]int64 `json:"deliveries"` // channel → state → count
	Unaccounted  int64                       `json:"unaccounted"`
	Reached      incidents.Reconciliation    `json:"reconciliation"`
	Announcement Announcement                `json:"announcement"`
	Reports      []Report                    `json:"reports"`
	Evidence     Evidence                    `json:"evidence"`
	Took         string                      `json:"took"`
}

// Alerts counts what was posted to the hook.
type Alerts struct {
	Accepted    int `json:"accepted"`
	Quarantined int `json:"quarantined"`
	Duplicates  int `json:"duplicates"`
}

// A Duty is one obligation that applies.
type Duty struct {
	ID     string     `json:"id"`
	Law    string     `json:"law"`
	Title  string     `json:"title"`
	Due    *time.Time `json:"due"`
	Soft   bool       `json:"soft,omitempty"`
	Status string     `json:"status"`
}

// Persons counts the list.
type Persons struct {
	Imported   int64 `json:"imported"`
	Duplicates int64 `json:"duplicates"`
	Rejected   int64 `json:"rejected"`
}

// Announcement is where the public text is.
type Announcement struct {
	URL     string `json:"url"`
	Version int    `json:"version"`
}

// A Report is one filed report and its files.
type Report struct {
	No        int64    `json:"no"`
	Form      string   `json:"form"`
	Phase     string   `json:"phase"`
	Reference string   `json:"reference"`
	Files     []string `json:"files"`
}

// Evidence is the bundle and what its verification said.
type Evidence struct {
	Path     string `json:"path"`
	Verified bool   `json:"verified"`
	Entries  int    `json:"entries"`
}

// holds names what does not hold, or nothing.
func (r Result) holds(want List) error {
	counted := int64(0)
	for _, states := range r.Deliveries {
		for _, n := range states {
			counted += n
		}
	}
	got := r.Persons
	switch {
	case got.Imported != want.Persons || got.Duplicates != want.Duplicates || got.Rejected != want.Rejected:
		return incidents.Invalid("the import counted %+v, the list holds %+v", got, want)
	case r.Unaccounted != 0:
		return incidents.Invalid("%d persons are unaccounted for", r.Unaccounted)
	case counted < want.Persons:
		return incidents.Invalid("%d deliveries for %d persons", counted, want.Persons)
	case r.Reached.List != want.Persons || r.Reached.Told() != want.Persons:
		return incidents.Invalid("not everybody was told: %+v", r.Reached)
	case r.Announcement.URL == "" || len(r.Reports) == 0 || len(r.Obligations) == 0:
		return incidents.Invalid("the announcement, the reports or the obligations are missing")
	case !r.Evidence.Verified:
		return incidents.Invalid("the evidence does not verify")
	}
	return nil
}
