-- Memberships of groups that somebody has left and deleted from their list: as they were in members, where they count in
-- everything that their user asks. Whoever joins anew has theirs back.
CREATE TABLE forgotten_members (
    group_id        INTEGER NOT NULL,
    user_id         INTEGER NOT NULL,
    role            INTEGER NOT NULL,
    join_rev        INTEGER NOT NULL,
    joined_at       INTEGER NOT NULL,
    join_seq        INTEGER NOT NULL,
    left_seq        INTEGER NOT NULL,
    left_rev        INTEGER NOT NULL,
    read_seq        INTEGER NOT NULL,
    delivered_seq   INTEGER NOT NULL,
    sent_seq        INTEGER NOT NULL,
    rev             INTEGER NOT NULL,
    profile_rev     INTEGER NOT NULL,
    left_message_id INTEGER NOT NULL,
    -- Up to where the chat was deleted, and by which of the user's own changes.
    deleted_seq     INTEGER NOT NULL,
    own_rev         INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX forgotten_members_by_own_rev ON forgotten_members (user_id, own_rev);
CREATE INDEX forgotten_members_by_rev ON forgotten_members (group_id, rev);

-- Group chats that strangers have put somebody into, as long as they have not been seen to read or write there: one who
-- has goes when the rows of a user are counted.
CREATE TABLE unasked (
    user_id  INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id)
) STRICT, WITHOUT ROWID;
