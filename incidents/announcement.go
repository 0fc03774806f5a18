package incidents

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// AnnouncementText is the public text, by language.
type AnnouncementText struct {
	Incident IncidentID                 `json:"incident"`
	Mode     Mode                       `json:"mode"`
	Langs    map[Lang]AnnouncementWords `json:"langs"`
	Default  Lang                       `json:"default"`
	Answers  []string                   `json:"answers,omitempty"` // obligation ids it is meant to meet
}

// AnnouncementWords is a public text in one language.
type AnnouncementWords struct {
	Title    string `json:"title"`
	Short    string `json:"short"` // the finding in one paragraph
	Happened string `json:"happened"`
	Measures string `json:"measures"`
	Advice   string `json:"advice"`
	Remedies string `json:"remedies"`
	Contact  string `json:"contact"`
}

// Hash is the SHA-256 of the canonical text, in lower-case hex.
func (a AnnouncementText) Hash() string { return hashJSON(a) }

func hashJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("incidents: does not marshal: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// AnnouncementStatus is where an announcement has got to.
type AnnouncementStatus string

// The states of an announcement. A published one can be edited: the edit is a
// new version that waits for approval while the old one stays public.
const (
	AnnouncementDraft     AnnouncementStatus = "draft"
	AnnouncementSubmitted AnnouncementStatus = "submitted"
	AnnouncementApproved  AnnouncementStatus = "approved"
	AnnouncementPublished AnnouncementStatus = "published"
	AnnouncementWithdrawn AnnouncementStatus = "withdrawn"
)

// An Announcement is the public text about one incident.
type Announcement struct {
	ID         AnnouncementID     `json:"id"`
	IncidentID IncidentID         `json:"incident_id"`
	Slug       string             `json:"slug"` // random, stable: part of the public address
	Status     AnnouncementStatus `json:"status"`
	Version    int                `json:"version"`
	Text       AnnouncementText   `json:"text"`
	Hash       string             `json:"hash"`
	Author     AccountID          `json:"author"`
	Editors    []AccountID        `json:"editors"`
	Stale      string             `json:"stale,omitempty"`
	CreatedAt  time.Time          `json:"created_at"`
	UpdatedAt  time.Time          `json:"updated_at"`
	Published  []PublishedVersion `json:"published,omitempty"` // oldest first
}

// A PublishedVersion is what the public saw from At on.
type PublishedVersion struct {
	Version int              `json:"version"`
	At      time.Time        `json:"at"`
	Hash    string           `json:"hash"`
	Text    AnnouncementText `json:"text"`
}
