//! How long things took.

use std::time::Duration;

use hdrhistogram::Histogram;

/// What took longer is counted as this.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Durations that were measured. Their number does not matter: they are counted, not kept.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Self {
        // Three digits are more than two runs agree in.
        let histogram = Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 3);
        Self(histogram.expect("an hour and three digits are allowed"))
    }

    pub(crate) fn add(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_record(nanoseconds);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The duration that `percent` of all took at the most.
    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_percentile(percent))
    }

    pub(crate) fn max(&self) -> Duration {
        Duration::from_nanos(self.0.max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_added() {
        let mut latencies = Latencies::new();
        (1..=1000).for_each(|number| latencies.add(Duration::from_micros(number)));

        assert_eq!(latencies.count(), 1000);
        // Of three digits: 500 may be told as 500.2.
        let near = |found: Duration, expected: u64| {
            let expected = Duration::from_micros(expected);
            assert!(found.abs_diff(expected) * 1000 <= expected, "{found:?} for {expected:?}");
        };
        near(latencies.percentile(50.0), 500);
        near(latencies.percentile(99.0), 990);
        near(latencies.max(), 1000);
    }

    #[test]
    fn without_durations_everything_is_zero() {
        let latencies = Latencies::new();
        assert_eq!(
            (latencies.count(), latencies.percentile(99.0), latencies.max()),
            (0, Duration::ZERO, Duration::ZERO)
        );
    }

    #[test]
    fn one_that_took_for_ever_is_counted_as_an_hour() {
        let mut latencies = Latencies::new();
        latencies.add(Duration::MAX);
        assert_eq!(latencies.count(), 1);
        assert!(latencies.max() >= LONGEST && latencies.max() < LONGEST * 2);
    }
}
