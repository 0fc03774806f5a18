-- +goose Up

-- Small values of the service itself.
CREATE TABLE meta (
    key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE counters (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    n    BIGINT NOT NULL
);

-- The audit log: entries as they are hashed, and the hashes of the tree at
-- consecutive places. Nothing in it is ever changed.
CREATE TABLE ledger_entries (
    seq         BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,
    incident_id TEXT COLLATE "C" NOT NULL,
    actor       TEXT COLLATE "C" NOT NULL,
    event       TEXT COLLATE "C" NOT NULL,
    body        TEXT    NOT NULL
);
CREATE INDEX ledger_entries_of ON ledger_entries (incident_id, seq);
CREATE INDEX ledger_entries_by ON ledger_entries (actor, seq);
CREATE INDEX ledger_entries_event ON ledger_entries (event, seq);

CREATE TABLE ledger_hashes (
    idx  BIGINT PRIMARY KEY,
    hash BYTEA    NOT NULL
);

CREATE TABLE ledger_head (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL,
    root BYTEA    NOT NULL
);
INSERT INTO ledger_head (id, size, root) VALUES (1, 0, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');

CREATE TABLE checkpoints (
    size   BIGINT PRIMARY KEY,
    at     BIGINT NOT NULL,
    signed BYTEA    NOT NULL
);

-- What must be told to the bus.
CREATE TABLE outbox (
    seq          BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           TEXT COLLATE "C" NOT NULL UNIQUE,
    subject      TEXT    NOT NULL,
    data         BYTEA    NOT NULL,
    at           BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0
);

-- What arrived; headers, alerts and body are sealed.
CREATE TABLE intakes (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source       TEXT COLLATE "C" NOT NULL,
    delivery_key TEXT COLLATE "C" NOT NULL,
    received_at  BIGINT NOT NULL,
    waits        BIGINT NOT NULL,
    body         TEXT    NOT NULL,
    sealed       BYTEA    NOT NULL,
    UNIQUE (source, delivery_key)
);
CREATE INDEX intakes_waiting ON intakes (id) WHERE waits = 1;
CREATE INDEX intakes_from ON intakes (source, id);

CREATE TABLE alerts (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    incident_id TEXT COLLATE "C" NOT NULL,
    source      TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    severity    TEXT COLLATE "C" NOT NULL,
    title       TEXT    NOT NULL,
    dedup_key   TEXT COLLATE "C" NOT NULL,
    test        BIGINT NOT NULL,
    observed_at BIGINT NOT NULL,
    body        TEXT    NOT NULL,
    sealed      BYTEA,
    UNIQUE (dedup_key, test)
);
CREATE INDEX alerts_of ON alerts (incident_id, id);
CREATE INDEX alerts_in ON alerts (state, id);
CREATE INDEX alerts_from ON alerts (source, id);
CREATE INDEX alerts_severity ON alerts (severity, id);

-- What an alert may share with another one.
CREATE TABLE alert_links (
    kind     TEXT COLLATE "C" NOT NULL,
    value    TEXT COLLATE "C" NOT NULL,
    alert_id TEXT COLLATE "C" NOT NULL REFERENCES alerts (id),
    PRIMARY KEY (kind, value, alert_id)
);
CREATE INDEX alert_links_of ON alert_links (alert_id);

CREATE TABLE incidents (
    id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ref    TEXT COLLATE "C" NOT NULL UNIQUE,
    kind   TEXT COLLATE "C" NOT NULL,
    mode   TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    title  TEXT NOT NULL,
    body   TEXT NOT NULL
);
CREATE INDEX incidents_in ON incidents (status, id);
CREATE INDEX incidents_kind ON incidents (kind, id);

CREATE TABLE facts (
    incident_id TEXT COLLATE "C" NOT NULL,
    rev         BIGINT NOT NULL,
    body        TEXT    NOT NULL,
    PRIMARY KEY (incident_id, rev)
);

CREATE TABLE assessments (
    no          BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id TEXT COLLATE "C" NOT NULL,
    facts_rev   BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    body        TEXT    NOT NULL
);
CREATE INDEX assessments_of ON assessments (incident_id, no);

CREATE TABLE obligations (
    incident_id TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    status      TEXT COLLATE "C" NOT NULL,
    applies     TEXT COLLATE "C" NOT NULL,
    due_at      BIGINT,
    body        TEXT NOT NULL,
    PRIMARY KEY (incident_id, id)
);
CREATE INDEX obligations_open ON obligations (due_at, id) WHERE status = 'open' AND applies = 'yes';

CREATE TABLE timeline (
    no          BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    body        TEXT    NOT NULL
);
CREATE INDEX timeline_of ON timeline (incident_id, at, no);

CREATE TABLE waivers (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    incident_id TEXT COLLATE "C" NOT NULL,
    body        TEXT NOT NULL
);
CREATE INDEX waivers_of ON waivers (incident_id, id);

-- Every version of every notice, report and announcement, as it was first
-- written. Nothing in it is ever changed.
CREATE TABLE versions (
    kind    TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    hash    TEXT COLLATE "C" NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (kind, id, version)
);

CREATE TABLE notices (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    no          BIGINT NOT NULL UNIQUE,
    incident_id TEXT COLLATE "C" NOT NULL,
    status      TEXT COLLATE "C" NOT NULL,
    body        TEXT    NOT NULL
);
CREATE INDEX notices_of ON notices (incident_id, no);
CREATE INDEX notices_in ON notices (status, no);

-- Decisions of officers; only void may be set, and only once.
CREATE TABLE approvals (
    no          BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          TEXT COLLATE "C" NOT NULL UNIQUE,
    incident_id TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    subject_id  TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    void        TEXT    NOT NULL DEFAULT '',
    body        TEXT    NOT NULL
);
CREATE INDEX approvals_of ON approvals (kind, subject_id, no);

CREATE TABLE reports (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    no          BIGINT NOT NULL UNIQUE,
    incident_id TEXT COLLATE "C" NOT NULL,
    status      TEXT COLLATE "C" NOT NULL,
    body        TEXT    NOT NULL
);
CREATE INDEX reports_of ON reports (incident_id, no);
CREATE INDEX reports_in ON reports (status, no);

CREATE TABLE announcements (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    slug         TEXT COLLATE "C" NOT NULL UNIQUE,
    incident_id  TEXT COLLATE "C" NOT NULL,
    mode         TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,
    published_at BIGINT,
    body         TEXT NOT NULL
);
CREATE INDEX announcements_of ON announcements (incident_id, id);
CREATE INDEX announcements_public ON announcements (published_at, id) WHERE published_at IS NOT NULL;

CREATE TABLE terminations (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    incident_id TEXT COLLATE "C" NOT NULL UNIQUE,
    body        TEXT NOT NULL
);

-- Held by whoever writes alone.
CREATE TABLE one_writer (id BIGINT PRIMARY KEY);

-- What was written down is never changed.
-- +goose StatementBegin
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append only' USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER ledger_entries_frozen BEFORE UPDATE OR DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_hashes_frozen BEFORE UPDATE OR DELETE ON ledger_hashes FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER checkpoints_frozen BEFORE UPDATE OR DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER facts_frozen BEFORE UPDATE OR DELETE ON facts FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER assessments_frozen BEFORE UPDATE OR DELETE ON assessments FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER timeline_frozen BEFORE UPDATE OR DELETE ON timeline FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER versions_frozen BEFORE UPDATE OR DELETE ON versions FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER approvals_no_update BEFORE UPDATE ON approvals FOR EACH ROW
    WHEN (OLD.void <> '' OR NEW.void = '' OR (OLD.no, OLD.id, OLD.kind, OLD.subject_id, OLD.incident_id, OLD.at, OLD.body) IS DISTINCT FROM (NEW.no, NEW.id, NEW.kind, NEW.subject_id, NEW.incident_id, NEW.at, NEW.body))
    EXECUTE FUNCTION append_only();
CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_head_no_return BEFORE UPDATE ON ledger_head FOR EACH ROW WHEN (NEW.size < OLD.size) EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_entries_no_truncate BEFORE TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_hashes_no_truncate BEFORE TRUNCATE ON ledger_hashes FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER checkpoints_no_truncate BEFORE TRUNCATE ON checkpoints FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER facts_no_truncate BEFORE TRUNCATE ON facts FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER assessments_no_truncate BEFORE TRUNCATE ON assessments FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER timeline_no_truncate BEFORE TRUNCATE ON timeline FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER versions_no_truncate BEFORE TRUNCATE ON versions FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER approvals_no_truncate BEFORE TRUNCATE ON approvals FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_head_no_truncate BEFORE TRUNCATE ON ledger_head FOR EACH STATEMENT EXECUTE FUNCTION append_only();
