//! What is counted of searches.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::register::{counter, seconds};
use crate::counters::Counters;

/// How a search may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All was looked at, down to where its page ends.
    Whole,
    /// More than is looked at for one search: in the index yet to come, or in a list.
    Partial,
    /// Its time was over first.
    Late,
    /// Who asked was too fast, or asked for what cannot be.
    Refused,
    /// The store was busy, or failed.
    Failed,
}

impl Outcome {
    const NAMES: [&str; 5] = ["whole", "partial", "late", "refused", "failed"];

    const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Of all searches that this node was asked for.
#[derive(Debug)]
pub struct SearchMetrics {
    outcomes: Counters,
    seconds: Histogram,
    looked_at: Counter,
}

impl SearchMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        Self {
            outcomes: Counters::register(
                registry,
                "rim_searches",
                "Searches: whole, partial as more waits for the index or is listed than is looked at, late after 300 ms, refused as \
                 they came too fast or asked for what cannot be, or failed",
                "outcome",
                &Outcome::NAMES,
            ),
            seconds: seconds(registry, "rim_search_duration", "Time to look for messages"),
            looked_at: counter(registry, "rim_search_looked_at", "Messages that searches have looked at"),
        }
    }

    /// One has ended that was not looked for, or that failed.
    pub fn ended(&self, outcome: Outcome) {
        self.outcomes.inc(outcome.name());
    }

    /// One was answered.
    pub fn answered(&self, outcome: Outcome, elapsed: Duration, looked_at: u64) {
        self.ended(outcome);
        self.seconds.observe(elapsed.as_secs_f64());
        self.looked_at.inc_by(looked_at);
    }
}
