-- Building the index for searching in bodies costs more than everything else that is done to a row, and merges did it again
-- each time. It is built once, for a day that has come to rest; until then its rows are simply read.

ALTER TABLE logs MODIFY SETTING materialize_skip_indexes_on_merge = 0
