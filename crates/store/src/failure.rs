//! What can go wrong inside of a use case.

use std::error::Error;

use rim_core::Refusal;

pub type Result<T> = std::result::Result<T, Failure>;

/// Why a use case comes to no end. Its database turns it into a [`crate::StoreError`].
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Somebody else has just changed what it began with. Another try may do.
    #[error("{0}")]
    Overtaken(&'static str),
    /// A value that no rim writes.
    #[error("table {table}, column {column}, row {row}: a value that means nothing: {value}")]
    Corrupt { table: String, column: String, row: String, value: String },
    /// Of the database: in its own words, and for itself to know what it means.
    #[error(transparent)]
    Database(Box<dyn Error + Send + Sync>),
}
