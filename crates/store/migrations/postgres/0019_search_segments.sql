-- What messages are found by is in segments that are written once and merged, each sorted by terms: GIN took five times the
-- room and twice the time. The index is made anew of what is stored.
DROP TABLE search;

CREATE TABLE search_segments (
    segment       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Whether it has what edits have said, or messages as they were sent.
    edits         boolean NOT NULL,
    -- 0: it is being written; 1: it is looked at; 2: it is being removed.
    state         smallint NOT NULL,
    -- How often something was taken out of it.
    version       bigint  NOT NULL,
    first_message bigint  NOT NULL,
    last_message  bigint  NOT NULL,
    entries       integer NOT NULL,
    bytes         bigint  NOT NULL
);

-- Which terms have which entries. Of a block its first is told, so that it is found; what is in it, search/index/block.rs knows.
CREATE TABLE search_blocks (
    segment     bigint  NOT NULL,
    first_term  bytea   NOT NULL,
    first_entry integer NOT NULL,
    block       bytea   NOT NULL,
    PRIMARY KEY (segment, first_term, first_entry)
);

-- What the entries are, in the order of their messages, a chunk a row (search/index/entries.rs).
CREATE TABLE search_entries (
    segment       bigint  NOT NULL,
    chunk         integer NOT NULL,
    first_message bigint  NOT NULL,
    first_group   bigint  NOT NULL,
    entries       bytea   NOT NULL,
    PRIMARY KEY (segment, chunk)
);
CREATE INDEX search_entries_of_segment ON search_entries (segment, first_message, chunk);
CREATE INDEX search_entries_by_message ON search_entries (first_message);

-- What is still to be taken out: what a message said first (0), or by the edit of that rev.
CREATE TABLE search_dead (
    message_id bigint NOT NULL,
    rev        bigint NOT NULL,
    PRIMARY KEY (message_id, rev)
);

-- They are small enough for a page, and say everything in few bytes already.
ALTER TABLE search_blocks ALTER COLUMN block SET STORAGE PLAIN, ALTER COLUMN first_term SET STORAGE PLAIN;
ALTER TABLE search_entries ALTER COLUMN entries SET STORAGE PLAIN;

-- The room of what was merged is used again soon.
ALTER TABLE search_segments SET (autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE search_blocks SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE search_entries SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
