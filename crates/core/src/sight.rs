//! What somebody may see of a group: the one place where it is decided.
//!
//! A read finds its messages by the places of a [`Sight`], and a message that is asked for by name is looked up in it. So
//! pages, previews, counts, answers, pins and files all agree. A recalled message is seen, as what is left of it.

use crate::message::{Message, Span};
use crate::user::User;
use crate::{GroupId, MessageId, Rev, Seq, Timestamp, UserId};

/// Messages of one chat that a user may hide one by one. Whoever wants more of them out of sight clears the chat: every
/// read of it walks around each.
pub const MAX_HIDDEN: usize = 10_000;

/// Messages that are not read and mention their reader are counted up to this many: as many as one page of them has, so that
/// a client that is told fewer can name all of them.
pub const MAX_MENTIONS: u64 = 200;

/// How many messages are told to each side of one, at the most.
pub const MAX_AROUND: u32 = 200;

/// The places that a user may see: ascending spans that do not overlap, each holding at least one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    pub spans: Vec<Span>,
    /// When they left, if they did: messages are to them what they were then, but for those that were recalled since.
    pub as_of: Option<Rev>,
}

impl Sight {
    /// Of what they saw as a member, what is left when the holes are cut out: what they have cleared ([`up_to`]), hidden
    /// from themselves ([`at`]), and what has expired for everybody. They come in any order, and may overlap.
    pub fn new(member: Vec<Span>, mut holes: Vec<Span>) -> Self {
        if holes.is_empty() {
            return Self { spans: member, as_of: None };
        }
        holes.sort_unstable_by_key(|hole| (hole.after, hole.to));
        let (mut spans, mut first) = (Vec::new(), 0);
        for Span { after, to } in member {
            let mut from = after;
            // Holes that end before this span end before all that follow.
            while holes.get(first).is_some_and(|hole| hole.to <= from) {
                first += 1;
            }
            for hole in &holes[first..] {
                if hole.after >= to {
                    break;
                }
                if hole.after > from {
                    spans.push(Span { after: from, to: hole.after });
                }
                from = from.max(hole.to);
            }
            if from < to {
                spans.push(Span { after: from, to });
            }
        }
        Self { spans, as_of: None }
    }

    /// The same of one who left at this `rev`, if they did.
    #[must_use]
    pub fn as_of(self, left: Option<Rev>) -> Self {
        Self { as_of: left, ..self }
    }

    /// Whether they may see what is at this place.
    pub fn sees(&self, seq: Seq) -> bool {
        let at = self.spans.partition_point(|span| span.to < seq);
        self.spans.get(at).is_some_and(|span| span.after < seq)
    }

    /// How many places they may see above this one.
    pub fn above(&self, seq: Seq) -> u64 {
        let seen = self.spans.iter().rev().take_while(|span| span.to > seq);
        seen.map(|span| span.to.0 - span.after.max(seq).0).sum()
    }

    /// What of these places they may see: spans that ascend, as theirs do.
    pub fn within(&self, places: Span) -> Vec<Span> {
        let cut = self
            .spans
            .iter()
            .map(|span| Span { after: span.after.max(places.after), to: span.to.min(places.to) });
        cut.filter(|span| span.after < span.to).collect()
    }

    /// The next place above this one that they may see.
    pub fn next(&self, seq: Seq) -> Option<Seq> {
        let at = self.spans.partition_point(|span| span.to <= seq);
        self.spans.get(at).map(|span| Seq(span.after.max(seq).0 + 1))
    }

    /// The last place below this one that they may see.
    pub fn before(&self, seq: Seq) -> Option<Seq> {
        let at = self.spans.partition_point(|span| span.after.0 + 1 < seq.0);
        let span = self.spans[..at].last()?;
        Some(span.to.min(Seq(seq.0 - 1)))
    }

    /// The last place they may see.
    pub fn last(&self) -> Option<Seq> {
        self.spans.last().map(|span| span.to)
    }
}

/// Which message others are told around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Message(MessageId),
    Place(Seq),
}

/// Messages around one: ascending, and in between nothing is left out that the user may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    pub messages: Vec<Message>,
    /// Everybody whom they name.
    pub users: Vec<User>,
    /// Whether there are others that they may see, before the first
    pub older: bool,
    /// and behind the last.
    pub newer: bool,
}

/// A message that a user has starred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Star {
    pub group: GroupId,
    pub message: MessageId,
    /// Of the user's own, when they starred it: later stars have larger ones.
    pub rev: Rev,
    pub at: Timestamp,
    /// The message, if they may still see it.
    pub shown: Option<Message>,
}

/// Stars, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stars {
    pub stars: Vec<Star>,
    /// Everybody whom their messages name.
    pub users: Vec<User>,
    /// The `rev` below which there are others.
    pub rest: Option<Rev>,
}

/// A count of the mentions in a user's sight above what they have read, a few places at a time. What is out of sight in
/// one run is passed over, however much was said there.
#[derive(Debug, Clone)]
pub struct Counting<'s> {
    sight: &'s Sight,
    /// It goes on above this place; `None` once it has ended.
    after: Option<Seq>,
    count: u64,
}

impl<'s> Counting<'s> {
    pub fn new(sight: &'s Sight, read: Seq) -> Self {
        Self { sight, after: sight.next(read).map(|next| Seq(next.0 - 1)), count: 0 }
    }

    /// Above which place mentions are wanted: the first [`MAX_MENTIONS`]. `None` if it has ended.
    pub const fn after(&self) -> Option<Seq> {
        self.after
    }

