//! Which messages were sent before: by (group, sender, `client_msg_id`), for ever.
//!
//! Clients choose these ids at random. An index of them that is kept up at every commit costs a page of the
//! log for nearly every message, which is more than all the rest of the message costs. So this one is
//! written late: what came lately is in memory, and is moved to its table in long runs sorted by key, whose
//! entries share pages.
//!
//! Nothing depends on the memory: `messages` holds every id, and the table says up to which message it is
//! complete, so the rest is read again at the start and after anything was rolled back.

use foldhash::HashMap;
use rim_core::{GroupId, MessageId, UserId};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::failure::Result;
use crate::row::{self, Fields, Sql};

/// Messages in a run. More share more pages; twice as many are in memory at most, and read at the start.
const RUN: usize = 64 * 1024;
/// Entries of a run that are moved at a time, at least: neighbours share a page.
const STEP: usize = 256;
/// Entries moved for each new message. The last run is moved long before the next is full.
const PACE: usize = 4;

/// Under which number an id is looked for: 8 bytes of its hash, as an index of numbers is small. `probe`
/// counts the numbers that other ids of that sender in that group have taken before.
pub(crate) type Hash = fn(client_msg_id: &str, probe: u32) -> i64;

/// A cryptographic one, as the ids are chosen by others.
pub(crate) fn hash(client_msg_id: &str, probe: u32) -> i64 {
    let hash = Sha256::new().chain_update(client_msg_id).chain_update(probe.to_le_bytes()).finalize();
    i64::from_le_bytes(hash[..8].try_into().expect("a SHA-256 has 32 bytes"))
}

type Key = (GroupId, UserId, i64);

pub(crate) struct ClientIds {
    /// Of the latest messages.
    recent: HashMap<Key, MessageId>,
    /// Of those before them: on the way to the table.
    run: Option<Run>,
    /// Entries that may be moved now.
    due: usize,
    hash: Hash,
}

struct Run {
    /// By key.
    entries: Vec<(Key, MessageId)>,
    /// How many of them are in the table.
    moved: usize,
    /// The latest message in it.
    up_to: MessageId,
}

/// What is known of an id.
pub(crate) enum Found {
    /// The message was stored before.
    Sent(MessageId),
    /// It was not, and is to be remembered under this number.
    New(i64),
}

impl ClientIds {
    pub(crate) fn load(db: &Connection, hash: Hash) -> Result<Self> {
        let sql = "SELECT id, group_id, sender_id, client_hash FROM messages
                   WHERE id > (SELECT up_to_message_id FROM client_ids_progress)";
        let recent = row::all(db, sql, [], |row| {
            let row = Fields { table: "messages", row };
            let key = (GroupId(row.get(1)?), UserId(row.get(2)?), row.get(3)?);
            Ok((key, MessageId(row.get(0)?)))
        })?;
        Ok(Self { recent: recent.into_iter().collect(), run: None, due: 0, hash })
    }

    pub(crate) fn find(
        &self,
        db: &Connection,
        group: GroupId,
        sender: UserId,
        client_msg_id: &str,
    ) -> Result<Found> {
        for probe in 0.. {
            let hash = (self.hash)(client_msg_id, probe);
            match self.message_of(db, (group, sender, hash))? {
                None => return Ok(Found::New(hash)),
                Some(message) if is_of(db, message, client_msg_id)? => return Ok(Found::Sent(message)),
                // Another id with the same hash.
                Some(_) => {}
            }
        }
        unreachable!("nobody has stored 2^32 messages whose ids have the same hashes")
    }

    /// Remembers a message that was stored.
    pub(crate) fn insert(&mut self, group: GroupId, sender: UserId, hash: i64, message: MessageId) {
        self.recent.insert((group, sender, hash), message);
        self.due += PACE;
    }

    /// Moves on what is due to the table. Part of every batch.
    pub(crate) fn settle(&mut self, db: &Connection) -> Result<()> {
        if self.run.is_none() && self.recent.len() >= RUN {
            self.run = Some(Run::of(std::mem::take(&mut self.recent)));
        }
        let Some(run) = &mut self.run else {
            self.due = 0;
            return Ok(());
        };
        if self.due < STEP {
            return Ok(());
        }
        run.advance(db, std::mem::take(&mut self.due))?;
        if run.moved == run.entries.len() {
            let sql = "UPDATE client_ids_progress SET up_to_message_id = ?1";
            row::execute(db, sql, [run.up_to.sql()])?;
            self.run = None;
        }
        Ok(())
    }

    fn message_of(&self, db: &Connection, key: Key) -> Result<Option<MessageId>> {
        if let Some(message) = self.recent.get(&key) {
            return Ok(Some(*message));
        }
        if let Some(message) = self.run.as_ref().and_then(|run| run.get(&key)) {
            return Ok(Some(message));
        }
        let sql = "SELECT group_id, message_id FROM client_ids
                   WHERE group_id = ?1 AND sender_id = ?2 AND client_hash = ?3";
        row::first(db, sql, [key.0.sql(), key.1.sql(), key.2], |row| {
            Ok(MessageId(Fields { table: "client_ids", row }.get(1)?))
        })
    }
}

