//! Locks that have a name: as PostgreSQL's advisory locks, of a kind of their own.

/// What those hold who want one, beside its name.
pub(crate) const NAMES: i32 = 0x7269_6d61;
