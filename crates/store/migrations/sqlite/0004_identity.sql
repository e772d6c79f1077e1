-- Which store this is: one row. An epoch of 0 is drawn when a server opens the store, so a backup carries it, and
-- what was restored is another epoch however the file came to its place.
CREATE TABLE identity (id TEXT NOT NULL, epoch INTEGER NOT NULL) STRICT;
INSERT INTO identity (id, epoch) VALUES (lower(hex(randomblob(16))), 0);
