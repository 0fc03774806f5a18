-- +goose Up

-- Who was tried on the next channel is set apart too: why messages did not arrive
-- is asked of the index, not of every delivery of the notice.
ALTER TABLE deliveries DROP COLUMN apart;
ALTER TABLE deliveries ADD COLUMN apart INTEGER GENERATED ALWAYS AS (CASE WHEN next_at IS NOT NULL OR state IN (6, 7, 8, 10, 11, 12, 14) THEN state END) STORED;
CREATE INDEX deliveries_timer ON deliveries (notice_no, apart, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_apart ON deliveries (notice_no, apart, seq, channel) WHERE apart > 5;
CREATE INDEX deliveries_suppressed ON deliveries (notice_no, reason) WHERE apart = 12;
