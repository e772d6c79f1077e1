//! The index of words: a full-text table of SQLite without the texts, with terms that are made elsewhere.
//!
//! The row of what a message said first has the message's id, so the newest come first without being sorted. That of an edit
//! has the number of its row in `words`, below zero. The table takes terms out by writing its pages anew without them
//! (`secure-delete`), for which it must be told exactly those that were put in; of many it does so in pieces (`unlisting.rs`).

use std::fmt::Write;

use rim_core::message::{MessageKind, Span};
use rim_core::search::Term;
use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp, UserId, sight};
use rim_store::listing::{Asked, Candidate, EachCandidate, Entry, terms_of};
use rim_store::search::is_listed;
use rim_store::{Read, params};
use rusqlite::{Connection, params as bound};

use crate::batch::Batch;
use crate::failure::{Failure, Result as Own};
use crate::row::Sql;
use crate::unlisting;

type Result<T> = std::result::Result<T, rim_store::Failure>;

/// Rows in `search_data` that are there when nothing is in the index.
const ITS_OWN: &str = "id > 10";

/// Pages of 4 KB that are written anew with each commit that lists messages, at least and at the most, and for how many bytes of
/// terms one more of them: what keeps up with what comes.
const MERGED_PAGES: (usize, usize) = (16, 64);
const BYTES_A_MERGED_PAGE: usize = 1024;

/// Rows of groups that are not asked for, passed over before it is told how far it is: some tenth of a millisecond.
const PASSED_OVER: u64 = 128;

pub(crate) fn list(batch: &Batch<'_>, entries: Vec<Entry>) -> Result<()> {
    let mut rows = numbered(batch, entries)?;
    // In the order of the index, which else begins a new part of it with each step back.
    rows.sort_unstable_by_key(|(row, _)| *row);
    write(batch.db, &rows)?;
    merge(batch.db, rows.iter().map(|(_, terms)| terms.len()).sum())
}

/// Joins what earlier commits have written, a little with each. Left to itself the table does it now and then, and holds the
/// writer ten times as long as this ever does.
fn merge(db: &Connection, written_bytes: usize) -> Result<()> {
    let pages = (written_bytes / BYTES_A_MERGED_PAGE).clamp(MERGED_PAGES.0, MERGED_PAGES.1) as u64;
    let merge = || -> Own<()> {
        let sql = "INSERT INTO search (search, rank) VALUES ('merge', ?1)";
        db.prepare_cached(sql)?.execute([pages.sql()])?;
        Ok(())
    };
    Ok(merge()?)
}

pub(crate) fn unlist(batch: &mut Batch<'_>, entries: Vec<Entry>) -> Result<()> {
    let rows = numbered(batch, entries)?;
    delete(batch, rows)
}

pub(crate) fn clear(batch: &mut Batch<'_>) -> Result<()> {
    Ok(unlisting::put_aside(batch.db, &mut batch.unlisting)?)
}

