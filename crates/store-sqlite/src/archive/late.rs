//! The tables that a running store writes late, made at once and in the order of their keys.

use rusqlite::{Connection, params};

use crate::client_ids::Hash;
use crate::failure::Result;

/// Fills `places` and `client_ids` with all messages, so that the first start has none to read again. Until now each
/// message had the first hash of its client id.
pub(super) fn fill(db: &Connection, hash: Hash) -> Result<()> {
    db.execute_batch(
        "DELETE FROM places;
         INSERT INTO places (group_id, seq, message_id)
         SELECT group_id, seq, id FROM messages ORDER BY group_id, seq;
         DELETE FROM client_ids;
         INSERT INTO client_ids (group_id, sender_id, client_hash, message_id)
         SELECT group_id, sender_id, client_hash, id FROM messages
         ORDER BY group_id, sender_id, client_hash, id ON CONFLICT DO NOTHING;",
    )?;
    part(db, hash)?;
    db.execute_batch("UPDATE settled SET up_to_message_id = (SELECT coalesce(max(id), 0) FROM messages)")?;
    Ok(())
}

/// Gives another hash to those messages whose hash a message before them has, as if they were sent anew: nearly
/// always none, but clients choose their ids, and may choose them so.
fn part(db: &Connection, hash: Hash) -> Result<()> {
    let count =
        |table| db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
    if count("client_ids")? == count("messages")? {
        return Ok(());
    }
    let mut late = db.prepare(
        "SELECT m.id, m.group_id, m.sender_id, m.client_msg_id FROM messages AS m JOIN client_ids AS c
             ON c.group_id = m.group_id AND c.sender_id = m.sender_id AND c.client_hash = m.client_hash
         WHERE c.message_id <> m.id ORDER BY m.id",
    )?;
    let late = late.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let late = late.collect::<rusqlite::Result<Vec<(i64, i64, i64, String)>>>()?;
    let mut insert = db.prepare(
        "INSERT INTO client_ids (group_id, sender_id, client_hash, message_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    for (id, group, sender, client_msg_id) in late {
        for probe in 1.. {
            let hash = hash(&client_msg_id, probe);
            if insert.execute(params![group, sender, hash, id])? == 1 {
                db.execute("UPDATE messages SET client_hash = ?1 WHERE id = ?2", [hash, id])?;
                break;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rim_core::{GroupId, MessageId, UserId};

    use super::*;
    use crate::batch::Batch;
    use crate::client_ids::Found;
    use crate::tail::{Size, Tail};

    #[test]
    fn messages_whose_hashes_are_the_same_are_all_found() {
        let mut db = Connection::open_in_memory().expect("memory");
        crate::migrations::run(&mut db).expect("a schema");
        let all_the_same: Hash = |_, probe| i64::from(probe);
        for (id, client_msg_id) in [(1, "a"), (2, "b"), (3, "c")] {
            let sql =
                "INSERT INTO messages (id, group_id, seq, rev, sender_id, client_msg_id, client_hash, kind,
                                             content, created_at)
                       VALUES (?1, 1, ?1, ?1, 1, ?2, ?3, 1, '', 0)";
            db.execute(sql, params![id, client_msg_id, all_the_same(client_msg_id, 0)]).expect("stored");
        }
        for _ in 0..2 {
            fill(&db, all_the_same).expect("filled");
            let tail = Tail::load(&db, Size::STANDARD).expect("loaded");
            let mut batch = Batch::new(&db, tail).expect("ready");
            for (id, client_msg_id) in [(1, "a"), (2, "b"), (3, "c")] {
                let found = batch.find_client_id(all_the_same, GroupId(1), UserId(1), client_msg_id);
                assert!(matches!(found, Ok(Found::Sent(MessageId(found))) if found == id), "{client_msg_id}");
            }
        }
    }
}
