//! What leaves the index of words in pieces, each in a commit of its own, so that people's messages never wait for long.
//!
//! To take one term out the index looks for its page and writes it anew, which takes some 20 microseconds, and a message may have
//! tens of thousands of terms. So a commit takes out as many as it has time for, and writes down the others, which go with the
//! commits right behind it. An index that is made anew is put aside as a whole, and then goes in pieces, too.
//!
//! The writer does this by itself, as long as there is anything to be done, and goes on with it at its next start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, OptionalExtension, params};

use crate::failure::Result;

/// Terms that one commit takes out: five milliseconds.
const TERMS: usize = 256;
/// How long a piece takes, in rows.
pub(crate) const COST: usize = 512;
/// Rows of an index that was put aside, of some 4 KB each, that go together: about as long.
const PAGES: usize = 256;
/// Rows that say where its pages are.
const PLACES: usize = 4096;

/// How an index is made, and how its parts are called that take room.
const CREATE: &str =
    "CREATE VIRTUAL TABLE search USING fts5(terms, content='', columnsize=0, detail=none, tokenize='ascii');
     INSERT INTO search (search, rank) VALUES ('secure-delete', 1), ('automerge', 0), ('usermerge', 8);";

/// What is still to be taken out, as far as the writer knows.
#[derive(Default)]
pub(crate) struct Unlisting {
    /// Terms that the open transaction has taken out.
    taken_out: usize,
    waits: bool,
    /// Whether a piece waits in the queue.
    queued: Arc<AtomicBool>,
}

impl Unlisting {
    /// What another process has left.
    pub(crate) fn load(db: &Connection) -> Result<Self> {
        let waits = has_terms(db)? || aside(db)?.is_some();
        Ok(Self { waits, ..Self::default() })
    }

    pub(crate) fn begin(&mut self) {
        self.taken_out = 0;
    }

    /// A piece, if there is one to be done and it does not wait already.
    pub(crate) fn next_piece(&self) -> Option<Piece> {
        (self.waits && !self.queued.swap(true, Ordering::Relaxed))
            .then(|| Piece { queued: Arc::clone(&self.queued) })
    }

    /// Does a piece. One that fails is left for the next start, and for what is wiped next.
    pub(crate) fn go_on(&mut self, db: &Connection) -> Result<()> {
        self.waits = false;
        self.waits = do_a_piece(db)?;
        Ok(())
    }
}

/// A piece that waits in the queue of the writer, as long as this is there.
pub(crate) struct Piece {
    queued: Arc<AtomicBool>,
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.queued.store(false, Ordering::Relaxed);
    }
}

/// Takes a row with these terms out of the index, now or a little later.
pub(crate) fn take_out(db: &Connection, unlisting: &mut Unlisting, row: i64, terms: &str) -> Result<()> {
    let room = TERMS.saturating_sub(unlisting.taken_out);
    // One goes in any case: with it the row is one row less.
    let mut pieces = Pieces { rest: terms, size: room.max(1) };
    let Some(first) = pieces.next() else { return Ok(()) };
    unlisting.taken_out += delete(db, row, first)?;
    pieces.size = TERMS;
    for terms in pieces {
        unlisting.waits = true;
        db.prepare_cached("INSERT INTO unlisting (row, terms) VALUES (?1, ?2)")?
            .execute(params![row, terms])?;
    }
    Ok(())
}

/// Terms with blanks between, so many together.
struct Pieces<'t> {
    rest: &'t str,
    size: usize,
}

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.match_indices(' ').nth(self.size - 1);
        let (piece, rest) =
            end.map_or((self.rest, ""), |(end, _)| (&self.rest[..end], &self.rest[end + 1..]));
        self.rest = rest;
        Some(piece)
    }
}

/// How many terms these are.
fn delete(db: &Connection, row: i64, terms: &str) -> Result<usize> {
    let sql = "INSERT INTO search (search, rowid, terms) VALUES ('delete', ?1, ?2)";
    db.prepare_cached(sql)?.execute(params![row, terms])?;
    Ok(terms.split(' ').count())
}

/// Puts the index aside, and begins an empty one. Until the other is gone it has the terms of what is wiped meanwhile.
pub(crate) fn put_aside(db: &Connection, unlisting: &mut Unlisting) -> Result<()> {
    let sql = "SELECT coalesce(max(CAST(substr(name, 7) AS INTEGER)), 0) + 1 FROM sqlite_schema
               WHERE type = 'table' AND name GLOB 'aside_[0-9]*'";
    let number: i64 = db.query_row(sql, [], |row| row.get(0))?;
    // Tables that are no index any more: whatever is missing in them is no damage.
    db.execute_batch(&format!(
        "ALTER TABLE search_data RENAME TO aside_{number}_data;
         ALTER TABLE search_idx RENAME TO aside_{number}_idx;
         DROP TABLE search;
         {CREATE}
         UPDATE unlisting SET terms = '';"
    ))?;
    unlisting.waits = true;
    Ok(())
}

/// A table of an index that was put aside.
fn aside(db: &Connection) -> Result<Option<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'aside_[0-9]*' ORDER BY name LIMIT 1";
    Ok(db.query_row(sql, [], |row| row.get(0)).optional()?)
}

fn has_terms(db: &Connection) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM unlisting")?.exists([])?)
}

