-- +goose Up

-- Channels by which nothing can reach the person, as a provider said: the address
-- does not exist any more. Bits as in channels; no later notice asks them again.
ALTER TABLE persons ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
