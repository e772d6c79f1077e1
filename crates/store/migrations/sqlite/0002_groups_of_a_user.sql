-- The chat list and sync look at every group of a user: what they ask of each is in the indexes.
DROP INDEX members_by_user;
CREATE INDEX members_by_user ON members (user_id, group_id, left_rev, join_seq);
CREATE INDEX earlier_spans_by_user ON earlier_spans (user_id, group_id, to_seq);