/// Does a piece; whether there are more.
fn do_a_piece(db: &Connection) -> Result<bool> {
    let sql = "SELECT id, row, terms FROM unlisting WHERE terms <> '' ORDER BY id LIMIT 1";
    let found = db
        .prepare_cached(sql)?
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?)));
    if let Some((id, row, terms)) = found.optional()? {
        // The table counts a row less with each of these, and below none it takes that for damage. This row was counted with its
        // first terms.
        db.prepare_cached("INSERT INTO search (rowid, terms) VALUES (?1, '')")?.execute([row])?;
        delete(db, row, &terms)?;
        db.prepare_cached("UPDATE unlisting SET terms = '' WHERE id = ?1")?.execute([id])?;
        return Ok(true);
    }
    if has_terms(db)? {
        db.execute("DELETE FROM unlisting", [])?;
    }
    let Some(table) = aside(db)? else { return Ok(false) };
    // Their pages are overwritten when they are free, as all that is removed.
    let (key, count) = if table.ends_with("_data") { ("id", PAGES) } else { ("segid, term", PLACES) };
    let sql = format!(
        "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} ORDER BY {key} LIMIT {count})"
    );
    if db.execute(&sql, [])? < count {
        db.execute_batch(&format!("DROP TABLE {table}"))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Connection {
        let db = Connection::open_in_memory().expect("it is opened");
        let table = "CREATE TABLE unlisting (id INTEGER PRIMARY KEY, row INTEGER, terms TEXT);";
        db.execute_batch(&format!("{CREATE} {table}")).expect("tables");
        db
    }

    fn list(db: &Connection, row: i64, terms: &str) {
        db.execute("INSERT INTO search (rowid, terms) VALUES (?1, ?2)", params![row, terms])
            .expect("an entry");
    }

    fn terms(count: usize) -> String {
        (0..count).map(|nth| format!("t{nth:05}")).collect::<Vec<_>>().join(" ")
    }

    /// How many terms a row has.
    fn listed(db: &Connection, row: i64) -> usize {
        db.execute_batch(
            "INSERT INTO search (search) VALUES ('integrity-check');
             CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab (main, search, instance);",
        )
        .expect("the index is whole");
        let sql = "SELECT count(*) FROM words WHERE doc = ?1";
        db.query_row(sql, [row], |row| row.get(0)).expect("a count")
    }

    /// Pieces that are done until nothing is left.
    fn finish(db: &Connection) -> usize {
        (0..).take_while(|_| do_a_piece(db).expect("it is done")).count()
    }

    #[test]
    fn what_one_commit_does_not_take_out_the_next_ones_do_whoever_makes_them() {
        let db = index();
        let long = terms(3 * TERMS + 1);
        list(&db, 1, &long);
        list(&db, 2, "t00001");
        let mut unlisting = Unlisting::load(&db).expect("read");
        assert!(unlisting.next_piece().is_none());
        unlisting.begin();
        take_out(&db, &mut unlisting, 1, &long).expect("it is taken out");
        assert_eq!(listed(&db, 1), 2 * TERMS + 1);
        // In the same commit there is no time for another.
        list(&db, 3, "x y z");
        take_out(&db, &mut unlisting, 3, "x y z").expect("it is taken out");
        assert_eq!(listed(&db, 3), 2);
        assert!(do_a_piece(&db).expect("it is done"));
        assert_eq!((listed(&db, 1), listed(&db, 3)), (TERMS + 1, 2));
        // It is ended in between.
        let unlisting = Unlisting::load(&db).expect("read");
        let piece = unlisting.next_piece().expect("there is something left");
        assert!(unlisting.next_piece().is_none(), "one at a time");
        drop(piece);
        assert!(unlisting.next_piece().is_some());
        assert_eq!(finish(&db), 3);
        assert_eq!((listed(&db, 1), listed(&db, 2), listed(&db, 3)), (0, 1, 0));
        assert!(!has_terms(&db).expect("read"), "nor does it stand anywhere else");
        assert!(Unlisting::load(&db).expect("read").next_piece().is_none());
    }

    #[test]
    fn rows_that_leave_piece_by_piece_are_counted_once() {
        let db = index();
        let long = terms(20 * TERMS);
        for row in 1..=3 {
            list(&db, row, &long);
            let mut unlisting = Unlisting::default();
            take_out(&db, &mut unlisting, row, &long).expect("it is taken out");
            finish(&db);
        }
        // Else it would say that there are fewer than none, which it takes for damage.
        list(&db, 4, "last");
        take_out(&db, &mut Unlisting::default(), 4, "last").expect("it is taken out");
        assert_eq!(listed(&db, 4), 0);
    }

    #[test]
    fn an_index_that_was_put_aside_goes_in_pieces_while_the_next_is_made() {
        let db = index();
        for row in 1..=2_000 {
            list(&db, row, &terms(100));
        }
        let mut unlisting = Unlisting::default();
        take_out(&db, &mut unlisting, 7, &terms(100)).expect("it is taken out");
        for _ in 0..2 {
            put_aside(&db, &mut unlisting).expect("it is put aside");
            list(&db, 7, &terms(3));
        }
        assert!(unlisting.next_piece().is_some());
        assert_eq!(listed(&db, 7), 3);
        assert!(do_a_piece(&db).expect("it is done"));
        list(&db, 8, "more");
        assert!(finish(&db) >= 3, "each of two has two tables");
        assert_eq!((listed(&db, 7), listed(&db, 8)), (3, 1));
        assert_eq!(aside(&db).expect("read"), None);
    }
}
