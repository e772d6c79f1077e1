-- The groups whose messages a segment may have (search/index/groups.rs): who looks into others need not look into it. NULL where
-- there are very many, or it was written before.
ALTER TABLE search_segments ADD COLUMN group_ids bytea;
ALTER TABLE search_segments ALTER COLUMN group_ids SET STORAGE PLAIN;
