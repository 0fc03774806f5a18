-- +goose Up

-- Wrapped keys. What is deleted is overwritten.
CREATE TABLE wrapped_keys (
    id    TEXT NOT NULL PRIMARY KEY,
    epoch TEXT NOT NULL,
    data  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
