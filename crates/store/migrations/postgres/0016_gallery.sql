-- The gallery of a group: which messages are pictures and films (1), voice (2), files (3) and texts with links (4), or were
-- before they were edited. What was sent before is not listed: to find it all messages would have to be read.
CREATE TABLE gallery (
    group_id bigint   NOT NULL,
    what     smallint NOT NULL,
    seq      bigint   NOT NULL,
    PRIMARY KEY (group_id, what, seq)
);
