-- +goose Up

-- The lines of a window and the flights of a chunk are short and written at every
-- turn of the journal: compressing them cost more than the rest of their statement.
ALTER TABLE delivery_windows SET (toast_tuple_target = 8160);
ALTER TABLE delivery_windows ALTER COLUMN lines SET STORAGE EXTERNAL;
ALTER TABLE chunks SET (toast_tuple_target = 8160);
