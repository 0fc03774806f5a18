-- +goose Up

-- One row per incident's list of affected persons: how long it is, and the
-- hash over everything ever put on it.
CREATE TABLE lists (
    no          INTEGER PRIMARY KEY,
    incident_id TEXT    NOT NULL UNIQUE,
    mode        TEXT    NOT NULL,
    persons     INTEGER NOT NULL DEFAULT 0,
    hash        BLOB    NOT NULL,
    erased_at   INTEGER
) STRICT;

CREATE TABLE imports (
    id          TEXT    NOT NULL PRIMARY KEY,
    incident_id TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX imports_of ON imports (incident_id, at);

-- Batches taken in, by their first row, so that a repeated one changes nothing.
CREATE TABLE import_batches (
    import_id TEXT    NOT NULL,
    first_row INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    added     INTEGER NOT NULL,
    list_hash BLOB    NOT NULL,
    PRIMARY KEY (import_id, first_row)
) STRICT, WITHOUT ROWID;

-- Personal data is in sealed alone; NULL once it was erased.
CREATE TABLE persons (
    list_no   INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    import_id TEXT    NOT NULL,
    lang      TEXT    NOT NULL,
    place     TEXT    NOT NULL,
    channels  INTEGER NOT NULL,
    flags     INTEGER NOT NULL,
    excluded  TEXT    NOT NULL DEFAULT '',
    sealed    BLOB,
    PRIMARY KEY (list_no, seq)
) STRICT, WITHOUT ROWID;

-- Keyed hashes of what identifies a person, to find the same one again.
CREATE TABLE person_keys (
    list_no INTEGER NOT NULL,
    hash    BLOB    NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (list_no, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_keys_of ON person_keys (list_no, seq);

-- What a released notice was bound to when it left.
CREATE TABLE releases (
    notice_no   INTEGER NOT NULL PRIMARY KEY,
    notice_id   TEXT    NOT NULL UNIQUE,
    incident_id TEXT    NOT NULL,
    list_no     INTEGER NOT NULL,
    list_hash   TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    total       INTEGER NOT NULL,
    released_at INTEGER NOT NULL,
    root        TEXT    NOT NULL DEFAULT ''
) STRICT;

-- state: place in incidents.DeliveryStates; channel: place in
-- incidents.Channels from 1, and 0 for a person no channel of the plan reaches.
CREATE TABLE deliveries (
    notice_no    INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    channel      INTEGER NOT NULL,
    step         INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    chunk        INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    tries        INTEGER NOT NULL DEFAULT 0,
    fence        INTEGER NOT NULL DEFAULT 0,
    next_at      INTEGER,
    first_at     INTEGER,
    attempted_at INTEGER,
    updated_at   INTEGER NOT NULL,
    maybe_twice  INTEGER NOT NULL DEFAULT 0,
    conflict     INTEGER NOT NULL DEFAULT 0,
    provider_id  TEXT    NOT NULL DEFAULT '',
    code         TEXT    NOT NULL DEFAULT '',
    reason       TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (notice_no, seq, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_open ON deliveries (notice_no, chunk, channel, seq) WHERE state IN (0, 1, 2, 3, 5);
CREATE INDEX deliveries_timer ON deliveries (notice_no, state, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_doubt ON deliveries (notice_no, seq, channel) WHERE state IN (7, 8);
CREATE INDEX deliveries_provider ON deliveries (provider_id) WHERE provider_id <> '' AND channel IN (2, 4);

-- Ranges of persons of a released notice, the unit of work. todo counts what
-- is planned, held or ready; claimed what is attempting.
CREATE TABLE chunks (
    notice_no INTEGER NOT NULL,
    no        INTEGER NOT NULL,
    from_seq  INTEGER NOT NULL,
    to_seq    INTEGER NOT NULL,
    fence     INTEGER NOT NULL DEFAULT 0,
    owner     TEXT    NOT NULL DEFAULT '',
    until     INTEGER NOT NULL DEFAULT 0,
    todo      INTEGER NOT NULL DEFAULT 0,
    claimed   INTEGER NOT NULL DEFAULT 0,
    queued    INTEGER NOT NULL DEFAULT 1,
    queued_at INTEGER NOT NULL,
    PRIMARY KEY (notice_no, no)
) STRICT, WITHOUT ROWID;

-- Counters beside the rows, changed in the transaction of every change of
-- state. part spreads writers over several rows.
CREATE TABLE delivery_counts (
    notice_no INTEGER NOT NULL,
    part      INTEGER NOT NULL,
    channel   INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    state     INTEGER NOT NULL,
    n         INTEGER NOT NULL,
    PRIMARY KEY (notice_no, part, channel, step, state)
) STRICT, WITHOUT ROWID;

-- Outcomes per few seconds, for the rate.
CREATE TABLE delivery_pace (
    notice_no INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    part      INTEGER NOT NULL,
    n         INTEGER NOT NULL,
    PRIMARY KEY (notice_no, at, part)
) STRICT, WITHOUT ROWID;

-- Append-only: entry 0 is what came of an attempt, later ones are what was
-- found out about it.
CREATE TABLE delivery_attempts (
    notice_no   INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    channel     INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    entry       INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    provider_id TEXT    NOT NULL DEFAULT '',
    code        TEXT    NOT NULL DEFAULT '',
    reason      TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (notice_no, seq, channel, attempt, entry)
) STRICT, WITHOUT ROWID;

-- Append-only: what providers reported.
CREATE TABLE receipts (
    id          TEXT    NOT NULL PRIMARY KEY,
    notice_no   INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    channel     INTEGER NOT NULL,
    provider_id TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    stored_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_of ON receipts (notice_no, seq, channel);

-- Receipts that are not folded into a delivery yet.
CREATE TABLE receipts_waiting (
    id      TEXT    NOT NULL PRIMARY KEY,
    look_at INTEGER NOT NULL,
    looks   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_waiting_due ON receipts_waiting (look_at);

-- A late receipt without a delivery id finds its delivery by these.
CREATE TABLE receipt_links (
    receipt_id TEXT    NOT NULL PRIMARY KEY,
    notice_no  INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    channel    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_links_of ON receipt_links (notice_no, seq, channel);

CREATE TABLE files (
    id          TEXT    NOT NULL PRIMARY KEY,
    incident_id TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX files_of ON files (incident_id, at);

CREATE TABLE file_pieces (
    file_id TEXT    NOT NULL,
    no      INTEGER NOT NULL,
    sealed  BLOB    NOT NULL,
    PRIMARY KEY (file_id, no)
) STRICT;

CREATE TABLE captures (
    no        INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT    NOT NULL UNIQUE,
    notice_no INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    channel   INTEGER NOT NULL,
    mode      TEXT    NOT NULL,
    lang      TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    list_no   INTEGER NOT NULL,
    block     INTEGER NOT NULL,
    sealed    BLOB
) STRICT;
CREATE INDEX captures_of ON captures (notice_no, no);
CREATE INDEX captures_in ON captures (list_no, block);
