-- What a user has done with a chat of theirs, which is a change of their own. Whoever joins anew has done nothing: the
-- row goes.
CREATE TABLE chats (
    user_id     bigint NOT NULL,
    group_id    bigint NOT NULL,
    -- Up to where they have deleted it from their list, if they have.
    deleted_seq bigint,
    -- The latest change, one of the user's own.
    rev         bigint NOT NULL,
    PRIMARY KEY (user_id, group_id)
);
CREATE INDEX chats_by_rev ON chats (user_id, rev);

-- The chat list has the groups that somebody has left, too. Where each stands in it: 0 is where there was nothing to
-- see, else this is the last message that they saw before they left, whether or not they came back.
ALTER TABLE members ADD COLUMN left_message_id bigint NOT NULL DEFAULT 0;
UPDATE members AS m SET left_message_id = s.id
FROM messages AS s
WHERE s.group_id = m.group_id AND s.seq = CASE
    WHEN m.left_seq > m.join_seq THEN m.left_seq
    ELSE (SELECT max(e.to_seq) FROM earlier_spans AS e WHERE e.group_id = m.group_id AND e.user_id = m.user_id)
END
  AND (m.left_rev IS NOT NULL
       OR EXISTS (SELECT FROM earlier_spans AS e WHERE e.group_id = m.group_id AND e.user_id = m.user_id));
DROP INDEX members_by_user;
CREATE INDEX members_by_user ON members (user_id, group_id) INCLUDE (join_seq, left_rev, left_seq, left_message_id);
