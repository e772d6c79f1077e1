//! Which sessions have ended, in the memory of the writer: nothing that comes from them is stored any more.
//!
//! A connection of an ended session is closed when it is told of the end, a moment after the commit. What it had sent by
//! then, and sends meanwhile, is refused here, in the order of commits, without a question to the database. Connections
//! do not outlive the process, so nothing need be known of those that ended before it began.

use std::collections::VecDeque;

use foldhash::HashMap;
use rim_core::event::Ended;
use rim_core::{Refusal, SessionId};

/// More than this are not remembered: the oldest are forgotten, whose connections were closed long ago. The feed, by which
/// they are told, holds 64 commits. They take a megabyte or two.
const MAX_REMEMBERED: usize = 64 * 1024;

#[derive(Default)]
pub(crate) struct EndedSessions {
    why: HashMap<SessionId, Ended>,
    /// The same in the order in which they ended. Ids never come back.
    order: VecDeque<SessionId>,
    /// Those that end in the transaction that is open.
    noted: Vec<(SessionId, Ended)>,
}

impl EndedSessions {
    /// Whether a write from this session may be stored.
    ///
    /// # Errors
    /// `SessionEnded`.
    pub(crate) fn must_go_on(&self, session: Option<SessionId>) -> Result<(), Refusal> {
        // Asked of every message, so that what is nearly always so comes first.
        let Some(session) = session.filter(|_| !self.why.is_empty()) else { return Ok(()) };
        self.why.get(&session).map_or(Ok(()), |why| Err(Refusal::SessionEnded(*why)))
    }

    /// These end with the transaction that is open.
    pub(crate) fn note(&mut self, sessions: &[SessionId], why: Ended) {
        self.noted.extend(sessions.iter().map(|session| (*session, why)));
    }

    /// How many were noted.
    pub(crate) fn noted(&self) -> usize {
        self.noted.len()
    }

    /// Those noted after the first `kept` do not end after all.
    pub(crate) fn take_back(&mut self, kept: usize) {
        self.noted.truncate(kept);
    }

    /// The transaction is committed.
    pub(crate) fn committed(&mut self) {
        for (session, why) in self.noted.drain(..) {
            self.why.insert(session, why);
            self.order.push_back(session);
        }
        while self.order.len() > MAX_REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.why.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_with_the_commit_and_not_before() {
        let mut ended = EndedSessions::default();
        ended.note(&[SessionId(1)], Ended::Revoked);
        ended.note(&[SessionId(2)], Ended::Disabled);
        assert_eq!(ended.must_go_on(Some(SessionId(1))), Ok(()));
        ended.take_back(1);
        ended.committed();
        assert_eq!(ended.must_go_on(Some(SessionId(1))), Err(Refusal::SessionEnded(Ended::Revoked)));
        assert_eq!((ended.must_go_on(Some(SessionId(2))), ended.must_go_on(None)), (Ok(()), Ok(())));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut ended = EndedSessions::default();
        for session in 0..=MAX_REMEMBERED as u64 {
            ended.note(&[SessionId(session)], Ended::Revoked);
            ended.committed();
        }
        assert_eq!(ended.must_go_on(Some(SessionId(0))), Ok(()));
        assert!(ended.must_go_on(Some(SessionId(1))).is_err());
        assert_eq!((ended.why.len(), ended.order.len()), (MAX_REMEMBERED, MAX_REMEMBERED));
    }
}
