-- Finds the messages of a group. Written late, like client_ids (see src/tail.rs): an index that is kept up costs
-- a page of the log for each group that a commit touches.
CREATE TABLE places (
    group_id   INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (group_id, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO places (group_id, seq, message_id) SELECT group_id, seq, id FROM messages ORDER BY group_id, seq;
DROP INDEX messages_by_place;

-- Both hold the messages up to up_to_message_id, and perhaps some that are later.
ALTER TABLE client_ids_progress RENAME TO settled;
