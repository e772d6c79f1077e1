-- When something happened in the group last, so that time in it never goes back, whatever the clocks of the nodes do.
-- 0 where it is not known: then it is that of the last message.
ALTER TABLE groups ADD COLUMN last_at bigint NOT NULL DEFAULT 0;