/// Takes out what these messages of a group say, and have said by edits: their rows are about to be wiped.
pub(crate) fn wipe(batch: &mut Batch<'_>, group: GroupId, messages: &[MessageId]) -> Result<()> {
    let reader: &dyn Read = &*batch;
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
    delete(batch, rows)
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

/// What is not there is left out: the table takes that for damage. A message may have been passed over by the consumer, and a
/// store that was moved has positions and no index.
fn delete(batch: &mut Batch<'_>, mut rows: Vec<(i64, String)>) -> Result<()> {
    rows.sort_unstable_by_key(|(row, _)| *row);
    for (row, terms) in rows {
        if is_there(batch.db, row, &terms)? {
            unlisting::take_out(batch.db, &mut batch.unlisting, row, &terms)?;
        }
    }
    Ok(())
}

fn is_there(db: &Connection, row: i64, terms: &str) -> Result<bool> {
    let term = terms.split(' ').next().unwrap_or_default();
    let find = || -> Own<bool> {
        let mut statement = db.prepare_cached("SELECT 1 FROM search WHERE search MATCH ?1 AND rowid = ?2")?;
        Ok(statement.exists(bound![format!("\"{term}\""), row])?)
    };
    Ok(find()?)
}

fn write(db: &Connection, rows: &[(i64, String)]) -> Result<()> {
    let write = || -> Own<()> {
        let mut statement = db.prepare_cached("INSERT INTO search (rowid, terms) VALUES (?1, ?2)")?;
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
        return tell(db, sql, bound![asked.above.sql(), asked.below.sql()], asked, u64::MAX, each);
    };
    let sql = "SELECT f.rowid, m.group_id, m.seq FROM search AS f CROSS JOIN messages AS m ON m.id = f.rowid
               WHERE f.search MATCH ?1 AND f.rowid > ?2 AND f.rowid < ?3 ORDER BY f.rowid DESC";
    tell(db, sql, bound![question, asked.above.sql(), asked.below.sql()], asked, u64::MAX, each)
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
               WHERE f.search MATCH ?1 AND f.rowid < 0 ORDER BY f.rowid";
    tell(db, sql, bound![question], asked, limit, each)
}

fn tell(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    asked: &Asked,
    limit: u64,
    each: EachCandidate<'_>,
) -> Result<()> {
    let mut statement = db.prepare_cached(sql).map_err(Failure::from)?;
    let mut rows = statement.query(params).map_err(Failure::from)?;
    let (mut told, mut passed_over) = (0, 0);
    while let Some(row) = rows.next().map_err(Failure::from)? {
        let number = |at| -> Result<u64> {
            let number: i64 = row.get(at).map_err(Failure::from)?;
            Ok(number.unsigned_abs())
        };
        let (group, seq) = (GroupId(number(1)?), Seq(number(2)?));
        let places = if asked.groups.binary_search(&group).is_ok() {
            told += 1;
            sight::at(seq)
        } else {
            passed_over += 1;
            if passed_over % PASSED_OVER != 0 {
                continue;
            }
            Span { after: seq, to: seq }
        };
        let candidate = Candidate { group, places, last: MessageId(number(0)?) };
        if each(candidate)?.is_break() || told == limit {
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

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    /// What is asked of somebody in so many groups that the index is not asked for them.
    fn asked() -> Asked {
        let (above, below) = (MessageId(0), MessageId(10_000));
        Asked {
            clauses: vec![vec![Term::Whole("plan".into())]],
            groups: (1..=100).map(GroupId).collect(),
            above,
            below,
        }
    }

    /// An index in which everybody says the same, of groups in the order in which they say it.
    fn index(table: &str, sign: i64, groups: impl IntoIterator<Item = u64>) -> Connection {
        let db = Connection::open_in_memory().expect("it is opened");
        db.execute_batch(
            "CREATE VIRTUAL TABLE search USING fts5(terms, content='', columnsize=0, detail=none, tokenize='ascii');
             CREATE TABLE messages (id INTEGER PRIMARY KEY, group_id INTEGER, seq INTEGER);
             CREATE TABLE words (id INTEGER PRIMARY KEY, group_id INTEGER, seq INTEGER);",
        )
        .expect("tables");
        for (number, group) in (1_i64..).zip(groups) {
            let sql = format!("INSERT INTO {table} VALUES (?1, ?2, ?1)");
            db.execute(&sql, bound![number, group.sql()]).expect("a row");
            write(&db, &[(sign * number, "plan".into())]).expect("an entry");
        }
        db
    }

    #[test]
    fn edits_of_other_groups_take_no_room_of_those_that_are_asked_for() {
        let db = index("words", -1, [7, 1000, 1000]);
        let mut told = Vec::new();
        edited_candidates(&db, &asked(), 1, &mut |candidate| {
            told.push((candidate.group, candidate.places.to));
            Ok(ControlFlow::Continue(()))
        })
        .expect("they are told");
        assert_eq!(told, [(GroupId(7), Seq(1))]);
    }

    #[test]
    fn who_passes_over_much_of_other_groups_says_how_far_it_is() {
        let db = index("messages", 1, std::iter::repeat_n(1000, 3 * PASSED_OVER as usize));
        let mut told = Vec::new();
        candidates(&db, &asked(), &mut |candidate| {
            assert!(candidate.is_none());
            told.push(candidate.last.0);
            Ok(if told.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .expect("they are told");
        assert_eq!(told, [2 * PASSED_OVER + 1, PASSED_OVER + 1]);
    }
}
