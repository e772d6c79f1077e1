-- What reads along behind the commits, and how far each has come.

-- Readers of what was committed, by the number that their positions have. One that begins anew gets another number, and
-- the old one the name ~number until its positions are gone.
CREATE TABLE consumers (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    -- The newest message when it began, if it begins with what comes later: 0 where it begins with the first.
    began      INTEGER NOT NULL,
    -- Who runs it, and until when nobody else does.
    holder     INTEGER NOT NULL,
    held_until INTEGER NOT NULL,
    -- Up to which commits everything is in the positions, where the store can say that; else all groups are looked at.
    seen       TEXT
) STRICT;

-- Of each group that a consumer has seen something of: up to which rev it has seen everything, and the last message up to
-- there. Without a row it is where the consumer began.
CREATE TABLE consumer_positions (
    consumer INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    rev      INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (consumer, group_id)
) STRICT, WITHOUT ROWID;
