//! Figures for people.

use std::time::Duration;

/// Durations measured, to be shown as percentiles.
#[derive(Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// `p50 … p99 … max …`
    pub(crate) fn summary(mut self) -> String {
        self.0.sort_unstable();
        let at = |part: f64| {
            let index = ((self.0.len() as f64 - 1.0) * part).round().max(0.0) as usize;
            self.0.get(index).copied().unwrap_or_default().as_secs_f64() * 1000.0
        };
        format!("p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(0.5), at(0.99), at(1.0))
    }
}

/// `name: value`, aligned.
pub(crate) fn row(name: &str, value: impl std::fmt::Display) {
    println!("{name:<34} {value}");
}

/// How much one of `count` took of a duration, in microseconds.
pub(crate) fn microseconds_each(total: Duration, count: u64) -> f64 {
    total.as_secs_f64() * 1e6 / count.max(1) as f64
}
