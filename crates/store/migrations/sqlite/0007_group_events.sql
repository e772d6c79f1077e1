-- What happened in groups, to be told among their messages: a row for each change of a group chat or of its members.
-- `place` is the rev by which it is seen (rim_core::group_event), `user_ids` the first of those whom it concerns.
CREATE TABLE group_events (
    group_id   INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    -- The group's last message then.
    seq        INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    actor_id   INTEGER NOT NULL,
    user_ids   TEXT    NOT NULL,
    user_count INTEGER NOT NULL,
    name       TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_events_by_seq ON group_events (group_id, seq, place);

-- When one who came back was a member before: what happened then they may know. Those from before this table are not
-- needed, as no events were kept.
CREATE TABLE earlier_stays (
    group_id INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    join_rev INTEGER NOT NULL,
    left_rev INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id, join_rev)
) STRICT, WITHOUT ROWID;
