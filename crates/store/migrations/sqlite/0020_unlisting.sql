-- What is done with the index of words in pieces, and what consumers have passed over.

-- Terms that are still to be taken out of the index: of messages and edits that were wiped and had more of them than one
-- commit takes out. Each row is blanked once its terms are out, and all of them go together, so that none ever moves to
-- another page and leaves a copy behind.
CREATE TABLE unlisting (
    id    INTEGER PRIMARY KEY,
    -- The row of the index.
    row   INTEGER NOT NULL,
    terms TEXT    NOT NULL
) STRICT;

-- The parts of the index that commits have written are joined a little with each of them, and not much now and then.
INSERT INTO search (search, rank) VALUES ('automerge', 0), ('usermerge', 8);

-- Messages of which the work of a consumer has failed for good since it began.
ALTER TABLE consumers ADD COLUMN passed_over INTEGER NOT NULL DEFAULT 0;
