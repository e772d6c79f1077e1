//! The specification of a bus, as claims that every implementation must meet.
//!
//! An implementation calls [`bus_suite!`](crate::bus_suite) in its tests with a function that makes a
//! [`Fixture`], and gets one test for each claim. A claim is a story about some [`Node`](world::Node)s on one
//! bus. Nobody waits for time to pass: that nothing was heard is known when that was heard which came after it.
//!
//! A new claim is a function here and a name in the list below; a test of this module compares the two.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::world::World;
use super::{Bus, Hearing};

pub mod closing;
pub mod everybody;
pub mod overflow;
pub mod payloads;
pub mod topics;
pub mod world;

/// The bus as one node has it.
pub type Connected = (Arc<dyn Bus>, Hearing);

/// One bus, with nobody else on it.
#[async_trait]
pub trait Fixture: Send {
    /// Connects another node, whose hearing has room for `room` hints, and returns when it hears what the
    /// others publish to everybody from now on.
    async fn join(&mut self, room: usize) -> Connected;
}

/// Longer than any claim takes, so that one that waits for ever fails under its own name.
const PATIENCE: Duration = Duration::from_secs(600);

/// Tells one story on a bus of its own.
pub fn run<F: Fixture + 'static>(fixture: impl AsyncFnOnce() -> F, claim: impl AsyncFnOnce(&mut World)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let story = async {
            let mut world = World::new(Box::new(fixture().await));
            claim(&mut world).await;
            world.close().await;
        };
        tokio::time::timeout(PATIENCE, story).await.expect("what should be heard is not");
    });
}

/// Makes a test of every claim, for the bus that the fixture function makes.
///
/// ```text
/// async fn fixture() -> impl rim_core::bus::suite::Fixture { … }
/// rim_core::bus_suite!(fixture);
/// ```
#[macro_export]
macro_rules! bus_suite {
    ($fixture:ident) => {
        $crate::bus_claims! { $fixture
            everybody {
                every_other_node_hears_what_is_for_everybody
                a_node_does_not_hear_itself
                many_who_publish_at_once_are_all_heard
                one_who_joins_late_hears_what_comes_then
                an_open_bus_is_ready
            }
            topics {
                those_who_have_subscribed_hear_a_topic
                a_node_does_not_hear_itself_on_a_topic_either
                what_nobody_has_subscribed_to_is_not_heard
                an_ended_subscription_is_not_heard
                an_ended_subscription_of_one_is_none_of_another
                a_topic_is_subscribed_to_again
                subscribing_twice_is_subscribing_once
                ending_what_never_began_changes_nothing
                a_user_and_a_group_of_one_number_are_two_topics
                topics_with_a_common_beginning_are_different
                many_topics_are_heard_and_each_by_its_name
                among_many_topics_the_ended_ones_are_silent
            }
            payloads {
                every_byte_comes_as_it_was
                an_empty_hint_is_a_hint
                the_largest_hint_is_heard
                a_larger_one_is_lost_and_harms_no_other
            }
            overflow {
                what_finds_the_hearing_full_is_missed
                missed_hints_of_one_node_are_none_of_another
                publishing_waits_for_nobody
            }
            closing {
                what_was_published_before_closing_is_heard
                a_closed_bus_hears_nothing_and_ends
                a_closed_bus_tells_nobody_and_is_not_ready
                closing_twice_is_closing_once
                the_others_go_on
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! bus_claims {
    ($fixture:ident $($subject:ident { $($claim:ident)* })*) => {
        $(
            mod $subject {
                $(
                    #[test]
                    fn $claim() {
                        $crate::bus::suite::run(super::$fixture, $crate::bus::suite::$subject::$claim);
                    }
                )*
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_claim_is_in_the_list() {
        let subjects = [
            ("everybody", include_str!("everybody.rs")),
            ("topics", include_str!("topics.rs")),
            ("payloads", include_str!("payloads.rs")),
            ("overflow", include_str!("overflow.rs")),
            ("closing", include_str!("closing.rs")),
        ];
        crate::claims::are_listed(include_str!("mod.rs"), &subjects);
    }
}
