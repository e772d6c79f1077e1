//! Why a database cannot be opened.

use tokio_postgres::error::SqlState;

use crate::causes;
use crate::failure::Failure;

/// In words for whoever runs the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database URL is of no use: {0}")]
    Url(String),
    #[error("cannot use the certificates that the database's must be signed by: {0}")]
    Roots(String),
    #[error("cannot connect to the database: {0}")]
    Connect(String),
    /// Of the server's connections others have all.
    #[error(
        "the database has no connection left for this node: {0}; a node holds three from its start and opens up to \
         database-connections + 2, so raise the server's max_connections (or the limit of the role or the database) to \
         that times the number of nodes, or lower database-connections on every node"
    )]
    Full(String),
    /// Going back to an older rim needs a backup from before the update.
    #[error("the database was written by a newer rim: it has version {found}, this rim knows {known}")]
    Newer { found: i64, known: i64 },
    /// For what does not bring it up to date, as a server does when it starts.
    #[error(
        "the database was written by an older rim: it has version {found}, this rim checks {known}; start a server once"
    )]
    Older { found: i64, known: i64 },
    /// See `migrations::ALONE_BELOW`.
    #[error(
        "nodes of an older rim run on it: {names}; stop them, and try again when they are gone for 20 seconds"
    )]
    OldNodes { names: String },
    #[error("the schema holds the tables of another program")]
    NotOurs,
    /// `rim migrate` was broken off; the same command goes on with it.
    #[error("moving {from} here has not come to its end: run `rim migrate` again, or empty the database")]
    Unfinished { from: String },
    #[error("another process is moving something here")]
    BeingFilled,
    /// It can be read, and says what no rim writes.
    #[error("the accounts cannot be read: {0}")]
    Accounts(String),
    #[error("there is no rim in it")]
    Nothing,
    #[error("no schema of the search_path exists")]
    NoSchema,
    #[error("the server is PostgreSQL {0}; rim needs 15 or later")]
    OldServer(String),
    #[error("the database has encoding {0}; rim needs UTF8")]
    Encoding(String),
    /// As where the schema `public` is another's.
    #[error(
        "the role may not do what rim needs: {0}; it should own the database (ALTER DATABASE … OWNER TO …), or the \
         schema that its tables are in"
    )]
    Forbidden(String),
    #[error("the database fails: {0}")]
    Postgres(String),
}

impl From<tokio_postgres::Error> for OpenError {
    /// In words, with all causes: whoever shows it would show them twice if they were its own.
    fn from(error: tokio_postgres::Error) -> Self {
        let text = causes::describe(&error);
        if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
            Self::Forbidden(text)
        } else {
            Self::Postgres(text)
        }
    }
}

impl OpenError {
    pub(crate) fn of_accounts(failure: Failure) -> Self {
        Self::Accounts(failure.to_string())
    }
}
