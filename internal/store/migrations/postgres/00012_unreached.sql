-- +goose Up

-- Who every way of a notice came to nothing for.
CREATE INDEX deliveries_unreached ON deliveries (notice_no, seq) WHERE state IN (6, 10, 11);
