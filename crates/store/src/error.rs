//! Why a use case was not carried out.

use rim_core::Refusal;

pub type Result<T> = std::result::Result<T, StoreError>;

/// What was asked of the store was not done. Nothing was changed, whichever it is but `Unsure`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A queue is full. The caller may try again.
    #[error("the server is busy, try again")]
    Busy,
    /// The backend failed. The text is for the log, not for users.
    #[error("store: {0}")]
    Fault(String),
    /// It was carried out or not: the answer of the backend was lost, and what came of it could not be found out. A
    /// message that is sent again is stored once. Or a part of a large change was.
    #[error("it is not known whether this was stored: send it again with the same clientMsgId")]
    Unsure,
}
