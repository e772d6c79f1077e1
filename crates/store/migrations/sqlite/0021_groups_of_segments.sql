-- The groups whose messages a segment may have (search/index/groups.rs): who looks into others need not look into it. NULL where
-- there are very many, or it was written before.
ALTER TABLE search_segments ADD COLUMN group_ids BLOB;
