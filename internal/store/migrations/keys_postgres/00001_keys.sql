-- +goose Up

-- Wrapped keys..
CREATE TABLE wrapped_keys (
    id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    epoch TEXT NOT NULL,
    data  BYTEA NOT NULL
);
