//! What somebody may see of a group: the one place where it is decided.
//!
//! A read finds its messages by the places of a [`Sight`], and a message that is asked for by name is looked up in it. So
//! pages, previews, counts, answers, pins and files all agree. A recalled message is seen, as what is left of it.

use crate::message::Span;
use crate::{Seq, UserId};

/// What is taken out of what a user saw as a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cuts {
    /// Up to which place they have cleared the chat.
    pub cleared: Option<Seq>,
    /// What they have hidden from themselves, ascending.
    pub hidden: Vec<Seq>,
    /// What has expired for everybody, ascending, without overlaps.
    pub expired: Vec<Span>,
}

/// The places that a user may see: ascending spans that do not overlap, each holding at least one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    pub spans: Vec<Span>,
}

impl Sight {
    /// Of what they saw as a member, what is left when everything is cut out.
    pub fn new(member: Vec<Span>, cuts: &Cuts) -> Self {
        let cleared = cuts.cleared.unwrap_or_default();
        let hidden = cuts.hidden.iter().map(|seq| Span { after: Seq(seq.0.saturating_sub(1)), to: *seq });
        let mut holes: Vec<Span> = hidden.chain(cuts.expired.iter().copied()).collect();
        holes.push(Span { after: Seq(0), to: cleared });
        holes.sort_unstable_by_key(|hole| (hole.after, hole.to));
        if member.is_empty() || (cleared == Seq(0) && holes.len() == 1) {
            return Self { spans: member };
        }
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

    /// The last place they may see.
    pub fn last(&self) -> Option<Seq> {
        self.spans.last().map(|span| span.to)
    }
}

/// Who stands for everybody, where mentions are kept.
pub const EVERYBODY: UserId = UserId(0);

#[cfg(test)]
mod tests {
    use super::*;

    fn span(after: u64, to: u64) -> Span {
        Span { after: Seq(after), to: Seq(to) }
    }

    fn sight(cuts: &Cuts) -> Sight {
        Sight::new(vec![span(0, 5), span(10, 20)], cuts)
    }

    #[test]
    fn what_is_cleared_hidden_or_expired_is_cut_out() {
        let cuts = Cuts {
            cleared: Some(Seq(2)),
            hidden: [1, 4, 5, 11, 15, 20].map(Seq).to_vec(),
            expired: vec![span(3, 4), span(12, 14), span(15, 16)],
        };
        let expected = vec![span(2, 3), span(11, 12), span(16, 19)];
        assert_eq!(sight(&cuts).spans, expected);
    }

    /// Against the plain meaning, for every place and all small cuts.
    #[test]
    fn a_place_is_seen_if_nothing_cuts_it_out() {
        for mask in 0..1_u32 << 12 {
            let hidden: Vec<_> = (1..=12).filter(|seq| mask >> (seq - 1) & 1 == 1).map(Seq).collect();
            let cuts = Cuts {
                cleared: Some(Seq(u64::from(mask % 5))),
                hidden,
                expired: vec![span(3, 4), span(17, 18)],
            };
            let sight = sight(&cuts);
            let mut above = 0;
            for seq in (1..=21).rev().map(Seq) {
                assert_eq!(sight.above(seq), above, "{seq} {mask:b}");
                let member = (seq > Seq(0) && seq <= Seq(5)) || (seq > Seq(10) && seq <= Seq(20));
                let expired = cuts.expired.iter().any(|span| seq > span.after && seq <= span.to);
                let cleared = cuts.cleared.is_some_and(|cleared| seq <= cleared);
                let seen = member && !expired && !cleared && !cuts.hidden.contains(&seq);
                assert_eq!(sight.sees(seq), seen, "{seq} {mask:b}");
                above += u64::from(seen);
            }
        }
    }

    #[test]
    fn without_cuts_all_is_seen_that_was_said() {
        assert_eq!(sight(&Cuts::default()).spans, [span(0, 5), span(10, 20)]);
        assert_eq!(sight(&Cuts::default()).last(), Some(Seq(20)));
        assert_eq!(Sight::default().above(Seq(0)), 0);
    }
}
