//! What can go wrong inside a use case.

use rim_core::Refusal;
use rim_store::StoreError;

pub(crate) type Result<T> = std::result::Result<T, Failure>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("sqlite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A value that no rim writes.
    #[error("table {table}, column {column}, row {row}: a value that means nothing: {value}")]
    Corrupt { table: &'static str, column: String, row: String, value: String },
    #[error("a use case panicked; see the log")]
    Panicked,
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            other => Self::Fault(other.to_string()),
        }
    }
}