impl Run {
    fn of(recent: HashMap<Key, MessageId>) -> Self {
        let up_to = recent.values().copied().max().unwrap_or_default();
        let mut entries: Vec<_> = recent.into_iter().collect();
        entries.sort_unstable();
        Self { entries, moved: 0, up_to }
    }

    fn get(&self, key: &Key) -> Option<MessageId> {
        let index = self.entries.binary_search_by(|(of_entry, _)| of_entry.cmp(key)).ok()?;
        Some(self.entries[index].1)
    }

    fn advance(&mut self, db: &Connection, count: usize) -> Result<()> {
        let end = self.entries.len().min(self.moved + count);
        for ((group, sender, hash), message) in &self.entries[self.moved..end] {
            // Some may be there already: a run that was broken off by a restart begins again.
            row::execute(
                db,
                "INSERT INTO client_ids (group_id, sender_id, client_hash, message_id)
                 VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                [group.sql(), sender.sql(), *hash, message.sql()],
            )?;
        }
        self.moved = end;
        Ok(())
    }
}

fn is_of(db: &Connection, message: MessageId, client_msg_id: &str) -> Result<bool> {
    let sql = "SELECT id FROM messages WHERE id = ?1 AND client_msg_id = ?2";
    Ok(row::first(db, sql, rusqlite::params![message.sql(), client_msg_id], |_| Ok(()))?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: GroupId = GroupId(1);
    const SENDER: UserId = UserId(1);

    fn database() -> Connection {
        let mut db = Connection::open_in_memory().expect("memory");
        crate::migrations::run(&mut db).expect("a schema");
        db
    }

    fn load(db: &Connection, hash: Hash) -> ClientIds {
        ClientIds::load(db, hash).expect("loaded")
    }

    /// Stores a message as a batch does; gives back the message of its id.
    fn send(db: &Connection, ids: &mut ClientIds, message: u64, client_msg_id: &str) -> u64 {
        match ids.find(db, GROUP, SENDER, client_msg_id).expect("found") {
            Found::Sent(first) => first.0,
            Found::New(hash) => {
                let sql =
                    "INSERT INTO messages (id, group_id, seq, rev, sender_id, client_msg_id, client_hash,
                                                 kind, content, created_at)
                           VALUES (?1, 1, ?1, ?1, 1, ?2, ?3, 1, '', 0)";
                row::execute(db, sql, rusqlite::params![message, client_msg_id, hash]).expect("stored");
                ids.insert(GROUP, SENDER, hash, MessageId(message));
                ids.settle(db).expect("settled");
                message
            }
        }
    }

    #[test]
    fn two_ids_with_one_hash_are_two_messages() {
        let db = database();
        let all_the_same: Hash = |_, probe| i64::from(probe);
        let mut ids = load(&db, all_the_same);
        for (message, id) in [(1, "a"), (2, "b"), (3, "c")] {
            assert_eq!(send(&db, &mut ids, message, id), message);
        }
        assert_eq!(send(&db, &mut ids, 4, "b"), 2, "a resend");
        assert_eq!(send(&db, &mut load(&db, all_the_same), 4, "c"), 3, "a resend after a restart");
    }

    #[test]
    fn an_id_is_known_wherever_it_is_on_its_way_to_the_table() {
        let db = database();
        db.execute_batch("BEGIN").expect("one transaction is quicker");
        let mut ids = load(&db, hash);
        let last = RUN as u64 * 3 / 2;
        for message in 1..=last {
            assert_eq!(send(&db, &mut ids, message, &message.to_string()), message);
        }
        let run_moved = |db: &Connection| {
            row::first(db, "SELECT up_to_message_id FROM client_ids_progress", [], |row| {
                Ok(row.get::<_, u64>(0)?)
            })
        };
        assert_eq!(run_moved(&db).expect("read"), Some(RUN as u64));
        for mut ids in [ids, load(&db, hash)] {
            for message in (1..=last).step_by(997) {
                assert_eq!(send(&db, &mut ids, last + 1, &message.to_string()), message);
            }
        }
    }

    #[test]
    fn a_run_that_was_broken_off_begins_again() {
        let db = database();
        db.execute_batch("BEGIN").expect("one transaction is quicker");
        let mut ids = load(&db, hash);
        let half = (RUN + RUN / PACE / 2) as u64;
        for message in 1..=half {
            send(&db, &mut ids, message, &message.to_string());
        }
        assert!(ids.run.as_ref().is_some_and(|run| run.moved > 0), "half of it is in the table");
        let mut ids = load(&db, hash);
        for message in half + 1..=half + half / PACE as u64 + STEP as u64 {
            send(&db, &mut ids, message, &message.to_string());
        }
        assert!(ids.run.is_none(), "it is moved");
        for message in (1..=half).step_by(997) {
            assert_eq!(send(&db, &mut ids, half * 2, &message.to_string()), message);
        }
    }
}
