-- A checksum of what the row says (src/checksum.rs). Null in the rows from before it, until `rim check --fill`.
ALTER TABLE messages ADD COLUMN checksum INTEGER;
