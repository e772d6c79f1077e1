//! Which messages were sent before: by (group, sender, `client_msg_id`), for ever.
//!
//! Clients choose these ids at random. An index of them that is kept up at every commit costs a page of the
//! log for nearly every message, which is more than all the rest of the message costs. So this one is a table
//! that is written late (`tail`).

use rim_core::{GroupId, MessageId, UserId};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::batch::Batch;
use crate::failure::Result;
use crate::row::{self, Sql};
use crate::tail::ClientKey;

/// Under which number an id is looked for: 8 bytes of its hash, as an index of numbers is small. `probe`
/// counts the numbers that other ids of that sender in that group have taken before.
pub(crate) type Hash = fn(client_msg_id: &str, probe: u32) -> i64;

/// A cryptographic one, as the ids are chosen by others.
pub(crate) fn hash(client_msg_id: &str, probe: u32) -> i64 {
    let hash = Sha256::new().chain_update(client_msg_id).chain_update(probe.to_le_bytes()).finalize();
    i64::from_le_bytes(hash[..8].try_into().expect("a SHA-256 has 32 bytes"))
}

/// What is known of an id.
pub(crate) enum Found {
    /// The message was stored before.
    Sent(MessageId),
    /// It was not, and is to be remembered under this number.
    New(i64),
}

impl Batch<'_> {
    pub(crate) fn find_client_id(
        &mut self,
        hash: Hash,
        group: GroupId,
        sender: UserId,
        client_msg_id: &str,
    ) -> Result<Found> {
        for probe in 0.. {
            let hash = hash(client_msg_id, probe);
            match self.message_of((group, sender, hash))? {
                None => return Ok(Found::New(hash)),
                Some(message) if is_of(self.db, message, client_msg_id)? => return Ok(Found::Sent(message)),
                // Another id with the same hash.
                Some(_) => {}
            }
        }
        unreachable!("nobody has stored 2^32 messages whose ids have the same hashes")
    }

    fn message_of(&mut self, key: ClientKey) -> Result<Option<MessageId>> {
        if let Some(message) = self.tail.message_of(key) {
            return Ok(Some(message));
        }
        let key = [key.0.sql(), key.1.sql(), key.2];
        row::first_of(&mut self.statements.find_client_id, key, row::behind_key("client_ids"))
    }
}

fn is_of(db: &Connection, message: MessageId, client_msg_id: &str) -> Result<bool> {
    let sql = "SELECT id FROM messages WHERE id = ?1 AND client_msg_id = ?2";
    Ok(row::first(db, sql, rusqlite::params![message.sql(), client_msg_id], |_| Ok(()))?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::{Entry, Size, Tail};
    use rim_core::Seq;

    #[test]
    fn two_ids_with_one_hash_are_two_messages() {
        let mut db = Connection::open_in_memory().expect("memory");
        crate::migrations::run(&mut db).expect("a schema");
        let (group, sender) = (GroupId(1), UserId(1));
        let all_the_same: Hash = |_, probe| i64::from(probe);
        let load = || Batch::new(&db, Tail::load(&db, Size::STANDARD).expect("loaded")).expect("ready");
        let find = |batch: &mut Batch<'_>, id| {
            batch.find_client_id(all_the_same, group, sender, id).expect("no fault")
        };

        let mut batch = load();
        for (number, id) in [(1, "a"), (2, "b"), (3, "c")] {
            let Found::New(client_hash) = find(&mut batch, id) else { panic!("{id} was not sent before") };
            let sql =
                "INSERT INTO messages (id, group_id, seq, rev, sender_id, client_msg_id, client_hash, kind,
                                             content, created_at)
                       VALUES (?1, 1, ?1, ?1, 1, ?2, ?3, 1, '', 0)";
            row::execute(&db, sql, rusqlite::params![number, id, client_hash]).expect("stored");
            batch.tail.insert(Entry {
                message: MessageId(number),
                group,
                seq: Seq(number),
                sender,
                client_hash,
            });
        }
        assert!(matches!(find(&mut batch, "b"), Found::Sent(MessageId(2))), "a resend");
        assert!(matches!(find(&mut load(), "c"), Found::Sent(MessageId(3))), "a resend after a restart");
        assert!(matches!(find(&mut batch, "d"), Found::New(3)));
    }
}
