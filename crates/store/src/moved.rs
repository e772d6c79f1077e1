//! What a database tells of which groups have moved.

use rim_core::GroupId;

/// What a database calls a moment of its commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(pub String);

/// Which groups have moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// What is committed later is asked for with this.
    pub to: Mark,
    /// Each once. `None`: it is not known, so any may have.
    pub groups: Option<Vec<GroupId>>,
}
