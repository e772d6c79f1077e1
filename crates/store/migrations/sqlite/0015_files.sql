-- Files that users have uploaded, and what uses them.

-- Bytes, stored once whoever has them, by their SHA-256 in hex, with the previews that are stored beside them: bits of
-- rim_core::file::Thumbs. They are elsewhere: here is what there may be.
CREATE TABLE blobs (
    hash       TEXT    NOT NULL PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    thumbs     INTEGER NOT NULL,
    -- When somebody wished to store them last. Null where it is sure that a file names them.
    claimed_at INTEGER,
    -- Since when they are being removed.
    leaving_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_by_claim ON blobs (claimed_at) WHERE claimed_at IS NOT NULL;

-- Not WITHOUT ROWID: so rows stay where they are, and what was in one that is removed is gone from the file as well.
CREATE TABLE files (
    id         TEXT    NOT NULL PRIMARY KEY,
    -- 0 is the server.
    user_id    INTEGER NOT NULL,
    hash       TEXT    NOT NULL,
    -- The blob of a video's poster.
    picture    TEXT,
    name       TEXT    NOT NULL,
    size_bytes INTEGER NOT NULL,
    mime       TEXT    NOT NULL,
    -- rim_core::file::Facts::text.
    facts      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    -- Since when nothing uses it: when it was made, or 0 once its last use was taken away. Null while something does.
    unused_at  INTEGER
) STRICT;
CREATE INDEX files_by_user ON files (user_id, size_bytes);
CREATE INDEX files_by_hash ON files (hash);
CREATE INDEX files_by_picture ON files (picture) WHERE picture IS NOT NULL;
CREATE INDEX files_unused ON files (unused_at) WHERE unused_at IS NOT NULL;

-- Which messages name which files; in group 0 those that are scheduled, by their id.
CREATE TABLE file_uses (
    file_id  TEXT    NOT NULL,
    group_id INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (file_id, group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_uses_by_place ON file_uses (group_id, seq);

-- Whose picture a file is: a user's (group 0), or a group's (user 0).
CREATE TABLE file_avatars (
    user_id  INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    file_id  TEXT    NOT NULL,
    PRIMARY KEY (user_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_avatars_by_file ON file_avatars (file_id);

-- What each user has uploaded on their last day that they have uploaded anything.
CREATE TABLE file_days (
    user_id INTEGER PRIMARY KEY,
    -- Of UTC, from 1970 on.
    day     INTEGER NOT NULL,
    bytes   INTEGER NOT NULL
) STRICT;

-- Uploads that are not whole yet, or were until a moment ago.
CREATE TABLE transfers (
    id         TEXT    NOT NULL PRIMARY KEY,
    user_id    INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    mime       TEXT    NOT NULL,
    as_file    INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    -- What the storage needs to go on.
    notes      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- Who takes its bytes now, and until when nobody else does.
    holder     INTEGER NOT NULL,
    held_until INTEGER NOT NULL,
    -- Once it is finished.
    file_id    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX transfers_by_user ON transfers (user_id, touched_at);
CREATE INDEX transfers_by_end ON transfers (expires_at);

-- What the nodes must all have and nobody else may: drawn once.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
