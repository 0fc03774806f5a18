-- +goose Up

-- What all processes know together of a provider's account. next_free is the
-- first microsecond that no process has leased; times else in milliseconds.
CREATE TABLE provider_accounts (
    account      TEXT    NOT NULL PRIMARY KEY,
    channel      TEXT    NOT NULL DEFAULT '',
    state        TEXT    NOT NULL DEFAULT 'well',
    since        INTEGER NOT NULL,
    next_free    INTEGER NOT NULL DEFAULT 0,
    paused_until INTEGER NOT NULL DEFAULT 0,
    pauses       INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT    NOT NULL DEFAULT '',
    error_at     INTEGER NOT NULL DEFAULT 0,
    per_second   REAL    NOT NULL DEFAULT 0,
    minute       INTEGER NOT NULL DEFAULT 0,
    minute_n     INTEGER NOT NULL DEFAULT 0,
    before_n     INTEGER NOT NULL DEFAULT 0,
    total        INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Which of our providers made the last attempt.
ALTER TABLE deliveries ADD COLUMN sent_by TEXT NOT NULL DEFAULT '';

-- What an incident has spent on a channel, in messages and in minor units of
-- the currency of the settings; a raised cap stands here, NULL: the settings'.
CREATE TABLE spend (
    incident_id  TEXT    NOT NULL,
    channel      INTEGER NOT NULL,
    messages     INTEGER NOT NULL DEFAULT 0,
    money        INTEGER NOT NULL DEFAULT 0,
    cap_messages INTEGER,
    cap_money    INTEGER,
    PRIMARY KEY (incident_id, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE cap_raises (
    id          TEXT    NOT NULL PRIMARY KEY,
    incident_id TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cap_raises_of ON cap_raises (incident_id, at);
