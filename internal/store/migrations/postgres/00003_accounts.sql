-- +goose Up

-- People of the response team.
CREATE TABLE accounts (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name           TEXT COLLATE "C" NOT NULL UNIQUE,
    display        TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    password_hash  TEXT    NOT NULL,
    totp_sealed    BYTEA    NOT NULL,
    totp_last_step BIGINT NOT NULL,
    epoch          BIGINT NOT NULL,
    disabled       BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    failed_tries   BIGINT NOT NULL,
    locked_until   BIGINT
);

-- API tokens by their hash. scopes is a JSON array, or null for all the role may do.
CREATE TABLE tokens (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id   TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    hash         BYTEA    NOT NULL UNIQUE,
    role         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    label        TEXT    NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX tokens_of ON tokens (account_id, created_at);

-- Sessions by the hash of their cookie.
CREATE TABLE sessions (
    token      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    data       BYTEA    NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_end ON sessions (expires_at);
