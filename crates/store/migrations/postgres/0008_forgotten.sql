-- Memberships of groups that somebody has left and deleted from their list: as they were in members, where they count in
-- everything that their user asks. Whoever joins anew has theirs back.
CREATE TABLE forgotten_members (
    group_id        bigint   NOT NULL,
    user_id         bigint   NOT NULL,
    role            smallint NOT NULL,
    join_rev        bigint   NOT NULL,
    joined_at       bigint   NOT NULL,
    join_seq        bigint   NOT NULL,
    left_seq        bigint   NOT NULL,
    left_rev        bigint   NOT NULL,
    read_seq        bigint   NOT NULL,
    delivered_seq   bigint   NOT NULL,
    sent_seq        bigint   NOT NULL,
    rev             bigint   NOT NULL,
    profile_rev     bigint   NOT NULL,
    left_message_id bigint   NOT NULL,
    -- Up to where the chat was deleted, and by which of the user's own changes.
    deleted_seq     bigint   NOT NULL,
    own_rev         bigint   NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX forgotten_members_by_own_rev ON forgotten_members (user_id, own_rev);
CREATE INDEX forgotten_members_by_rev ON forgotten_members (group_id, rev);

-- Group chats that strangers have put somebody into, as long as they have not been seen to read or write there: one who
-- has goes when the rows of a user are counted.
CREATE TABLE unasked (
    user_id  bigint NOT NULL,
    group_id bigint NOT NULL,
    PRIMARY KEY (user_id, group_id)
);
