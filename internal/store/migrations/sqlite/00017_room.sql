-- +goose Up

-- Blanks a delivery is planned with: as much as its first outcome will take, which
-- takes their place. Without them every page of a notice would be split once
-- more when the outcomes land.
ALTER TABLE deliveries ADD COLUMN room TEXT NOT NULL DEFAULT '';

-- The same rows; a list of three and more is a table that SQLite builds anew
-- for each row that changes.
DROP INDEX deliveries_unreached;
CREATE INDEX deliveries_unreached ON deliveries (notice_no, seq) WHERE state = 6 OR state = 10 OR state = 11;
