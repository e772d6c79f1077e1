//! The index of words: a full-text table of SQLite without the texts, with terms that are made elsewhere.
//!
//! The row of what a message said first has the message's id, so the newest come first without being sorted. That of an edit
//! has the number of its row in `words`, below zero. The table takes terms out by writing its pages anew without them
//! (`secure-delete`), for which it must be told exactly those that were put in.

use std::fmt::Write;
use std::ops::ControlFlow;

use rim_core::message::MessageKind;
use rim_core::search::Term;
use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp, UserId, sight};
use rim_store::listing::{Asked, Candidate, EachCandidate, Entry, terms_of};
use rim_store::search::is_listed;
use rim_store::{Read, params};
use rusqlite::{Connection, params as bound};

use crate::batch::Batch;
use crate::failure::{Failure, Result as Own};
use crate::row::Sql;

type Result<T> = std::result::Result<T, rim_store::Failure>;

/// Rows in `search_data` that are there when nothing is in the index.
const ITS_OWN: &str = "id > 10";

pub(crate) fn list(batch: &Batch<'_>, entries: Vec<Entry>) -> Result<()> {
    let mut rows = numbered(batch, entries)?;
    // In the order of the index, which else begins a new part of it with each step back.
    rows.sort_unstable_by_key(|(row, _)| *row);
    write(batch.db, "INSERT INTO search (rowid, terms) VALUES (?1, ?2)", &rows)
}

pub(crate) fn unlist(batch: &Batch<'_>, entries: Vec<Entry>) -> Result<()> {
    delete(batch.db, numbered(batch, entries)?)
}

pub(crate) fn clear(db: &Connection) -> Result<()> {
    let sql = "INSERT INTO search (search) VALUES ('delete-all')";
    Ok(db.execute(sql, []).map(drop).map_err(Failure::from)?)
}

/// Takes out what these messages of a group say, and have said by edits: their rows are about to be wiped.
pub(crate) fn wipe(batch: &Batch<'_>, group: GroupId, messages: &[MessageId]) -> Result<()> {
    let reader: &dyn Read = batch;
    let mut rows = Vec::new();
    for message in messages {
        let sql =
            "SELECT id, seq, rev, sender_id, kind, content FROM messages WHERE group_id = $1 AND id = $2";
        // What cannot be read was not listed.
        let found = reader.first(sql, &params![group, *message], |row| {
            let kind = row.parse("kind", MessageKind::from_code);
            let said = kind.and_then(|kind| Ok((row.get("sender_id")?, kind, row.get::<String>("content")?)));
            Ok((row.get::<Seq>("seq")?, row.get::<Rev>("rev")?, said.ok()))
        });
        let Ok(Some((seq, rev, Some((sender, kind, content))))) = found else { continue };
        if !is_listed(reader, group, rev)? {
            continue;
        }
        if !content.is_empty() {
            rows.push((message.sql(), terms_of(group, sender, kind, &content)));
        }
        rows.extend(words(reader, group, seq, sender, kind)?);
    }
    delete(batch.db, rows)
}

/// What edits of a message are listed by.
fn words(
    db: &dyn Read,
    group: GroupId,
    seq: Seq,
    sender: UserId,
    kind: MessageKind,
) -> Result<Vec<(i64, String)>> {
    let sql =
        "SELECT rowid AS number, rev, content FROM words WHERE group_id = $1 AND seq = $2 AND content <> ''";
    let words: Vec<(u64, Rev, String)> = db.all(sql, &params![group, seq], |row| {
        Ok((row.get("number")?, row.get("rev")?, row.get("content")?))
    })?;
    let mut rows = Vec::new();
    for (number, rev, content) in words {
        if is_listed(db, group, rev)? {
            rows.push((-number.sql(), terms_of(group, sender, kind, &content)));
        }
    }
    Ok(rows)
}

/// The rows of entries.
fn numbered(batch: &Batch<'_>, entries: Vec<Entry>) -> Result<Vec<(i64, String)>> {
    let reader: &dyn Read = batch;
    let mut rows = Vec::with_capacity(entries.len());
    for Entry { group, seq, message, edit, terms } in entries {
        let row = match edit {
            None => Some(message.sql()),
            Some(rev) => {
                let sql = "SELECT rowid AS number FROM words WHERE group_id = $1 AND seq = $2 AND rev = $3";
                let number: Option<u64> =
                    reader.first(sql, &params![group, seq, rev], |row| row.get("number"))?;
                number.map(|number| -number.sql())
            }
        };
        rows.extend(row.map(|row| (row, terms)));
    }
    Ok(rows)
}

