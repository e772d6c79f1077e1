-- What happened in groups, to be told among their messages: a row for each change of a group chat or of its members.
-- `place` is the rev by which it is seen (rim_core::group_event), `user_ids` the first of those whom it concerns.
CREATE TABLE group_events (
    group_id   bigint NOT NULL,
    place      bigint NOT NULL,
    -- The group's last message then.
    seq        bigint NOT NULL,
    kind       smallint NOT NULL,
    actor_id   bigint NOT NULL,
    user_ids   text    NOT NULL,
    user_count bigint NOT NULL,
    name       text,
    created_at bigint NOT NULL,
    PRIMARY KEY (group_id, place)
);
CREATE INDEX group_events_by_seq ON group_events (group_id, seq, place);

-- When one who came back was a member before: what happened then they may know. Those from before this table are not
-- needed, as no events were kept.
CREATE TABLE earlier_stays (
    group_id bigint NOT NULL,
    user_id  bigint NOT NULL,
    join_rev bigint NOT NULL,
    left_rev bigint NOT NULL,
    PRIMARY KEY (group_id, user_id, join_rev)
);
