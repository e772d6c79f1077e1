-- What the user calls a friend, for themselves alone; empty for nothing.
ALTER TABLE friendships ADD COLUMN remark TEXT NOT NULL DEFAULT '';
