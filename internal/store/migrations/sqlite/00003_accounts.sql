-- +goose Up

-- People of the response team.
CREATE TABLE accounts (
    id             TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    display        TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    password_hash  TEXT    NOT NULL,
    totp_sealed    BLOB    NOT NULL,
    totp_last_step INTEGER NOT NULL,
    epoch          INTEGER NOT NULL,
    disabled       INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    failed_tries   INTEGER NOT NULL,
    locked_until   INTEGER
) STRICT;

-- API tokens by their hash. scopes is a JSON array, or null for all the role may do.
CREATE TABLE tokens (
    id           TEXT    NOT NULL PRIMARY KEY,
    account_id   TEXT    NOT NULL REFERENCES accounts (id),
    hash         BLOB    NOT NULL UNIQUE,
    role         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    label        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX tokens_of ON tokens (account_id, created_at);

-- Sessions by the hash of their cookie.
CREATE TABLE sessions (
    token      TEXT    NOT NULL PRIMARY KEY,
    data       BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_end ON sessions (expires_at);
