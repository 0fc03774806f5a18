-- +goose Up

-- Small values of the service itself.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    name TEXT    NOT NULL PRIMARY KEY,
    n    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The audit log: entries as they are hashed, and the hashes of the tree at
-- consecutive places. Nothing in it is ever changed.
CREATE TABLE ledger_entries (
    seq         INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    incident_id TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX ledger_entries_of ON ledger_entries (incident_id, seq);
CREATE INDEX ledger_entries_by ON ledger_entries (actor, seq);
CREATE INDEX ledger_entries_event ON ledger_entries (event, seq);

CREATE TABLE ledger_hashes (
    idx  INTEGER PRIMARY KEY,
    hash BLOB    NOT NULL
) STRICT;

CREATE TABLE ledger_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    root BLOB    NOT NULL
) STRICT;
INSERT INTO ledger_head (id, size, root) VALUES (1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');

CREATE TABLE checkpoints (
    size   INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    signed BLOB    NOT NULL
) STRICT;

-- What must be told to the bus.
CREATE TABLE outbox (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE,
    subject      TEXT    NOT NULL,
    data         BLOB    NOT NULL,
    at           INTEGER NOT NULL,
    leased_until INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What arrived; headers, alerts and body are sealed.
CREATE TABLE intakes (
    id           TEXT    NOT NULL PRIMARY KEY,
    source       TEXT    NOT NULL,
    delivery_key TEXT    NOT NULL,
    received_at  INTEGER NOT NULL,
    waits        INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    UNIQUE (source, delivery_key)
) STRICT;
CREATE INDEX intakes_waiting ON intakes (id) WHERE waits = 1;
CREATE INDEX intakes_from ON intakes (source, id);

CREATE TABLE alerts (
    id          TEXT    NOT NULL PRIMARY KEY,
    incident_id TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    severity    TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    dedup_key   TEXT    NOT NULL,
    test        INTEGER NOT NULL,
    observed_at INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    sealed      BLOB,
    UNIQUE (dedup_key, test)
) STRICT;
CREATE INDEX alerts_of ON alerts (incident_id, id);
CREATE INDEX alerts_in ON alerts (state, id);
CREATE INDEX alerts_from ON alerts (source, id);
CREATE INDEX alerts_severity ON alerts (severity, id);

-- What an alert may share with another one.
CREATE TABLE alert_links (
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    alert_id TEXT NOT NULL REFERENCES alerts (id),
    PRIMARY KEY (kind, value, alert_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_links_of ON alert_links (alert_id);

CREATE TABLE incidents (
    id     TEXT NOT NULL PRIMARY KEY,
    ref    TEXT NOT NULL UNIQUE,
    kind   TEXT NOT NULL,
    mode   TEXT NOT NULL,
    status TEXT NOT NULL,
    title  TEXT NOT NULL,
    body   TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_in ON incidents (status, id);
CREATE INDEX incidents_kind ON incidents (kind, id);

CREATE TABLE facts (
    incident_id TEXT    NOT NULL,
    rev         INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    PRIMARY KEY (incident_id, rev)
) STRICT, WITHOUT ROWID;

CREATE TABLE assessments (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id TEXT    NOT NULL,
    facts_rev   INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX assessments_of ON assessments (incident_id, no);

CREATE TABLE obligations (
    incident_id TEXT NOT NULL,
    id          TEXT NOT NULL,
    status      TEXT NOT NULL,
    applies     TEXT NOT NULL,
    due_at      INTEGER,
    body        TEXT NOT NULL,
    PRIMARY KEY (incident_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX obligations_open ON obligations (due_at, id) WHERE status = 'open' AND applies = 'yes';

CREATE TABLE timeline (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX timeline_of ON timeline (incident_id, at, no);

CREATE TABLE waivers (
    id          TEXT NOT NULL PRIMARY KEY,
    incident_id TEXT NOT NULL,
    body        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX waivers_of ON waivers (incident_id, id);

-- Every version of every notice, report and announcement, as it was first
-- written. Nothing in it is ever changed.
CREATE TABLE versions (
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    version INTEGER NOT NULL,
    hash    TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (kind, id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE notices (
    id          TEXT    NOT NULL PRIMARY KEY,
    no          INTEGER NOT NULL UNIQUE,
    incident_id TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX notices_of ON notices (incident_id, no);
CREATE INDEX notices_in ON notices (status, no);

-- Decisions of officers; only void may be set, and only once.
CREATE TABLE approvals (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    incident_id TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    subject_id  TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    void        TEXT    NOT NULL DEFAULT '',
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX approvals_of ON approvals (kind, subject_id, no);

CREATE TABLE reports (
    id          TEXT    NOT NULL PRIMARY KEY,
    no          INTEGER NOT NULL UNIQUE,
    incident_id TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX reports_of ON reports (incident_id, no);
CREATE INDEX reports_in ON reports (status, no);

CREATE TABLE announcements (
    id           TEXT NOT NULL PRIMARY KEY,
    slug         TEXT NOT NULL UNIQUE,
    incident_id  TEXT NOT NULL,
    mode         TEXT NOT NULL,
    status       TEXT NOT NULL,
    published_at INTEGER,
    body         TEXT NOT NULL
) STRICT;
CREATE INDEX announcements_of ON announcements (incident_id, id);
CREATE INDEX announcements_public ON announcements (published_at, id) WHERE published_at IS NOT NULL;

CREATE TABLE terminations (
    id          TEXT NOT NULL PRIMARY KEY,
    incident_id TEXT NOT NULL UNIQUE,
    body        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What was written down is never changed.
-- +goose StatementBegin
CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_hashes_no_update BEFORE UPDATE ON ledger_hashes BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_hashes_no_delete BEFORE DELETE ON ledger_hashes BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER facts_no_delete BEFORE DELETE ON facts BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER assessments_no_update BEFORE UPDATE ON assessments BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER assessments_no_delete BEFORE DELETE ON assessments BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER timeline_no_update BEFORE UPDATE ON timeline BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER timeline_no_delete BEFORE DELETE ON timeline BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER versions_no_update BEFORE UPDATE ON versions BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER versions_no_delete BEFORE DELETE ON versions BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER approvals_no_update BEFORE UPDATE ON approvals
WHEN OLD.void <> '' OR NEW.void = '' OR OLD.body <> NEW.body OR OLD.id <> NEW.id OR OLD.kind <> NEW.kind OR OLD.subject_id <> NEW.subject_id OR OLD.incident_id <> NEW.incident_id OR OLD.at <> NEW.at OR OLD.no <> NEW.no BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_head_no_return BEFORE UPDATE ON ledger_head WHEN NEW.size < OLD.size BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head BEGIN
    SELECT RAISE(ABORT, 'append only');
END;
-- +goose StatementEnd
