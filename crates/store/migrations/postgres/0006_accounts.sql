-- What accounts that look alike have in common: rim_core::account::skeleton of the key. Empty until a server that
-- opens the store has computed it (src/accounts.rs), along with the key as it is compared now.
ALTER TABLE users ADD COLUMN account_skeleton text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX users_by_skeleton ON users (account_skeleton);
