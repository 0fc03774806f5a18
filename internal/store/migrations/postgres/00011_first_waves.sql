-- +goose Up

-- The first wave of a released notice: while state is not 0, no deliveries but
-- its members may be attempted. members is a JSON list of [seq, channel]; upto is
-- the last chunk that was announced; touched_at is when a member was last claimed.
CREATE TABLE first_waves (
    notice_no  BIGINT NOT NULL PRIMARY KEY,
    state      BIGINT NOT NULL,
    upto       BIGINT NOT NULL,
    members    TEXT    NOT NULL,
    touched_at BIGINT NOT NULL,
    body       TEXT    NOT NULL
);
CREATE INDEX first_waves_open ON first_waves (state) WHERE state <> 0;
