-- +goose Up
-- Who asked to give up on deliveries in doubt, and what a second person said.
CREATE TABLE giving_ups (
    id        TEXT NOT NULL PRIMARY KEY,
    notice_no INTEGER NOT NULL,
    status    TEXT NOT NULL,
    body      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX giving_ups_asked ON giving_ups (notice_no, id) WHERE status = 'asked';
