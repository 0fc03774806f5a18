-- +goose Up

-- The state of a delivery that waits for a time, or that is looked for among all
-- others; who changes the state or the time sets it. Indexes know no other state:
-- most deliveries go from planned to accepted without any of them, and a statement
-- that leaves this column alone asks none of them.
ALTER TABLE deliveries ADD COLUMN apart INTEGER;
UPDATE deliveries SET apart = state WHERE next_at IS NOT NULL OR state IN (6, 7, 8, 10, 11, 12);
DROP INDEX deliveries_timer;
DROP INDEX deliveries_doubt;
DROP INDEX deliveries_unreached;
DROP INDEX deliveries_suppressed;
CREATE INDEX deliveries_timer ON deliveries (notice_no, apart, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_apart ON deliveries (notice_no, apart, seq, channel) WHERE apart > 5;
CREATE INDEX deliveries_suppressed ON deliveries (notice_no, reason) WHERE apart = 12;
