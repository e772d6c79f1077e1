-- What users have uploaded, by its SHA-256 in hex: everybody who did is charged. What was uploaded before this table is
-- not here, and stays.
CREATE TABLE uploads (
    hash       TEXT    NOT NULL,
    user_id    INTEGER NOT NULL,
    -- Of the file: the hash and an ending.
    name       TEXT    NOT NULL,
    size_bytes INTEGER NOT NULL,
    -- When it was last uploaded, or named by somebody's or a group's picture.
    used_at    INTEGER NOT NULL,
    PRIMARY KEY (hash, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_by_user ON uploads (user_id, size_bytes);
CREATE INDEX uploads_by_use ON uploads (used_at);

-- Those that stay: a message has named them, or they are from before.
CREATE TABLE pinned_uploads (hash TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
