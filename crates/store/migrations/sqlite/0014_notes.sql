-- What happens to messages after they were sent.

-- What a message has beside its content: the fold of its notes, and what it was sent with. A plain message has no row. rev
-- is that of the latest note, or the message's own.
CREATE TABLE states (
    group_id INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    rev      INTEGER NOT NULL,
    -- rim_core::message::Message::state_text, without what an edited message says.
    body     TEXT    NOT NULL,
    PRIMARY KEY (group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX states_by_rev ON states (group_id, rev);

-- What was done with messages, a row for each: the kinds are those of rim_core::note, and so is what key and body mean.
CREATE TABLE notes (
    group_id INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    key      TEXT    NOT NULL,
    by_id    INTEGER NOT NULL,
    rev      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (group_id, kind, seq, key, by_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notes_by_rev ON notes (group_id, kind, seq, key, rev);
-- Recalls: who has left is told of those after that.
CREATE INDEX recalls ON notes (group_id, rev, seq) WHERE kind = 2;

-- What edits have made messages say, by the rev of the edit; the last of a message is what it says now. Not WITHOUT ROWID: so
-- rows stand in the order in which they came, and never move, as those of messages do. What is wiped is wiped where it is.
CREATE TABLE words (
    group_id INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    rev      INTEGER NOT NULL,
    content  TEXT    NOT NULL,
    PRIMARY KEY (group_id, seq, rev)
) STRICT;

-- What notes have put an end to since somebody left the group: to them messages are what they were. Written only where
-- somebody has, and gone once the message is recalled. The states that messages had, which say nothing of their words,
CREATE TABLE former_states (
    group_id INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    rev      INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (group_id, seq, rev)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_states_by_rev ON former_states (group_id, rev);

-- the notes that were taken away, and at which rev,
CREATE TABLE former_notes (
    group_id INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    key      TEXT    NOT NULL,
    by_id    INTEGER NOT NULL,
    rev      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    gone_rev INTEGER NOT NULL,
    PRIMARY KEY (group_id, kind, seq, key, by_id, rev)
) STRICT, WITHOUT ROWID;

-- and whom edits have made them mention no more.
CREATE TABLE former_mentions (
    user_id    INTEGER NOT NULL,
    group_id   INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_mentions_by_message ON former_mentions (user_id, group_id, message_id);
CREATE INDEX former_mentions_by_place ON former_mentions (group_id, seq);

-- Whom messages mention; user 0 is everybody.
CREATE TABLE mentions (
    user_id    INTEGER NOT NULL,
    group_id   INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_by_message ON mentions (user_id, group_id, message_id);

-- Answers, by the message with which their chain began.
CREATE TABLE replies (
    group_id   INTEGER NOT NULL,
    root_seq   INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    parent_seq INTEGER NOT NULL,
    PRIMARY KEY (group_id, root_seq, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX replies_by_place ON replies (group_id, seq);

-- What users do for themselves alone; rev is one of their own. Up to where they have cleared a chat:
CREATE TABLE cleared (
    user_id  INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    rev      INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX cleared_by_rev ON cleared (user_id, rev);
CREATE INDEX cleared_by_place ON cleared (group_id, seq);

-- which messages they have hidden:
CREATE TABLE hidden (
    user_id    INTEGER NOT NULL,
    group_id   INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    rev        INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX hidden_by_rev ON hidden (user_id, rev);
CREATE INDEX hidden_by_place ON hidden (group_id, seq);

-- and which they have starred, or had: what is no star any more stays, so that sync can tell of it.
CREATE TABLE starred (
    user_id    INTEGER NOT NULL,
    group_id   INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    is_starred INTEGER NOT NULL,
    rev        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX starred_by_rev ON starred (user_id, rev);
CREATE INDEX starred_now ON starred (user_id, rev) WHERE is_starred;
CREATE INDEX starred_by_place ON starred (group_id, seq);

-- Messages that are about to expire, and the places of those that have: ranges that do not touch.
CREATE TABLE expiring (
    group_id   INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX expiring_by_time ON expiring (expires_at);
CREATE TABLE expired (
    group_id  INTEGER NOT NULL,
    after_seq INTEGER NOT NULL,
    to_seq    INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    PRIMARY KEY (group_id, after_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX expired_by_rev ON expired (group_id, rev);

-- How often the timer of a group was set: more ranges than that there cannot be.
CREATE TABLE timers (
    group_id  INTEGER PRIMARY KEY,
    times_set INTEGER NOT NULL
) STRICT;

-- Messages that are to be sent later, and those that could not be. An id is never given twice: it is in the client id of
-- the message.
CREATE TABLE scheduled (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL,
    group_id   INTEGER NOT NULL,
    send_at    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- What is sent, as JSON.
    body       TEXT    NOT NULL,
    -- Why it was not.
    failed     TEXT
) STRICT;
CREATE INDEX scheduled_by_user ON scheduled (user_id, send_at);
CREATE INDEX scheduled_by_time ON scheduled (send_at) WHERE failed IS NULL;

-- Those that were sent or cancelled, so that a request that comes again schedules nothing.
CREATE TABLE unscheduled (
    user_id INTEGER NOT NULL,
    id      INTEGER NOT NULL,
    gone_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX unscheduled_by_time ON unscheduled (user_id, gone_at);

-- rim_core::group::Settings; 1 all, 2 admins.
ALTER TABLE groups ADD COLUMN who_pins INTEGER NOT NULL DEFAULT 2;
ALTER TABLE groups ADD COLUMN who_mentions_all INTEGER NOT NULL DEFAULT 2;
ALTER TABLE groups ADD COLUMN expire_seconds INTEGER NOT NULL DEFAULT 0;
