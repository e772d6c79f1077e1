-- What a group chat was when somebody left it, which is what they are told of it from then on: a row for each leaving,
-- however many left together.
CREATE TABLE departures (
    group_id     INTEGER NOT NULL,
    -- Of the first of those who left. Who left by then and has no row of their own has the row before it.
    rev          INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    avatar       TEXT    NOT NULL,
    creator_id   INTEGER NOT NULL,
    info_rev     INTEGER NOT NULL,
    member_count INTEGER NOT NULL,
    -- The first two members by order of joining: one of them is not the one who left.
    first_id     INTEGER,
    second_id    INTEGER,
    PRIMARY KEY (group_id, rev)
) STRICT, WITHOUT ROWID;
-- Who left before this table is told what the group is now.
INSERT INTO departures (group_id, rev, name, avatar, creator_id, info_rev, member_count)
SELECT id, 0, name, avatar, creator_id, info_rev, member_count FROM groups
WHERE NOT single
  AND EXISTS (SELECT 1 FROM members WHERE members.group_id = groups.id AND members.left_rev IS NOT NULL);
