//! Counters that differ in one label whose values are known beforehand.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

type Label = [(&'static str, &'static str); 1];

/// One counter for each value of a label. All of them are shown from the start, at 0, so that a rate can
/// be computed from the first event on; and counting is a short scan, without hashing and without a lock.
#[derive(Debug, Clone)]
pub struct Counters(Arc<[(&'static str, Counter)]>);

impl Counters {
    pub(crate) fn register(
        registry: &mut Registry,
        name: &str,
        help: &str,
        label: &'static str,
        values: &[&'static str],
    ) -> Self {
        let family = Family::<Label, Counter>::default();
        registry.register(name, help, family.clone());
        Self::of(&family, label, values)
    }

    /// Counters that no registry shows, for tests.
    #[cfg(test)]
    pub(crate) fn unregistered(label: &'static str, values: &[&'static str]) -> Self {
        Self::of(&Family::default(), label, values)
    }

    fn of(family: &Family<Label, Counter>, label: &'static str, values: &[&'static str]) -> Self {
        Self(values.iter().map(|&value| (value, family.get_or_create_owned(&[(label, value)]))).collect())
    }

    /// Counts one of `value`, which must be one of the values this was made with.
    pub fn inc(&self, value: &str) {
        let counter = self.counter(value);
        debug_assert!(counter.is_some(), "no counter is made for {value}");
        if let Some(counter) = counter {
            counter.inc();
        }
    }

    /// How many of `value` were counted.
    pub fn get(&self, value: &str) -> u64 {
        self.counter(value).map_or(0, Counter::get)
    }

    fn counter(&self, value: &str) -> Option<&Counter> {
        self.0.iter().find(|(known, _)| *known == value).map(|(_, counter)| counter)
    }
}
