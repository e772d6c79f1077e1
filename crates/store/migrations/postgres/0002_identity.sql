-- Which store this is: one row. An epoch of 0 is drawn when a server opens the store; `rim restore` leaves it so.
CREATE TABLE identity (id text NOT NULL, epoch bigint NOT NULL);
INSERT INTO identity (id, epoch) VALUES (replace(gen_random_uuid()::text, '-', ''), 0);
