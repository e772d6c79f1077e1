-- What a user has done with a chat of theirs, which is a change of their own. Whoever joins anew has done nothing: the
-- row goes.
CREATE TABLE chats (
    user_id     INTEGER NOT NULL,
    group_id    INTEGER NOT NULL,
    -- Up to where they have deleted it from their list, if they have.
    deleted_seq INTEGER,
    -- The latest change, one of the user's own.
    rev         INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX chats_by_rev ON chats (user_id, rev);

-- The chat list has the groups that somebody has left, too. Where each stands in it is in the index: 0 is where there
-- was nothing to see, else this is the last message that they saw before they left, whether or not they came back.
ALTER TABLE members ADD COLUMN left_message_id INTEGER NOT NULL DEFAULT 0;
INSERT INTO places (group_id, seq, message_id)
SELECT group_id, seq, id FROM messages WHERE id > (SELECT up_to_message_id FROM settled) ON CONFLICT DO NOTHING;
UPDATE members AS m SET left_message_id = coalesce((
    SELECT p.message_id FROM places AS p
    WHERE p.group_id = m.group_id AND p.seq = CASE
        WHEN m.left_seq > m.join_seq THEN m.left_seq
        ELSE (SELECT max(e.to_seq) FROM earlier_spans AS e WHERE e.group_id = m.group_id AND e.user_id = m.user_id)
    END), 0)
WHERE m.left_rev IS NOT NULL
   OR EXISTS (SELECT 1 FROM earlier_spans AS e WHERE e.group_id = m.group_id AND e.user_id = m.user_id);
DROP INDEX members_by_user;
CREATE INDEX members_by_user ON members (user_id, group_id, left_rev, join_seq, left_seq, left_message_id);
DROP INDEX earlier_spans_by_user;
