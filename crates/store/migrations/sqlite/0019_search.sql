-- What messages are found by: terms of rim_core::search, made elsewhere. The row of what a message said first has its id; that
-- of an edit the number of its row in words, below zero. Nothing of a text is kept here but its terms, and of those that are
-- removed nothing either.
CREATE VIRTUAL TABLE search USING fts5(terms, content='', columnsize=0, detail=none, tokenize='ascii');
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

-- What edits have said since they were listed last.
CREATE INDEX words_by_rev ON words (group_id, rev);
