-- +goose Up
-- Who asked to give up on deliveries in doubt, and what a second person said.
CREATE TABLE giving_ups (
    id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    notice_no BIGINT NOT NULL,
    status    TEXT COLLATE "C" NOT NULL,
    body      TEXT NOT NULL
);
CREATE INDEX giving_ups_asked ON giving_ups (notice_no, id) WHERE status = 'asked';
