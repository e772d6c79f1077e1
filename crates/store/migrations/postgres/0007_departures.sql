-- What a group chat was when somebody left it, which is what they are told of it from then on: a row for each leaving,
-- however many left together.
CREATE TABLE departures (
    group_id     bigint NOT NULL,
    -- Of the first of those who left. Who left by then and has no row of their own has the row before it.
    rev          bigint NOT NULL,
    name         text   NOT NULL,
    avatar       text   NOT NULL,
    creator_id   bigint NOT NULL,
    info_rev     bigint NOT NULL,
    member_count bigint NOT NULL,
    -- The first two members by order of joining: one of them is not the one who left.
    first_id     bigint,
    second_id    bigint,
    PRIMARY KEY (group_id, rev)
);
-- Who left before this table is told what the group is now.
INSERT INTO departures (group_id, rev, name, avatar, creator_id, info_rev, member_count)
SELECT id, 0, name, avatar, creator_id, info_rev, member_count FROM groups
WHERE NOT single
  AND EXISTS (SELECT FROM members WHERE members.group_id = groups.id AND members.left_rev IS NOT NULL);
