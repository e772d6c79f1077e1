//! The index of words: what messages say as terms that are made elsewhere, and which entries have each.
//!
//! It is rim's own, in rows of bytes: segments that are written once, of blocks in which terms and entries are each told by how
//! they differ from the one before. PostgreSQL's own indexes keep a row for what they point to, and the terms in it once more.
//!
//! Whoever takes something out of segments that are there, or merges them, does so alone.

mod alone;
mod block;
mod entries;
mod erase;
mod number;
mod seek;
mod segment;

use std::ops::ControlFlow;

use rim_core::message::MessageKind;
use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp, UserId};
use rim_store::listing::{Asked, EachCandidate, Entry, terms_of};
use rim_store::{Read, Tx, params, search};

use self::alone::Result;
use self::erase::Gone;

pub(crate) fn list(tx: &dyn Tx, entries: Vec<Entry>) -> Result<()> {
    let (edits, sent) = entries.into_iter().partition(|entry| entry.edit.is_some());
    segment::write(tx, false, sent)?;
    segment::write(tx, true, edits)
}

pub(crate) fn is_to_be_merged(db: &dyn Read) -> Result<bool> {
    Ok(segment::of_a_size(db, false)?.is_some() || segment::of_a_size(db, true)?.is_some())
}

pub(crate) fn merge(tx: &dyn Tx) -> Result<()> {
    segment::merge(tx, false)?;
    segment::merge(tx, true)
}

pub(crate) fn unlist(tx: &dyn Tx, entries: Vec<Entry>) -> Result<()> {
    let gone = |Entry { message, edit, terms, .. }| Gone { message, rev: edit.unwrap_or_default(), terms };
    erase::erase(tx, entries.into_iter().map(gone).collect())
}

pub(crate) fn clear(tx: &dyn Tx) -> Result<()> {
    tx.execute("TRUNCATE search_segments, search_blocks, search_entries", &[]).map(drop)
}

/// Takes out what these messages of a group say, and have said by edits: their rows are about to be wiped.
pub(crate) fn wipe(tx: &dyn Tx, group: GroupId, messages: &[MessageId]) -> Result<()> {
    search::lock(tx, group)?;
    let mut gone = Vec::new();
    for message in messages {
        let sql = "SELECT id, seq, sender_id, kind, content FROM messages WHERE group_id = $1 AND id = $2";
        // What cannot be read was not listed.
        let found = tx.reader().first(sql, &params![group, *message], |row| {
            let kind = row.parse("kind", MessageKind::from_code);
            let said = kind.and_then(|kind| Ok((row.get("sender_id")?, kind, row.get::<String>("content")?)));
            Ok((row.get::<Seq>("seq")?, said.ok()))
        });
        let Some((seq, Some((sender, kind, content)))) = found? else { continue };
        if !content.is_empty() {
            let terms = terms_of(group, sender, kind, &content);
            gone.push(Gone { message: *message, rev: Rev(0), terms });
        }
        gone.extend(edits(tx, group, (*message, seq), sender, kind)?);
    }
    erase::erase(tx, gone)
}

/// What edits of a message are listed by.
fn edits(
    tx: &dyn Tx,
    group: GroupId,
    (message, seq): (MessageId, Seq),
    sender: UserId,
    kind: MessageKind,
) -> Result<Vec<Gone>> {
    let sql = "SELECT rev, content FROM words WHERE group_id = $1 AND seq = $2 AND content <> ''";
    tx.reader().all(sql, &params![group, seq], |row| {
        let content: String = row.get("content")?;
        Ok(Gone { message, rev: row.get("rev")?, terms: terms_of(group, sender, kind, &content) })
    })
}

pub(crate) fn candidates(db: &dyn Read, asked: &Asked, each: EachCandidate<'_>) -> Result<()> {
    bound(db)?;
    seek::tell(db, asked, false, u64::MAX, each)
}

pub(crate) fn edited_candidates(
    db: &dyn Read,
    asked: &Asked,
    limit: u64,
    each: EachCandidate<'_>,
) -> Result<()> {
    // An edit that has nothing that is asked for is no candidate either.
    if asked.clauses.is_empty() && asked.group_clause().is_none() {
        return Ok(());
    }
    bound(db)?;
    seek::tell(db, asked, true, limit, each)
}

/// No statement of this read holds a connection for longer than a second, however busy the server is.
fn bound(db: &dyn Read) -> Result<()> {
    db.rows("SET LOCAL statement_timeout = 1000", &[], &mut |_| Ok(ControlFlow::Break(())))
}

pub(crate) fn newest_listed(db: &dyn Read) -> Result<Option<MessageId>> {
    let sql = "SELECT last_message FROM search_segments WHERE NOT edits ORDER BY last_message DESC LIMIT 1";
    db.first(sql, &[], |row| row.get("last_message"))
}

/// By the chunks: messages alone are in no order of their ids.
pub(crate) fn listed_from(db: &dyn Read, message: MessageId) -> Result<Option<(MessageId, Timestamp)>> {
    let sql = "SELECT e.first_message, m.created_at
               FROM (SELECT first_message, first_group FROM search_entries WHERE first_message >= $1
                     ORDER BY first_message LIMIT 1) AS e
                    JOIN messages AS m ON m.group_id = e.first_group AND m.id = e.first_message";
    db.first(sql, &params![message], |row| Ok((row.get("first_message")?, row.get("created_at")?)))
}

pub(crate) fn has_entries(db: &dyn Read) -> Result<bool> {
    db.exists("SELECT segment FROM search_segments LIMIT 1", &[])
}

pub(crate) fn bytes(db: &dyn Read) -> Result<u64> {
    if !has_entries(db)? {
        return Ok(0);
    }
    let sql = "SELECT pg_total_relation_size('search_segments') + pg_total_relation_size('search_blocks')
                      + pg_total_relation_size('search_entries') AS count";
    db.count(sql, &[])
}

#[cfg(test)]
mod tests {
    use tokio_postgres::NoTls;

    #[tokio::test]
    async fn whatever_is_asked_of_the_index_is_found_by_keys() {
        let postgres = rim_testbed::postgres();
        let (client, connection) = tokio_postgres::connect(&postgres.url(), NoTls).await.expect("connected");
        let connection = tokio::spawn(connection);
        let tables = include_str!("../../../store/migrations/postgres/0019_search_segments.sql");
        let before =
            "CREATE TABLE search (); SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;";
        client.batch_execute(&format!("{before} {tables}")).await.expect("tables");
        for (name, sql, params, index) in [
            ("blocks", super::seek::BLOCKS, "'1 2', 'a', 'b'", "search_blocks_pkey"),
            ("before", super::seek::LAST_BEFORE, "'1 2', 9", "search_entries_of_segment"),
            ("chunks", super::seek::CHUNKS, "'1 2', '0 7'", "search_entries_pkey"),
            ("erase", super::erase::CHUNKS, "7", "search_entries_of_segment"),
        ] {
            client.batch_execute(&format!("PREPARE {name} AS {sql}")).await.expect("it is prepared");
            let plan =
                client.simple_query(&format!("EXPLAIN EXECUTE {name} ({params})")).await.expect("a plan");
            let lines = plan.iter().filter_map(|line| match line {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            let plan = lines.collect::<Vec<_>>().join("\n");
            assert!(plan.contains(index), "{name}:\n{plan}");
            for table in ["Seq Scan on search_blocks", "Seq Scan on search_entries"] {
                assert!(!plan.contains(table), "{name}:\n{plan}");
            }
        }
        drop(client);
        connection.await.expect("it ends").expect("without a fault");
    }
}
