-- Messages of which the work of a consumer has failed for good since it began.
ALTER TABLE consumers ADD COLUMN passed_over bigint NOT NULL DEFAULT 0;
