-- +goose Up

-- What a chunk's worker has written down as attempting stands in the chunk's
-- own row, so that a window is claimed by one small write; a delivery's row
-- changes once, when its outcome is recorded. turn counts the windows recorded.
ALTER TABLE chunks ADD COLUMN flights TEXT NOT NULL DEFAULT '';
ALTER TABLE chunks ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;

-- Append-only: what came of the attempts of one window, a JSON array a line.
-- The audit log holds the SHA-256 of lines.
CREATE TABLE delivery_windows (
    notice_no BIGINT NOT NULL,
    chunk     BIGINT NOT NULL,
    turn      BIGINT NOT NULL,
    lines     TEXT    NOT NULL,
    PRIMARY KEY (notice_no, chunk, turn)
);