    /// Takes these mentions, ascending: those that were wanted.
    pub fn take(&mut self, places: &[Seq]) {
        self.count += places.iter().filter(|seq| self.sight.sees(**seq)).count() as u64;
        let last = places.last().filter(|_| places.len() as u64 >= MAX_MENTIONS && self.count < MAX_MENTIONS);
        self.after = last.and_then(|last| self.sight.next(*last)).map(|next| Seq(next.0 - 1));
    }

    /// [`MAX_MENTIONS`] at the most.
    pub fn count(&self) -> u64 {
        self.count.min(MAX_MENTIONS)
    }
}

/// All places up to this one.
pub const fn up_to(seq: Seq) -> Span {
    Span { after: Seq(0), to: seq }
}

/// This place alone.
pub const fn at(seq: Seq) -> Span {
    Span { after: Seq(seq.0.saturating_sub(1)), to: seq }
}

/// Places that ascend, as spans that do not touch.
pub fn spans_of(places: impl IntoIterator<Item = Seq>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for seq in places {
        match spans.last_mut() {
            Some(last) if last.to.0 + 1 == seq.0 => last.to = seq,
            _ => spans.push(at(seq)),
        }
    }
    spans
}

/// Who stands for everybody, where mentions are kept.
pub const EVERYBODY: UserId = UserId(0);

#[cfg(test)]
mod tests {
    use super::*;

    fn span(after: u64, to: u64) -> Span {
        Span { after: Seq(after), to: Seq(to) }
    }

    fn sight(holes: Vec<Span>) -> Sight {
        Sight::new(vec![span(0, 5), span(10, 20)], holes)
    }

    #[test]
    fn what_is_cleared_hidden_or_expired_is_cut_out() {
        let hidden = [1, 4, 5, 11, 15, 20].map(|seq| at(Seq(seq)));
        let holes = hidden.into_iter().chain([span(15, 16), span(3, 4), span(12, 14), up_to(Seq(2))]);
        assert_eq!(sight(holes.collect()).spans, [span(2, 3), span(11, 12), span(16, 19)]);
    }

    /// Against the plain meaning, for every place and all small holes.
    #[test]
    fn a_place_is_seen_if_nothing_cuts_it_out() {
        for mask in 0..1_u32 << 12 {
            let hidden: Vec<_> = (1..=12).filter(|seq| mask >> (seq - 1) & 1 == 1).map(Seq).collect();
            let (cleared, expired) = (Seq(u64::from(mask % 5)), [span(3, 4), span(17, 18)]);
            let holes = spans_of(hidden.iter().copied()).into_iter().chain(expired).chain([up_to(cleared)]);
            let sight = sight(holes.collect());
            let mut above = 0;
            for seq in (1..=21).rev().map(Seq) {
                assert_eq!(sight.above(seq), above, "{seq} {mask:b}");
                let member = (seq > Seq(0) && seq <= Seq(5)) || (seq > Seq(10) && seq <= Seq(20));
                let expired = expired.iter().any(|span| seq > span.after && seq <= span.to);
                let seen = member && !expired && seq > cleared && !hidden.contains(&seq);
                assert_eq!(sight.sees(seq), seen, "{seq} {mask:b}");
                let next = (seq.0 + 1..=21).map(Seq).find(|next| sight.sees(*next));
                assert_eq!(sight.next(seq), next, "{seq} {mask:b}");
                let before = (1..seq.0).rev().map(Seq).find(|before| sight.sees(*before));
                assert_eq!(sight.before(seq), before, "{seq} {mask:b}");
                above += u64::from(seen);
            }
        }
    }

    #[test]
    fn mentions_are_counted_up_to_a_bound_and_those_out_of_sight_are_passed_over() {
        let last = MAX_MENTIONS * 20;
        let all = || (1..=last).map(Seq);
        for (hidden, cleared, expected) in
            [(0, 0, MAX_MENTIONS), (last, 0, 0), (7, last - 10, 3), (MAX_MENTIONS, 5, MAX_MENTIONS)]
        {
            let holes = (cleared + 1..=cleared + hidden).map(|seq| at(Seq(seq))).chain([up_to(Seq(cleared))]);
            let sight = Sight::new(vec![span(0, last)], holes.collect());
            let (mut counting, mut looks) = (Counting::new(&sight, Seq(3)), 0);
            while let Some(after) = counting.after() {
                looks += 1;
                let places: Vec<_> = all().filter(|seq| *seq > after).take(MAX_MENTIONS as usize).collect();
                counting.take(&places);
            }
            assert_eq!(counting.count(), expected);
            assert!(looks <= 1, "whatever is in one run out of sight is not looked at");
        }
        // One here and there: each is looked at, once.
        let sight = Sight::new(vec![span(0, last)], all().filter(|seq| seq.0 % 2 == 0).map(at).collect());
        let mut counting = Counting::new(&sight, Seq(0));
        counting.take(&all().take(MAX_MENTIONS as usize).collect::<Vec<_>>());
        assert_eq!((counting.count(), counting.after()), (MAX_MENTIONS / 2, Some(Seq(MAX_MENTIONS))));
    }

    #[test]
    fn without_holes_all_is_seen_that_was_said() {
        assert_eq!(sight(Vec::new()).spans, [span(0, 5), span(10, 20)]);
        assert_eq!(sight(Vec::new()).last(), Some(Seq(20)));
        assert_eq!(Sight::default().above(Seq(0)), 0);
    }
}
