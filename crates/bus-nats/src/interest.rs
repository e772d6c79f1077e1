//! Which topics a node wants to hear, and what it asks the server for so that it does.
//!
//! A subscription of the client costs 5 KiB. So topics are asked for one by one while they are few, and by the
//! bucket where a node has many in it; what comes besides is dropped here. A node never has more than
//! [`SINGLE_TOPICS`] × 512 subscriptions.

use std::collections::{BTreeSet, HashMap, HashSet};

use parking_lot::Mutex;
use rim_core::event::Topic;
use tokio::sync::Notify;

use crate::subjects::Bucket;

/// So many topics of one bucket are asked for one by one.
pub(crate) const SINGLE_TOPICS: usize = 64;

/// Shared by whoever subscribes and the task that asks the server. Subscribing changes what is wanted, and how
/// often it did between two looks of the task is the same to it: so nothing here is a queue that fills.
#[derive(Default)]
pub(crate) struct Interest {
    // Held for some instructions, and never across an await.
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    buckets: HashMap<Bucket, Wanted>,
    changed: BTreeSet<Bucket>,
}

#[derive(Default)]
struct Wanted {
    topics: HashSet<Topic>,
    /// Asked for as a whole: from more than [`SINGLE_TOPICS`] topics on, until they are half as many.
    whole: bool,
}

/// One thing to ask the server for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Filter {
    Topic(Topic),
    Whole(Bucket),
}

impl Interest {
    pub fn add(&self, topic: Topic) {
        self.change(topic, |topics| topics.insert(topic));
    }

    pub fn remove(&self, topic: Topic) {
        self.change(topic, |topics| topics.remove(&topic));
    }

    fn change(&self, topic: Topic, change: impl FnOnce(&mut HashSet<Topic>) -> bool) {
        let bucket = Bucket::of(topic);
        let mut state = self.state.lock();
        let wanted = state.buckets.entry(bucket).or_default();
        if change(&mut wanted.topics) && wanted.changes_filters() {
            state.changed.insert(bucket);
            self.changed.notify_one();
        }
    }

    pub fn contains(&self, topic: Topic) -> bool {
        let state = self.state.lock();
        state.buckets.get(&Bucket::of(topic)).is_some_and(|wanted| wanted.topics.contains(&topic))
    }

    /// Waits for a bucket of which something else is to be asked for than before. Each change is told once.
    pub async fn changed(&self) -> Bucket {
        loop {
            if let Some(bucket) = self.next_changed() {
                return bucket;
            }
            self.changed.notified().await;
        }
    }

    /// The same, if there is one now.
    pub fn next_changed(&self) -> Option<Bucket> {
        self.state.lock().changed.pop_first()
    }

    /// What to ask for, of this bucket.
    pub fn filters(&self, bucket: Bucket) -> HashSet<Filter> {
        let state = self.state.lock();
        match state.buckets.get(&bucket) {
            None => HashSet::new(),
            Some(wanted) if wanted.whole => HashSet::from([Filter::Whole(bucket)]),
            Some(wanted) => wanted.topics.iter().copied().map(Filter::Topic).collect(),
        }
    }
}

impl Wanted {
    /// Whether the server must be asked for something else, now that a topic has come or gone.
    fn changes_filters(&mut self) -> bool {
        let was_whole = self.whole;
        let enough = if was_whole { SINGLE_TOPICS / 2 } else { SINGLE_TOPICS };
        self.whole = self.topics.len() > enough;
        !(was_whole && self.whole)
    }
}

#[cfg(test)]
mod tests {
    use rim_core::GroupId;

    use super::*;

    /// The topics of one bucket.
    fn topic(number: usize) -> Topic {
        Topic::Group(GroupId(3 + 256 * number as u64))
    }

    fn filters(interest: &Interest) -> Vec<Filter> {
        interest.filters(Bucket::of(topic(0))).into_iter().collect()
    }

    #[test]
    fn few_topics_are_asked_for_one_by_one_and_many_as_a_whole() {
        let interest = Interest::default();
        let bucket = Bucket::of(topic(0));
        for number in 0..SINGLE_TOPICS {
            interest.add(topic(number));
            assert_eq!(interest.next_changed(), Some(bucket));
            assert_eq!(filters(&interest).len(), number + 1);
        }
        interest.add(topic(SINGLE_TOPICS));
        assert_eq!(interest.next_changed(), Some(bucket));
        assert_eq!(filters(&interest), [Filter::Whole(bucket)]);
        interest.add(topic(1000));
        assert_eq!(interest.next_changed(), None, "it is asked for already");
        assert!(interest.contains(topic(1000)) && !interest.contains(topic(1001)));
    }

    #[test]
    fn a_whole_bucket_is_given_up_when_half_as_many_are_left() {
        let interest = Interest::default();
        (0..=SINGLE_TOPICS).for_each(|number| interest.add(topic(number)));
        while interest.next_changed().is_some() {}
        (SINGLE_TOPICS / 2 + 1..=SINGLE_TOPICS).for_each(|number| interest.remove(topic(number)));
        assert_eq!(interest.next_changed(), None);
        interest.remove(topic(0));
        assert_eq!(interest.next_changed(), Some(Bucket::of(topic(0))));
        assert_eq!(filters(&interest).len(), SINGLE_TOPICS / 2);
        assert!(!filters(&interest).contains(&Filter::Topic(topic(0))));
    }

    #[test]
    fn what_changes_nothing_is_not_told() {
        let interest = Interest::default();
        interest.add(topic(1));
        assert!(interest.next_changed().is_some());
        interest.add(topic(1));
        interest.remove(topic(2));
        assert_eq!(interest.next_changed(), None);
    }
}
