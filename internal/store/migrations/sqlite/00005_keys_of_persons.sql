-- +goose Up

-- Keys of persons as they came in, packed: 16 bytes of hash and 8 of place, in
-- order of hash. They are sorted into person_keys many at a time: a random hash
-- has no neighbours, and one at a time each would write a page of its own.
CREATE TABLE person_key_runs (
    list_no INTEGER NOT NULL,
    no      INTEGER NOT NULL,
    packed  BLOB    NOT NULL,
    PRIMARY KEY (list_no, no)
) STRICT;

-- The last run written, and the last one sorted in.
ALTER TABLE lists ADD COLUMN key_runs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lists ADD COLUMN key_merged INTEGER NOT NULL DEFAULT 0;

-- A person's keys, 16 bytes each, to take them out of person_keys again; NULL
-- in rows written before there was this column, whose keys must be searched for.
ALTER TABLE persons ADD COLUMN keys BLOB;
DROP INDEX person_keys_of;
