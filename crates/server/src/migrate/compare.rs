//! Whether two tables hold the same.

use std::cmp::Ordering;
use std::collections::VecDeque;

use rim_store::archive::{Archive, Key, Result, Row, Table};
use sha2::{Digest, Sha256};

use super::Progress;

/// A table that is the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub table: &'static str,
    pub rows: u64,
    /// SHA-256 of all rows in the order of their keys, in hex: the same for the same rows in any store.
    pub hash: String,
}

/// What is wrong at the first place where two tables differ. Not what people wrote: it is nobody's business.
pub(super) type Difference = String;

pub(super) async fn compare(
    table: &'static Table,
    source: &mut dyn Archive,
    target: &mut dyn Archive,
    progress: &mut Progress,
) -> Result<std::result::Result<Verified, Difference>> {
    progress.begin("comparing", table.name, source.count(table).await?, 0);
    let (mut expected, mut found) = (Rows::of(table, source), Rows::of(table, target));
    let (mut hash, mut bytes, mut count) = (Sha256::new(), Vec::new(), 0);
    loop {
        tokio::try_join!(expected.fill(), found.fill())?;
        let both = expected.read.len().min(found.read.len());
        if both == 0 {
            break;
        }
        for (expected, found) in expected.read.drain(..both).zip(found.read.drain(..both)) {
            if expected != found {
                return Ok(Err(difference(table, &expected, &found)));
            }
            expected.iter().for_each(|value| value.encode(&mut bytes));
            hash.update(&bytes);
            bytes.clear();
        }
        count += both as u64;
        progress.advance(both as u64);
    }
    match (expected.read.front(), found.read.front()) {
        (Some(row), _) => return Ok(Err(missing(table, row))),
        (_, Some(row)) => return Ok(Err(unexpected(table, row))),
        (None, None) => {}
    }
    progress.end();
    let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Ok(Verified { table: table.name, rows: count, hash }))
}

/// The rows of a table, from the first on.
struct Rows<'a> {
    table: &'static Table,
    archive: &'a mut dyn Archive,
    read: VecDeque<Row>,
    /// Up to where they were read.
    above: Option<Key>,
}

impl<'a> Rows<'a> {
    fn of(table: &'static Table, archive: &'a mut dyn Archive) -> Self {
        Self { table, archive, read: VecDeque::new(), above: None }
    }

    /// Reads on, where nothing is left. Then nothing is left at the end alone.
    async fn fill(&mut self) -> Result<()> {
        if self.read.is_empty() {
            self.read = self.archive.rows(self.table, self.above.as_deref()).await?.into();
            if let Some(last) = self.read.back() {
                self.above = Some(last[..self.table.key].to_vec());
            }
        }
        Ok(())
    }
}

fn difference(table: &Table, expected: &Row, found: &Row) -> Difference {
    match expected[..table.key].cmp(&found[..table.key]) {
        Ordering::Less => missing(table, expected),
        Ordering::Greater => unexpected(table, found),
        Ordering::Equal => {
            let values = table.columns.iter().zip(expected.iter().zip(found));
            let differing = values.filter(|(_, (expected, found))| expected != found);
            let columns: Vec<_> = differing.map(|(column, _)| column.name).collect();
            format!("{}: another {}", key(table, expected), columns.join(", "))
        }
    }
}

fn missing(table: &Table, row: &Row) -> Difference {
    format!("{}: it is missing", key(table, row))
}

fn unexpected(table: &Table, row: &Row) -> Difference {
    format!("{}: it should not be there", key(table, row))
}

fn key(table: &Table, row: &Row) -> String {
    let named = table.key_columns().iter().zip(row).map(|(column, value)| format!("{} {value}", column.name));
    named.collect::<Vec<_>>().join(", ")
}
