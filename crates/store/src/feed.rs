//! What commits did, on its way from a store to whoever tells the users.

use rim_core::event::Change;
use rim_core::message::Written;

use crate::StoreError;

/// Called once with what became of a submitted write.
pub type Done = Box<dyn FnOnce(Result<Written, StoreError>) + Send>;

/// One entry of the feed. Entries come in commit order, an answer before the change it answers for.
pub enum Committed {
    /// A submitted write is through, or was refused: call `done`.
    Answer { done: Done, result: Result<Written, StoreError> },
    /// Something changed that users should hear of.
    Change(Change),
}

/// Receives what each commit did, one vector a commit. Bounded: a store that finds it full waits, its own
/// queue fills, and new writes are answered "busy".
pub type Feed = tokio::sync::mpsc::Receiver<Vec<Committed>>;
