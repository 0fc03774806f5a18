-- +goose Up

-- Decisions of privacy officers on the risk to a group of people; see incidents.RiskDecision.
CREATE TABLE risk_decisions (
    id          TEXT NOT NULL PRIMARY KEY,
    incident_id TEXT NOT NULL,
    body        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX risk_decisions_of ON risk_decisions (incident_id, id);
