-- +goose Up

-- One row per incident's list of affected persons: how long it is, and the
-- hash over everything ever put on it.
CREATE TABLE lists (
    no          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id TEXT    NOT NULL UNIQUE,
    mode        TEXT    NOT NULL,
    persons     BIGINT NOT NULL DEFAULT 0,
    hash        BYTEA    NOT NULL,
    erased_at   BIGINT
);

CREATE TABLE imports (
    id          TEXT    NOT NULL PRIMARY KEY,
    incident_id TEXT    NOT NULL,
    at          BIGINT NOT NULL,
    body        TEXT    NOT NULL
);
CREATE INDEX imports_of ON imports (incident_id, at);

-- Batches taken in, by their first row, so that a repeated one changes nothing.
CREATE TABLE import_batches (
    import_id TEXT    NOT NULL,
    first_row BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    added     BIGINT NOT NULL,
    list_hash BYTEA    NOT NULL,
    PRIMARY KEY (import_id, first_row)
);

-- Personal data is in sealed alone; NULL once it was erased.
CREATE TABLE persons (
    list_no   BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    import_id TEXT    NOT NULL,
    lang      TEXT    NOT NULL,
    place     TEXT    NOT NULL,
    channels  INTEGER NOT NULL,
    flags     INTEGER NOT NULL,
    excluded  TEXT    NOT NULL DEFAULT '',
    sealed    BYTEA,
    PRIMARY KEY (list_no, seq)
);

-- Keyed hashes of what identifies a person, to find the same one again.
CREATE TABLE person_keys (
    list_no BIGINT NOT NULL,
    hash    BYTEA    NOT NULL,
    seq     BIGINT NOT NULL,
    PRIMARY KEY (list_no, hash)
);
CREATE INDEX person_keys_of ON person_keys (list_no, seq);

-- What a released notice was bound to when it left.
CREATE TABLE releases (
    notice_no   BIGINT NOT NULL PRIMARY KEY,
    notice_id   TEXT    NOT NULL UNIQUE,
    incident_id TEXT    NOT NULL,
    list_no     BIGINT NOT NULL,
    list_hash   TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    total       BIGINT NOT NULL,
    released_at BIGINT NOT NULL,
    root        TEXT    NOT NULL DEFAULT ''
);

-- state: place in incidents.DeliveryStates; channel: place in
-- incidents.Channels from 1, and 0 for a person no channel of the plan reaches.
CREATE TABLE deliveries (
    notice_no    BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    channel      INTEGER NOT NULL,
    step         INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    chunk        BIGINT NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    tries        INTEGER NOT NULL DEFAULT 0,
    fence        BIGINT NOT NULL DEFAULT 0,
    next_at      BIGINT,
    first_at     BIGINT,
    attempted_at BIGINT,
    updated_at   BIGINT NOT NULL,
    maybe_twice  INTEGER NOT NULL DEFAULT 0,
    conflict     INTEGER NOT NULL DEFAULT 0,
    provider_id  TEXT    NOT NULL DEFAULT '',
    code         TEXT    NOT NULL DEFAULT '',
    reason       TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (notice_no, seq, channel)
);
CREATE INDEX deliveries_open ON deliveries (notice_no, chunk, channel, seq) WHERE state IN (0, 1, 2, 3, 5);
CREATE INDEX deliveries_timer ON deliveries (notice_no, state, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_doubt ON deliveries (notice_no, seq, channel) WHERE state IN (7, 8);
CREATE INDEX deliveries_provider ON deliveries (provider_id) WHERE provider_id <> '' AND channel IN (2, 4);

-- Ranges of persons of a released notice, the unit of work. todo counts what
-- is planned, held or ready; claimed what is attempting.
CREATE TABLE chunks (
    notice_no BIGINT NOT NULL,
    no        BIGINT NOT NULL,
    from_seq  BIGINT NOT NULL,
    to_seq    BIGINT NOT NULL,
    fence     BIGINT NOT NULL DEFAULT 0,
    owner     TEXT    NOT NULL DEFAULT '',
    until     BIGINT NOT NULL DEFAULT 0,
    todo      BIGINT NOT NULL DEFAULT 0,
    claimed   BIGINT NOT NULL DEFAULT 0,
    queued    BIGINT NOT NULL DEFAULT 1,
    queued_at BIGINT NOT NULL,
    PRIMARY KEY (notice_no, no)
);

-- Counters beside the rows, changed in the transaction of every change of
-- state. part spreads writers over several rows.
CREATE TABLE delivery_counts (
    notice_no BIGINT NOT NULL,
    part      INTEGER NOT NULL,
    channel   INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    state     INTEGER NOT NULL,
    n         BIGINT NOT NULL,
    PRIMARY KEY (notice_no, part, channel, step, state)
);

-- Outcomes per few seconds, for the rate.
CREATE TABLE delivery_pace (
    notice_no BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    part      INTEGER NOT NULL,
    n         BIGINT NOT NULL,
    PRIMARY KEY (notice_no, at, part)
);

-- Append-only: entry 0 is what came of an attempt, later ones are what was
-- found out about it.
CREATE TABLE delivery_attempts (
    notice_no   BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    channel     INTEGER NOT NULL,
    attempt     BIGINT NOT NULL,
    entry       INTEGER NOT NULL,
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL,
    outcome     TEXT    NOT NULL,
    provider_id TEXT    NOT NULL DEFAULT '',
    code        TEXT    NOT NULL DEFAULT '',
    reason      TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (notice_no, seq, channel, attempt, entry)
);

-- Append-only: what providers reported.
CREATE TABLE receipts (
    id          TEXT    NOT NULL PRIMARY KEY,
    notice_no   BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    channel     INTEGER NOT NULL,
    provider_id TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    at          BIGINT NOT NULL,
    stored_at   BIGINT NOT NULL
);
CREATE INDEX receipts_of ON receipts (notice_no, seq, channel);

-- Receipts that are not folded into a delivery yet.
CREATE TABLE receipts_waiting (
    id      TEXT    NOT NULL PRIMARY KEY,
    look_at BIGINT NOT NULL,
    looks   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX receipts_waiting_due ON receipts_waiting (look_at);

-- A late receipt without a delivery id finds its delivery by these.
CREATE TABLE receipt_links (
    receipt_id TEXT    NOT NULL PRIMARY KEY,
    notice_no  BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    channel    INTEGER NOT NULL
);
CREATE INDEX receipt_links_of ON receipt_links (notice_no, seq, channel);

CREATE TABLE files (
    id          TEXT    NOT NULL PRIMARY KEY,
    incident_id TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    at          BIGINT NOT NULL,
    body        TEXT    NOT NULL
);
CREATE INDEX files_of ON files (incident_id, at);

CREATE TABLE file_pieces (
    file_id TEXT    NOT NULL,
    no      BIGINT NOT NULL,
    sealed  BYTEA    NOT NULL,
    PRIMARY KEY (file_id, no)
);

CREATE TABLE captures (
    no        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        TEXT    NOT NULL UNIQUE,
    notice_no BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    channel   INTEGER NOT NULL,
    mode      TEXT    NOT NULL,
    lang      TEXT    NOT NULL,
    at        BIGINT NOT NULL,
    list_no   BIGINT NOT NULL,
    block     BIGINT NOT NULL,
    sealed    BYTEA
);
CREATE INDEX captures_of ON captures (notice_no, no);
CREATE INDEX captures_in ON captures (list_no, block);
