-- Files that users have uploaded, and what uses them.

-- Bytes, stored once whoever has them, by their SHA-256 in hex, with the previews that are stored beside them: bits of
-- rim_core::file::Thumbs. They are elsewhere: here is what there may be.
CREATE TABLE blobs (
    hash       text COLLATE "C" PRIMARY KEY,
    size_bytes bigint NOT NULL,
    thumbs     bigint NOT NULL,
    -- When somebody wished to store them last. Null where it is sure that a file names them.
    claimed_at bigint,
    -- Since when they are being removed.
    leaving_at bigint
);
CREATE INDEX blobs_by_claim ON blobs (claimed_at) WHERE claimed_at IS NOT NULL;

CREATE TABLE files (
    id         text COLLATE "C" PRIMARY KEY,
    -- 0 is the server.
    user_id    bigint NOT NULL,
    hash       text COLLATE "C" NOT NULL,
    -- The blob of a video's poster.
    picture    text COLLATE "C",
    name       text COLLATE "C" NOT NULL,
    size_bytes bigint NOT NULL,
    mime       text COLLATE "C" NOT NULL,
    -- rim_core::file::Facts::text.
    facts      text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    -- Since when nothing uses it: when it was made, or 0 once its last use was taken away. Null while something does.
    unused_at  bigint
);
CREATE INDEX files_by_user ON files (user_id) INCLUDE (size_bytes);
CREATE INDEX files_by_hash ON files (hash);
CREATE INDEX files_by_picture ON files (picture) WHERE picture IS NOT NULL;
CREATE INDEX files_unused ON files (unused_at) WHERE unused_at IS NOT NULL;

-- Which messages name which files; in group 0 those that are scheduled, by their id.
CREATE TABLE file_uses (
    file_id  text COLLATE "C" NOT NULL,
    group_id bigint NOT NULL,
    seq      bigint NOT NULL,
    PRIMARY KEY (file_id, group_id, seq)
);
CREATE INDEX file_uses_by_place ON file_uses (group_id, seq);

-- Whose picture a file is: a user's (group 0), or a group's (user 0).
CREATE TABLE file_avatars (
    user_id  bigint NOT NULL,
    group_id bigint NOT NULL,
    file_id  text COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, group_id)
);
CREATE INDEX file_avatars_by_file ON file_avatars (file_id);

-- What each user has uploaded on their last day that they have uploaded anything.
CREATE TABLE file_days (
    user_id bigint PRIMARY KEY,
    -- Of UTC, from 1970 on.
    day     bigint NOT NULL,
    bytes   bigint NOT NULL
);

-- Uploads that are not whole yet, or were until a moment ago.
CREATE TABLE transfers (
    id         text COLLATE "C" PRIMARY KEY,
    user_id    bigint NOT NULL,
    name       text COLLATE "C" NOT NULL,
    mime       text COLLATE "C" NOT NULL,
    as_file    boolean NOT NULL,
    size_bytes bigint NOT NULL,
    received   bigint NOT NULL,
    -- What the storage needs to go on.
    notes      text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    touched_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    -- Who takes its bytes now, and until when nobody else does.
    holder     bigint NOT NULL,
    held_until bigint NOT NULL,
    -- Once it is finished.
    file_id    text COLLATE "C"
);
CREATE INDEX transfers_by_user ON transfers (user_id, touched_at);
CREATE INDEX transfers_by_end ON transfers (expires_at);

-- What the nodes must all have and nobody else may: drawn once.
CREATE TABLE secrets (
    name  text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);
