//! What a look over everything that a store keeps has found.

use std::fmt::Display;

/// More findings than this are counted and not kept: who has so many needs a backup and not a list.
const MAX_KEPT: usize = 200;

/// What is there, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Report {
    /// What was looked at, and what cannot be known.
    pub notes: Vec<String>,
    /// What is wrong, a line each; the first of it.
    pub found: Vec<String>,
    /// How much is wrong in all.
    pub count: u64,
}

impl Report {
    pub fn note(&mut self, note: impl Display) {
        self.notes.push(note.to_string());
    }

    pub fn found(&mut self, finding: impl Display) {
        self.count += 1;
        if self.found.len() < MAX_KEPT {
            self.found.push(finding.to_string());
        }
    }
}
