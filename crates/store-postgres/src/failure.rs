//! What can go wrong inside a use case.

use deadpool_postgres::PoolError;
use rim_core::Refusal;
use rim_store::StoreError;
use tokio_postgres::error::{Severity, SqlState};

use crate::causes::describe;

pub(crate) type Result<T> = std::result::Result<T, Failure>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database does not answer now, or not in time, or two were in each other's way. Nothing was changed,
    /// and another try may do.
    #[error("{0}")]
    Away(String),
    /// As `Away`, but without a last word of the server: of a statement that is its own transaction nobody knows whether
    /// it was carried out.
    #[error("{0}")]
    Lost(String),
    /// As `Away`, and the connection is of no more use.
    #[error("the database does not answer in time")]
    Late,
    #[error("the database fails: {}", describe(.0))]
    Postgres(#[source] tokio_postgres::Error),
    /// The answer to a COMMIT was lost.
    #[error("whether it was committed is not known: {0}")]
    Unsure(String),
    /// A value that no rim writes.
    #[error("table {table}, column {column}, row {row}: a value that means nothing: {value}")]
    Corrupt { table: String, column: String, row: String, value: String },
    #[error("a use case panicked; see the log")]
    Panicked,
}

impl Failure {
    /// Whether nothing was changed, and another try may do.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Lost(_) | Self::Late)
    }

    /// Of a COMMIT. Where the server itself says no, and goes on, nothing was committed.
    pub(crate) fn of_commit(error: tokio_postgres::Error) -> Self {
        if says_no(&error) { error.into() } else { Self::Unsure(describe(&error)) }
    }
}

/// Whether the server itself has said no, and goes on with the connection.
fn says_no(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().and_then(|error| error.parsed_severity()) == Some(Severity::Error)
}

impl From<rim_store::Failure> for Failure {
    fn from(failure: rim_store::Failure) -> Self {
        match failure {
            rim_store::Failure::Refused(refusal) => Self::Refused(refusal),
            rim_store::Failure::Overtaken(why) => Self::Away(why.into()),
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
            Failure::Away(_) | Failure::Lost(_) | Failure::Late => {
                tracing::debug!(why = %failure, "a use case is answered with \"busy\"");
                Self::Busy
            }
            Failure::Unsure(why) => {
                tracing::error!(%why, "what became of a COMMIT could not be found out");
                Self::Unsure
            }
            other => Self::Fault(other.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        if is_passing(&error) {
            let why = format!("the database fails: {}", describe(&error));
            if says_no(&error) { Self::Away(why) } else { Self::Lost(why) }
        } else {
            Self::Postgres(error)
        }
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(_) => Self::Late,
            PoolError::Backend(error) => {
                Self::Away(format!("cannot connect to the database: {}", describe(&error)))
            }
            other => Self::Away(other.to_string()),
        }
    }
}

/// Whether the same may succeed a little later, on another connection.
fn is_passing(error: &tokio_postgres::Error) -> bool {
    // Without a word of the server: the connection broke.
    let Some(code) = error.code() else {
        return error.is_closed()
            || std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>());
    };
    // Whole classes: connection exception, transaction rollback, insufficient resources, operator intervention
    // (which is also what a statement that took too long ends with).
    ["08", "40", "53", "57"].iter().any(|class| code.code().starts_with(class))
        || [
            SqlState::LOCK_NOT_AVAILABLE,
            // A server that has become a standby, until the connection is made to the new primary.
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
}
