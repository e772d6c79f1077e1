//! Which store this is.

/// What tells a store from all others, and its present from what it was before a backup took its place.
///
/// `rev`s, `seq`s and ids mean something only together with it: whoever knew another one starts anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Random text, made with the store; it stays whatever is restored, and goes along when a store is moved.
    pub id: String,
    /// Random, and another after every restore; never 0 in a store that is open, and below 2^53.
    pub epoch: u64,
}
