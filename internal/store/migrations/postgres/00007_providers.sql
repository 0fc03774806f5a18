-- +goose Up

-- What all processes know together of a provider's account. next_free is the
-- first microsecond that no process has leased; times else in milliseconds.
CREATE TABLE provider_accounts (
    account      TEXT    NOT NULL PRIMARY KEY,
    channel      TEXT    NOT NULL DEFAULT '',
    state        TEXT    NOT NULL DEFAULT 'well',
    since        BIGINT NOT NULL,
    next_free    BIGINT NOT NULL DEFAULT 0,
    paused_until BIGINT NOT NULL DEFAULT 0,
    pauses       BIGINT NOT NULL DEFAULT 0,
    last_error   TEXT    NOT NULL DEFAULT '',
    error_at     BIGINT NOT NULL DEFAULT 0,
    per_second   DOUBLE PRECISION NOT NULL DEFAULT 0,
    minute       BIGINT NOT NULL DEFAULT 0,
    minute_n     BIGINT NOT NULL DEFAULT 0,
    before_n     BIGINT NOT NULL DEFAULT 0,
    total        BIGINT NOT NULL DEFAULT 0
);

-- Which of our providers made the last attempt.
ALTER TABLE deliveries ADD COLUMN sent_by TEXT NOT NULL DEFAULT '';

-- What an incident has spent on a channel, in messages and in minor units of
-- the currency of the settings; a raised cap stands here, NULL: the settings'.
CREATE TABLE spend (
    incident_id  TEXT    NOT NULL,
    channel      BIGINT NOT NULL,
    messages     BIGINT NOT NULL DEFAULT 0,
    money        BIGINT NOT NULL DEFAULT 0,
    cap_messages BIGINT,
    cap_money    BIGINT,
    PRIMARY KEY (incident_id, channel)
);

CREATE TABLE cap_raises (
    id          TEXT    NOT NULL PRIMARY KEY,
    incident_id TEXT    NOT NULL,
    at          BIGINT NOT NULL,
    body        TEXT    NOT NULL
);
CREATE INDEX cap_raises_of ON cap_raises (incident_id, at);
