-- Every id, place and revision is below 2^53; every time is Unix milliseconds.

CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    account       TEXT    NOT NULL,
    -- What accounts are compared by: rim_core::account::fold.
    account_key   TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    avatar        TEXT    NOT NULL,
    email         TEXT    NOT NULL,
    password_hash TEXT,
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER,
    -- The latest change of his own (profile, friends), and the latest of the profile.
    rev           INTEGER NOT NULL,
    profile_rev   INTEGER NOT NULL
) STRICT;

-- Ended sessions are deleted; AUTOINCREMENT, so that their ids never come back.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL,
    token_hash   BLOB    NOT NULL UNIQUE,
    device       TEXT    NOT NULL,
    address      TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);

-- Two rows a pair, each with the rev of its own user. "None" is kept, so that sync can tell of it.
CREATE TABLE friendships (
    user_id  INTEGER NOT NULL,
    other_id INTEGER NOT NULL,
    -- 0 none, 1 incoming, 2 outgoing, 3 friends; as user_id sees it.
    state    INTEGER NOT NULL,
    rev      INTEGER NOT NULL,
    PRIMARY KEY (user_id, other_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX friendships_by_rev ON friendships (user_id, rev);

CREATE TABLE groups (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL,
    avatar          TEXT    NOT NULL,
    mode            INTEGER NOT NULL,
    -- 1 for a single chat, 0 for a group chat.
    single          INTEGER NOT NULL,
    creator_id      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    last_seq        INTEGER NOT NULL,
    last_rev        INTEGER NOT NULL,
    last_message_id INTEGER NOT NULL,
    -- The latest change of name, avatar or creator.
    info_rev        INTEGER NOT NULL,
    -- Current members.
    member_count    INTEGER NOT NULL
) STRICT;

-- The single chat of two people, so that they never have a second one.
CREATE TABLE single_chats (
    low_user_id  INTEGER NOT NULL,
    high_user_id INTEGER NOT NULL,
    group_id     INTEGER NOT NULL,
    PRIMARY KEY (low_user_id, high_user_id)
) STRICT, WITHOUT ROWID;

-- Everybody who is or was a member; one who comes back keeps his row.
CREATE TABLE members (
    group_id      INTEGER NOT NULL,
    user_id       INTEGER NOT NULL,
    -- 1 common, 2 admin.
    role          INTEGER NOT NULL,
    -- Of his latest joining; also the order of joining.
    join_rev      INTEGER NOT NULL,
    joined_at     INTEGER NOT NULL,
    -- He sees what lies above join_seq, up to left_seq. Both left_ columns are null while he is a member.
    join_seq      INTEGER NOT NULL,
    left_seq      INTEGER,
    left_rev      INTEGER,
    read_seq      INTEGER NOT NULL,
    delivered_seq INTEGER NOT NULL,
    -- His own latest message. It has no part in rev: the message itself tells.
    sent_seq      INTEGER NOT NULL,
    -- The latest change of membership, role or receipts.
    rev           INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
-- left_rev, so that the groups of a user are read without his rows.
CREATE INDEX members_by_user ON members (user_id, group_id, left_rev);
CREATE INDEX members_by_joining ON members (group_id, join_rev) WHERE left_rev IS NULL;
CREATE INDEX members_by_rev ON members (group_id, rev);

-- What one who came back saw during his earlier memberships: above after_seq, up to to_seq.
CREATE TABLE earlier_spans (
    group_id  INTEGER NOT NULL,
    user_id   INTEGER NOT NULL,
    after_seq INTEGER NOT NULL,
    to_seq    INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id, after_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
    id            INTEGER PRIMARY KEY,
    group_id      INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    rev           INTEGER NOT NULL,
    sender_id     INTEGER NOT NULL,
    client_msg_id TEXT    NOT NULL,
    -- 8 bytes of a hash of client_msg_id, another for each id of that sender in that group.
    client_hash   INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    content       TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;
-- Also finds "above rev": rev - seq never falls as seq rises, so no index of rev is written.
CREATE UNIQUE INDEX messages_by_place ON messages (group_id, seq);

-- Finds a message that is sent again. Written late, in sorted runs (see client_ids.rs): it holds the messages
-- up to up_to_message_id, and perhaps some that are later.
CREATE TABLE client_ids (
    group_id    INTEGER NOT NULL,
    sender_id   INTEGER NOT NULL,
    client_hash INTEGER NOT NULL,
    message_id  INTEGER NOT NULL,
    PRIMARY KEY (group_id, sender_id, client_hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE client_ids_progress (up_to_message_id INTEGER NOT NULL) STRICT;
INSERT INTO client_ids_progress (up_to_message_id) VALUES (0);
