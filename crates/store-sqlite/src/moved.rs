//! In which groups something was said or done lately: what consumers look at.
//!
//! It is in memory, and begins when somebody asks for it first. Who asks again after it was opened anew, or when it has
//! forgotten what came since, is told that it does not know: they compare the heads of all groups with what they have.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::HashSet;
use parking_lot::{Mutex, MutexGuard};
use rim_core::GroupId;
use rim_store::consumers::{Mark, Moved};
use tokio::sync::Notify;

/// Groups that are remembered, each once between two questions. Beyond that the oldest are forgotten.
const MAX_REMEMBERED: usize = 64 * 1024;
/// Who waits for the first is told when more have come: so that consumers do not have a commit of their own for each.
const GATHER: Duration = Duration::from_millis(100);

/// Tells stores that are opened in the same process apart.
static OPENED: AtomicU64 = AtomicU64::new(0);

pub(crate) struct MovedGroups {
    opened: u64,
    /// A plain mutex: it is held to note what a commit has moved, and to copy that.
    log: Mutex<Log>,
    woken: Notify,
}

#[derive(Default)]
struct Log {
    /// Whether anybody asks.
    is_wanted: bool,
    groups: VecDeque<GroupId>,
    /// How many came before the first of them.
    begins_at: u64,
    /// Those that have come since somebody asked.
    noted: HashSet<GroupId>,
    /// Whether somebody waits for the next.
    is_waited_for: bool,
}

impl Default for MovedGroups {
    fn default() -> Self {
        let opened = OPENED.fetch_add(1, Ordering::Relaxed);
        Self { opened, log: Mutex::default(), woken: Notify::new() }
    }
}

/// Notes what a commit has moved.
pub(crate) struct Noting<'m> {
    log: MutexGuard<'m, Log>,
    woken: &'m Notify,
}

impl Noting<'_> {
    pub(crate) fn note(&mut self, group: GroupId) {
        let log = &mut *self.log;
        if !log.is_wanted || !log.noted.insert(group) {
            return;
        }
        if log.groups.len() >= MAX_REMEMBERED {
            log.groups.pop_front();
            log.begins_at += 1;
        }
        log.groups.push_back(group);
        if std::mem::take(&mut log.is_waited_for) {
            self.woken.notify_waiters();
        }
    }
}

impl MovedGroups {
    pub(crate) fn noting(&self) -> Noting<'_> {
        Noting { log: self.log.lock(), woken: &self.woken }
    }

    /// See [`rim_store::Consumers::moved`].
    pub(crate) fn since(&self, since: Option<&Mark>) -> Moved {
        let mut log = self.log.lock();
        log.is_wanted = true;
        log.noted.clear();
        let known = since.and_then(|since| self.place(since)).and_then(|place| {
            let before = place.checked_sub(log.begins_at)?;
            let before = usize::try_from(before).ok().filter(|before| *before <= log.groups.len())?;
            let mut seen = HashSet::default();
            Some(log.groups.range(before..).copied().filter(|group| seen.insert(*group)).collect())
        });
        Moved { to: self.mark(log.begins_at + log.groups.len() as u64), groups: known }
    }

    /// See [`rim_store::Consumers::until_moved`].
    pub(crate) async fn until(&self, since: &Mark) {
        let woken = self.woken.notified();
        let is_behind = {
            let mut log = self.log.lock();
            let end = log.begins_at + log.groups.len() as u64;
            let is_behind = self.place(since) != Some(end);
            log.is_waited_for |= !is_behind;
            is_behind
        };
        if !is_behind {
            woken.await;
        }
        tokio::time::sleep(GATHER).await;
    }

    fn mark(&self, place: u64) -> Mark {
        Mark(format!("{}:{place}", self.opened))
    }

    /// How many had come by then; `None` if that was in another store.
    fn place(&self, Mark(mark): &Mark) -> Option<u64> {
        let (opened, place) = mark.split_once(':')?;
        (opened.parse() == Ok(self.opened)).then(|| place.parse().ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(moved: &MovedGroups, groups: impl IntoIterator<Item = u64>) {
        let mut noting = moved.noting();
        groups.into_iter().for_each(|group| noting.note(GroupId(group)));
    }

    fn groups(moved: &Moved) -> Option<Vec<u64>> {
        Some(moved.groups.as_ref()?.iter().map(|group| group.0).collect())
    }

    #[test]
    fn each_who_asks_is_told_what_has_come_since_they_did() {
        let moved = MovedGroups::default();
        note(&moved, [1]);
        let begun = moved.since(None);
        assert_eq!(groups(&begun), None, "what came before is not known");
        note(&moved, [2, 3, 2]);
        let first = moved.since(Some(&begun.to));
        assert_eq!(groups(&first), Some(vec![2, 3]));
        note(&moved, [2, 4]);
        assert_eq!(groups(&moved.since(Some(&first.to))), Some(vec![2, 4]));
        assert_eq!(groups(&moved.since(Some(&begun.to))), Some(vec![2, 3, 4]), "each once");
    }

    #[test]
    fn who_is_too_far_behind_or_comes_from_elsewhere_is_told_that_it_is_not_known() {
        let moved = MovedGroups::default();
        let begun = moved.since(None);
        note(&moved, 1..=MAX_REMEMBERED as u64);
        assert_eq!(groups(&moved.since(Some(&begun.to))).map(|groups| groups.len()), Some(MAX_REMEMBERED));
        note(&moved, [1]);
        let now = moved.since(Some(&begun.to));
        assert_eq!(groups(&now), None);
        assert_eq!(groups(&moved.since(Some(&now.to))), Some(vec![]));
        for other in [MovedGroups::default().since(None).to, Mark("7:9:".into()), Mark(String::new())] {
            assert_eq!(groups(&moved.since(Some(&other))), None, "{other:?}");
        }
    }
}
