-- +goose Up

-- Where a person's clock is, as an IANA name: quiet hours go by it. Empty: the
-- zones of their place.
ALTER TABLE persons ADD COLUMN zone TEXT NOT NULL DEFAULT '';

-- What the person who excluded somebody said beside the reason.
ALTER TABLE persons ADD COLUMN excluded_note TEXT NOT NULL DEFAULT '';

-- Who is told nothing, by reason.
CREATE INDEX deliveries_suppressed ON deliveries (notice_no, reason) WHERE state = 12;
