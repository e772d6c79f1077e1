-- What messages are found by: terms of rim_core::search, made elsewhere. A row is a run of messages of a group as they were
-- sent, or what one of them said after an edit. Not a row a message: what many have in common takes its room once.
CREATE TABLE search (
    last_message  bigint   NOT NULL,
    -- Of an edit its rev, else 0.
    edit_rev      bigint   NOT NULL,
    first_message bigint   NOT NULL,
    group_id      bigint   NOT NULL,
    after_seq     bigint   NOT NULL,
    to_seq        bigint   NOT NULL,
    terms         tsvector NOT NULL,
    PRIMARY KEY (last_message, edit_rev)
);
CREATE INDEX search_by_place ON search (group_id, to_seq);
-- What waits to be put in is read whole by each search, so it is little.
CREATE INDEX search_by_term ON search USING gin (terms) WITH (gin_pending_list_limit = 256);

-- What edits have said since they were listed last.
CREATE INDEX words_by_rev ON words (group_id, rev);
