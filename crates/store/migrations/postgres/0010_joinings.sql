-- Who has joined which group lately: what a node looks at to find those of its users that no hint has told it of. Read by
-- the transactions that the node may not have seen: numbers that are drawn would not be in the order of commits.
CREATE TABLE joinings (
    xact     xid8   NOT NULL DEFAULT pg_current_xact_id(),
    -- By the clock of the database.
    at       bigint NOT NULL DEFAULT extract(epoch FROM now()) * 1000,
    group_id bigint NOT NULL,
    user_id  bigint NOT NULL,
    rev      bigint NOT NULL
);
CREATE INDEX joinings_by_xact ON joinings (xact);
CREATE INDEX joinings_by_time ON joinings USING brin (at);
