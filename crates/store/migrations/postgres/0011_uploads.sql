-- What users have uploaded, by its SHA-256 in hex: everybody who did is charged. What was uploaded before this table is
-- not here, and stays.
CREATE TABLE uploads (
    hash       text   COLLATE "C" NOT NULL,
    user_id    bigint NOT NULL,
    -- Of the file: the hash and an ending.
    name       text   COLLATE "C" NOT NULL,
    size_bytes bigint NOT NULL,
    -- When it was last uploaded, or named by a picture or a message.
    used_at    bigint NOT NULL,
    PRIMARY KEY (hash, user_id)
);
CREATE INDEX uploads_by_user ON uploads (user_id) INCLUDE (size_bytes);
CREATE INDEX uploads_by_use ON uploads (used_at);

-- Those that stay: a message has named them, or they are from before.
CREATE TABLE pinned_uploads (hash text COLLATE "C" PRIMARY KEY);
