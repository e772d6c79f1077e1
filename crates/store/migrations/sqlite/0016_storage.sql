-- Pictures that nothing names, while they are removed.
CREATE TABLE leaving_uploads (
    hash      TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    marked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
