-- +goose Up

-- When a duty's entry in calendars ended; null while it is open, or never was.
ALTER TABLE obligations ADD COLUMN left_at INTEGER;
CREATE INDEX obligations_left ON obligations (left_at) WHERE left_at IS NOT NULL;

-- Decisions of privacy officers on what an incident asks for; see incidents.Decision.
CREATE TABLE decisions (
    id          TEXT NOT NULL PRIMARY KEY,
    incident_id TEXT NOT NULL,
    body        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX decisions_of ON decisions (incident_id, id);
