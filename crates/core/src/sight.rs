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

/// How many messages are told to each side of one, at the most.
pub const MAX_AROUND: u32 = 200;

/// The places that a user may see: ascending spans that do not overlap, each holding at least one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    pub spans: Vec<Span>,
}

impl Sight {
    /// Of what they saw as a member, what is left when the holes are cut out: what they have cleared ([`up_to`]), hidden
    /// from themselves ([`at`]), and what has expired for everybody. They come in any order, and may overlap.
    pub fn new(member: Vec<Span>, mut holes: Vec<Span>) -> Self {
        if holes.is_empty() {
            return Self { spans: member };
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
        Self { spans }
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stars {
    pub stars: Vec<Star>,
    /// Everybody whom their messages name.
    pub users: Vec<User>,
    /// The `rev` below which there are others.
    pub rest: Option<Rev>,
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
                above += u64::from(seen);
            }
        }
    }

    #[test]
    fn without_holes_all_is_seen_that_was_said() {
        assert_eq!(sight(Vec::new()).spans, [span(0, 5), span(10, 20)]);
        assert_eq!(sight(Vec::new()).last(), Some(Seq(20)));
        assert_eq!(Sight::default().above(Seq(0)), 0);
    }
}
