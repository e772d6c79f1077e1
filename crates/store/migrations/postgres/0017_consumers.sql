-- What reads along behind the commits, and how far each has come.

-- Readers of what was committed, by the number that their positions have. One that begins anew gets another number, and
-- the old one the name ~number until its positions are gone.
CREATE TABLE consumers (
    id         bigint PRIMARY KEY,
    name       text COLLATE "C" NOT NULL UNIQUE,
    -- The newest message when it began, if it begins with what comes later: 0 where it begins with the first.
    began      bigint NOT NULL,
    -- Who runs it, and until when nobody else does.
    holder     bigint NOT NULL,
    held_until bigint NOT NULL,
    -- Up to which commits everything is in the positions: a snapshot. Null: all groups are looked at.
    seen       text COLLATE "C"
);

-- Of each group that a consumer has seen something of: up to which rev it has seen everything, and the last message up to
-- there. Without a row it is where the consumer began.
CREATE TABLE consumer_positions (
    consumer bigint NOT NULL,
    group_id bigint NOT NULL,
    rev      bigint NOT NULL,
    seq      bigint NOT NULL,
    PRIMARY KEY (consumer, group_id)
);

-- In which groups transactions have said or done something, a row each: what the holder of a consumer looks at to find
-- them. Gone once all consumers have been there. Numbers that are drawn would not be in the order of commits.
CREATE TABLE moved (
    xact   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    at     timestamptz NOT NULL DEFAULT now(),
    groups bigint[]    NOT NULL
);
CREATE INDEX moved_by_xact ON moved (xact);
