-- +goose Up

-- The state of a delivery that waits for a time, or that is looked for among all
-- others. Indexes know no other state: most deliveries go from planned to accepted
-- without any of them, and such a row is written anew in its own page, with no entry
-- of an index and half of the log, as long as the page has room.
ALTER TABLE deliveries ADD COLUMN apart INTEGER GENERATED ALWAYS AS (CASE WHEN next_at IS NOT NULL OR state IN (6, 7, 8, 10, 11, 12) THEN state END) STORED;
ALTER TABLE deliveries SET (fillfactor = 45);
DROP INDEX deliveries_timer;
DROP INDEX deliveries_doubt;
DROP INDEX deliveries_unreached;
DROP INDEX deliveries_suppressed;
CREATE INDEX deliveries_timer ON deliveries (notice_no, apart, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_apart ON deliveries (notice_no, apart, seq, channel) WHERE apart > 5;
CREATE INDEX deliveries_suppressed ON deliveries (notice_no, reason) WHERE apart = 12;
