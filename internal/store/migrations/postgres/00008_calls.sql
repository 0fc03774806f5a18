-- +goose Up

-- Which attempt a receipt is of, where its provider says so; 0: not said. A
-- person is called several times, and each call ends for itself.
ALTER TABLE receipts ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
