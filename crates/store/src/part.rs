//! Lists that are read piece by piece.

use std::ops::ControlFlow;

use rim_core::size::Size;

use crate::Value;
use crate::database::{Fields, Read};
use crate::failure::Result;

/// The next rows of a list, as many as there is room for, and where the rest of it begins; `None` at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T, R> {
    pub rows: Vec<T>,
    pub rest: Option<R>,
}

/// Rows of a list that are read together, of which those are answered that fit: the limit of the statement.
pub(crate) const AT_ONCE: u64 = 200;

/// Those of the first [`AT_ONCE`] rows that fit into so many bytes, at least one; the list goes on behind the key of the
/// last.
pub(crate) fn read<T: Size, R>(
    db: &dyn Read,
    sql: &'static str,
    params: &[Value<'_>],
    bytes: usize,
    read: impl Fn(Fields<'_>) -> Result<T>,
    key: impl Fn(&T) -> R,
) -> Result<Part<T, R>> {
    let (mut rows, mut taken, mut more) = (Vec::new(), 0, false);
    db.rows(sql, params, &mut |row| {
        let next = read(row)?;
        taken += next.size_bytes();
        if taken > bytes && !rows.is_empty() {
            more = true;
            return Ok(ControlFlow::Break(()));
        }
        rows.push(next);
        Ok(ControlFlow::Continue(()))
    })?;
    more |= rows.len() as u64 == AT_ONCE;
    let rest = rows.last().filter(|_| more).map(key);
    Ok(Part { rows, rest })
}