fn delete(db: &Connection, mut rows: Vec<(i64, String)>) -> Result<()> {
    rows.sort_unstable_by_key(|(row, _)| *row);
    write(db, "INSERT INTO search (search, rowid, terms) VALUES ('delete', ?1, ?2)", &rows)
}

fn write(db: &Connection, sql: &str, rows: &[(i64, String)]) -> Result<()> {
    let write = || -> Own<()> {
        let mut statement = db.prepare_cached(sql)?;
        for (row, terms) in rows {
            statement.execute(bound![row, terms])?;
        }
        Ok(())
    };
    Ok(write()?)
}

pub(crate) fn candidates(db: &Connection, asked: &Asked, each: EachCandidate<'_>) -> Result<()> {
    let Some(question) = question(asked) else {
        let sql = "SELECT id, group_id, seq FROM messages WHERE id > ?1 AND id < ?2 ORDER BY id DESC";
        return tell(db, sql, bound![asked.above.sql(), asked.below.sql()], asked, each);
    };
    let sql = "SELECT f.rowid, m.group_id, m.seq FROM search AS f CROSS JOIN messages AS m ON m.id = f.rowid
               WHERE f.search MATCH ?1 AND f.rowid > ?2 AND f.rowid < ?3 ORDER BY f.rowid DESC";
    tell(db, sql, bound![question, asked.above.sql(), asked.below.sql()], asked, each)
}

pub(crate) fn edited_candidates(
    db: &Connection,
    asked: &Asked,
    limit: u64,
    each: EachCandidate<'_>,
) -> Result<()> {
    // An edit that has nothing that is asked for is no candidate either.
    let Some(question) = question(asked) else { return Ok(()) };
    let sql = "SELECT 0, w.group_id, w.seq FROM search AS f CROSS JOIN words AS w ON w.rowid = -f.rowid
               WHERE f.search MATCH ?1 AND f.rowid < 0 ORDER BY f.rowid LIMIT ?2";
    tell(db, sql, bound![question, limit.sql()], asked, each)
}

fn tell(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    asked: &Asked,
    each: EachCandidate<'_>,
) -> Result<()> {
    let mut statement = db.prepare_cached(sql).map_err(Failure::from)?;
    let mut rows = statement.query(params).map_err(Failure::from)?;
    while let Some(row) = rows.next().map_err(Failure::from)? {
        let number = |at| -> Result<u64> {
            let number: i64 = row.get(at).map_err(Failure::from)?;
            Ok(number.unsigned_abs())
        };
        let group = GroupId(number(1)?);
        if asked.groups.binary_search(&group).is_err() {
            continue;
        }
        let places = sight::at(Seq(number(2)?));
        if let ControlFlow::Break(()) = each(Candidate { group, places, last: MessageId(number(0)?) })? {
            break;
        }
    }
    Ok(())
}

/// What is asked for in the language of the index; `None` of what has nothing that it knows.
fn question(asked: &Asked) -> Option<String> {
    let mut question = String::new();
    for clause in asked.all_clauses() {
        question.push_str(if question.is_empty() { "(" } else { " AND (" });
        for (at, term) in clause.iter().enumerate() {
            let or = if at > 0 { " OR " } else { "" };
            // Terms have no quotes.
            let written = match term {
                Term::Whole(term) => write!(question, "{or}\"{term}\""),
                Term::Beginning(begin) => write!(question, "{or}\"{begin}\"*"),
            };
            written.expect("a text takes all");
        }
        question.push(')');
    }
    (!question.is_empty()).then_some(question)
}

pub(crate) fn newest_listed(db: &dyn Read) -> Result<Option<MessageId>> {
    db.first("SELECT id FROM messages ORDER BY id DESC LIMIT 1", &[], |row| row.get("id"))
}

pub(crate) fn listed_from(db: &dyn Read, message: MessageId) -> Result<Option<(MessageId, Timestamp)>> {
    let sql = "SELECT id, created_at FROM messages WHERE id >= $1 ORDER BY id LIMIT 1";
    db.first(sql, &params![message], |row| Ok((row.get("id")?, row.get("created_at")?)))
}

pub(crate) fn has_entries(db: &Connection) -> Result<bool> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM search_data WHERE {ITS_OWN})");
    Ok(db.query_row(&sql, [], |row| row.get(0)).map_err(Failure::from)?)
}

pub(crate) fn bytes(db: &Connection) -> Result<u64> {
    let sql = format!("SELECT coalesce(sum(length(block)), 0) FROM search_data WHERE {ITS_OWN}");
    let bytes: i64 = db.query_row(&sql, [], |row| row.get(0)).map_err(Failure::from)?;
    Ok(bytes.unsigned_abs())
}
