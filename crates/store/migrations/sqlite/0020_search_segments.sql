-- What messages are found by is in segments that rim writes itself, sorted by terms, as on every database: FTS5 took longer to
-- write, held the writer for as long as it liked, and kept words at the beginnings of its pages. The index is made anew of what
-- is stored.
DROP TABLE search;

CREATE TABLE search_segments (
    segment       INTEGER PRIMARY KEY,
    -- Whether it has what edits have said, or messages as they were sent.
    edits         INTEGER NOT NULL,
    -- 0: it is being written; 1: it is looked at; 2: it is being removed.
    state         INTEGER NOT NULL,
    -- How often something was taken out of it.
    version       INTEGER NOT NULL,
    first_message INTEGER NOT NULL,
    last_message  INTEGER NOT NULL,
    entries       INTEGER NOT NULL,
    bytes         INTEGER NOT NULL
) STRICT;

-- Which terms have which entries. Of a block its first is told, so that it is found; what is in it, search/index/block.rs knows.
-- Rows come at the end and never move.
CREATE TABLE search_blocks (
    id          INTEGER PRIMARY KEY,
    segment     INTEGER NOT NULL,
    first_term  BLOB    NOT NULL,
    first_entry INTEGER NOT NULL,
    block       BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX search_blocks_by_term ON search_blocks (segment, first_term, first_entry);

-- What the entries are, in the order of their messages, a chunk a row (search/index/entries.rs).
CREATE TABLE search_entries (
    id            INTEGER PRIMARY KEY,
    segment       INTEGER NOT NULL,
    chunk         INTEGER NOT NULL,
    first_message INTEGER NOT NULL,
    first_group   INTEGER NOT NULL,
    entries       BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX search_entries_by_chunk ON search_entries (segment, chunk);
CREATE INDEX search_entries_of_segment ON search_entries (segment, first_message, chunk);
CREATE INDEX search_entries_by_message ON search_entries (first_message);

-- What is still to be taken out: what a message said first (0), or by the edit of that rev.
CREATE TABLE search_dead (
    message_id INTEGER NOT NULL,
    rev        INTEGER NOT NULL,
    PRIMARY KEY (message_id, rev)
) STRICT, WITHOUT ROWID;

-- Messages of which the work of a consumer has failed for good since it began.
ALTER TABLE consumers ADD COLUMN passed_over INTEGER NOT NULL DEFAULT 0;
