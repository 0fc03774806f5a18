-- +goose Up

-- Up to which turn the outcomes of a chunk stand in the rows of its deliveries
-- and in the audit log: those of later turns wait in its flights.
ALTER TABLE chunks ADD COLUMN landed INTEGER NOT NULL DEFAULT 0;
UPDATE chunks SET landed = turn;

-- How often anybody but the holder of a chunk changed what is due in it, and how
-- often persons of a list were changed: what was read ahead of a claim holds
-- while these stay as they were.
ALTER TABLE chunks ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lists ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;

-- A chunk is a stretch of the deliveries' own order.
DROP INDEX deliveries_open;
