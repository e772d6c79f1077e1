//! What commits did, on its way from a store to whoever tells the users.

use std::task::Waker;

use rim_core::event::Change;
use rim_core::message::Written;

use crate::StoreError;

/// Called once with what became of a submitted write. Returns who is to be woken for it.
pub type Done = Box<dyn FnOnce(Result<Written, StoreError>) -> Sleeper + Send>;

/// A [`Done`] that leaves nobody to be woken.
pub fn callback(call: impl FnOnce(Result<Written, StoreError>) + Send + 'static) -> Done {
    Box::new(move |result| {
        call(result);
        Sleeper::nobody()
    })
}

/// A task that has got something to do, and sleeps until it is woken: at once, or together with others by whoever
/// collects them. If this is dropped it is woken, so none sleeps for ever.
#[must_use = "wake it at once, or collect it to be woken later"]
#[derive(Debug)]
pub struct Sleeper(Option<Waker>);

impl Sleeper {
    /// There is nobody to be woken, or somebody else does it.
    pub const fn nobody() -> Self {
        Self(None)
    }

    /// Wakes it now.
    pub fn wake(self) {
        drop(self);
    }

    /// What wakes it, for a collection: whoever takes it has to use it.
    pub fn into_waker(mut self) -> Option<Waker> {
        self.0.take()
    }
}

impl From<Waker> for Sleeper {
    fn from(waker: Waker) -> Self {
        Self(Some(waker))
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}

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
