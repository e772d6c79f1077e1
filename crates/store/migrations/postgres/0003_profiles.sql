-- The group's rev of the latest change of the member's name or picture, 0 before any. In a large group, whose members
-- are not synced, it tells who is called otherwise now: their rows move with every receipt.
ALTER TABLE members ADD COLUMN profile_rev bigint NOT NULL DEFAULT 0;
CREATE INDEX members_by_profile ON members (group_id, profile_rev) WHERE profile_rev > 0;
