-- +goose Up

-- Who was tried on the next channel is set apart too: why messages did not arrive
-- is asked of the index, not of every delivery of the notice.
UPDATE deliveries SET apart = 14 WHERE state = 14;
