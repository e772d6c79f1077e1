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
    Corrupt { table: String, column: String, row: String, value: String },
    #[error("a use case panicked; see the log")]
    Panicked,
    /// What cannot be where one writes at a time.
    #[error("{0}")]
    Overtaken(&'static str),
}

impl From<rim_store::Failure> for Failure {
    fn from(failure: rim_store::Failure) -> Self {
        match failure {
            rim_store::Failure::Refused(refusal) => Self::Refused(refusal),
            rim_store::Failure::Overtaken(why) => Self::Overtaken(why),
            rim_store::Failure::Corrupt { table, column, row, value } => {
                Self::Corrupt { table, column, row, value }
            }
            rim_store::Failure::Database(error) => {
                *error.downcast().expect("the database of a use case is this one")
            }
        }
    }
}

impl From<Failure> for rim_store::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            other => Self::Database(Box::new(other)),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            other => Self::Fault(other.to_string()),
        }
    }
}
