//! What is counted of consumers, of each by its name.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

type Label = [(&'static str, &'static str); 1];

/// Of all consumers that may run here.
#[derive(Debug, Default)]
pub struct Consumers {
    held: Family<Label, Gauge>,
    messages: Family<Label, Gauge>,
    groups: Family<Label, Gauge>,
    lag: Family<Label, Gauge>,
    consumed: Family<Label, Counter>,
    failed: Family<Label, Counter>,
    passed_over: Family<Label, Counter>,
}

/// Of one of them.
#[derive(Debug, Clone, Default)]
pub struct OfConsumer {
    /// Whether this node holds it.
    pub held: Gauge,
    /// Messages that wait, as far as it is known: at least one of each group.
    pub messages: Gauge,
    /// Groups in which they are.
    pub groups: Gauge,
    /// How long the oldest has waited, in seconds.
    pub lag: Gauge,
    /// Messages that it has seen, each as often as it had changed.
    pub consumed: Counter,
    /// Calls that failed.
    pub failed: Counter,
    /// Messages of which they failed for good.
    pub passed_over: Counter,
}

impl Consumers {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register(
            "rim_consumer_held",
            "Whether this node runs the consumer; of all nodes one does",
            all.held.clone(),
        );
        registry.register(
            "rim_consumer_waiting_messages",
            "Messages that the consumer has not seen, as far as its node knows: at least one of each group",
            all.messages.clone(),
        );
        registry.register(
            "rim_consumer_waiting_groups",
            "Groups of which the consumer has not seen everything",
            all.groups.clone(),
        );
        registry.register(
            "rim_consumer_lag_seconds",
            "How long the oldest of what the consumer has not seen has waited",
            all.lag.clone(),
        );
        registry.register(
            "rim_consumer_consumed",
            "Messages that the consumer has seen, each as often as it had changed",
            all.consumed.clone(),
        );
        registry.register("rim_consumer_failed", "Work of the consumer that failed", all.failed.clone());
        registry.register(
            "rim_consumer_passed_over",
            "Messages of which the work failed for good; the log names each",
            all.passed_over.clone(),
        );
        all
    }

    /// Those of the consumer of this name, which are shown from now on.
    pub fn of(&self, name: &'static str) -> OfConsumer {
        let label = [("consumer", name)];
        OfConsumer {
            held: self.held.get_or_create_owned(&label),
            messages: self.messages.get_or_create_owned(&label),
            groups: self.groups.get_or_create_owned(&label),
            lag: self.lag.get_or_create_owned(&label),
            consumed: self.consumed.get_or_create_owned(&label),
            failed: self.failed.get_or_create_owned(&label),
            passed_over: self.passed_over.get_or_create_owned(&label),
        }
    }
}
