-- The bytes of files, in chunks of 256 KiB.
CREATE TABLE media_chunks (
    name   text   COLLATE "C",
    number bigint,
    bytes  bytea  NOT NULL,
    PRIMARY KEY (name, number)
);
-- Most files are compressed already.
ALTER TABLE media_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Uploads that are not whole: who writes each, and its chunks.
CREATE TABLE staged (
    id         text   COLLATE "C" PRIMARY KEY,
    writer     bigint NOT NULL,
    written_at bigint NOT NULL
);
CREATE TABLE staged_chunks (
    id     text   COLLATE "C",
    number bigint,
    bytes  bytea  NOT NULL,
    PRIMARY KEY (id, number)
);
ALTER TABLE staged_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Pictures that nothing names, while they are removed.
CREATE TABLE leaving_uploads (
    hash      text   COLLATE "C" PRIMARY KEY,
    name      text   NOT NULL,
    marked_at bigint NOT NULL
);
