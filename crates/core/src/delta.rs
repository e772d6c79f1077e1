//! What a client missed of its groups and of its user's own, cut to what an answer has room for.
//!
//! Stores read rows, and say by these rules which, and what of them is told.

use std::collections::BTreeSet;
use std::iter;

use crate::friend::Friend;
use crate::group::Group;
use crate::group_event::GroupEvent;
use crate::message::{Message, Page, Span, above, page_spans};
use crate::sight::Sight;
use crate::size::{NUMBER, Size};
use crate::sync::{
    ChatState, Cut, DELTA_BYTES, GroupDelta, Kept, KeptRow, MAX_SYNCED_MEMBERS, MemberState, Room, known_to,
};
use crate::{GroupId, Rev, Seq, Timestamp, UserId};

/// How somebody is a member of a group, or was when they left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    pub joined_at: Timestamp,
    pub join_seq: Seq,
    pub read_seq: Seq,
    pub sent_seq: Seq,
    /// Where and when they left, if they did.
    pub left: Option<(Seq, Rev)>,
}

impl Membership {
    pub fn left_rev(&self) -> Option<Rev> {
        self.left.map(|(_, left_rev)| left_rev)
    }

    /// The last place that they may see, if any, of a group that is at `last_seq`.
    pub fn last_visible(&self, last_seq: Seq) -> Seq {
        self.left.map_or(last_seq, |(left_seq, _)| left_seq)
    }

    /// Up to where they have read, which is also up to where they have written.
    pub fn read_to(&self) -> Seq {
        self.join_seq.max(self.read_seq).max(self.sent_seq)
    }

    /// Messages in their sight that they have not read.
    pub fn unread(&self, sight: &Sight) -> u64 {
        sight.above(self.read_to())
    }

    /// What of a group that is at `last_seq` was theirs as a member, each span holding at least one place: in `earlier`
    /// memberships, which ascend, and in this one.
    pub fn spans(&self, mut earlier: Vec<Span>, last_seq: Seq) -> Vec<Span> {
        let to = self.last_visible(last_seq);
        if to > self.join_seq {
            earlier.push(Span { after: self.join_seq, to });
        }
        earlier
    }
}

/// A group as one user may see it, and how far their client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub group: GroupId,
    pub membership: Membership,
    pub last_seq: Seq,
    pub last_rev: Rev,
    /// When name, avatar or creator changed last: to one who has left, by then.
    pub info_rev: Rev,
    /// To one who has left, by then.
    pub member_count: u64,
    /// How far the client is,
    pub since: Rev,
    /// and in what was recalled after the user left, if they did.
    pub recalls: Rev,
}

/// Places of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Those that somebody missed, ascending.
    pub spans: Vec<Span>,
    /// The smallest that was not skipped, if the window left out some.
    pub skipped_to: Option<Seq>,
}

/// What there is to tell of a group: of rows the first. One more than there is room for tells whether there is more,
/// and from which rev on.
#[derive(Debug)]
pub struct Rows {
    pub group: Option<Group>,
    /// By place.
    pub messages: Vec<Message>,
    /// What has changed of those that the client has, by rev.
    pub changed: Changed,
    pub expired: Expired,
    pub unread_mentions: u64,
    /// By rev.
    pub members: Vec<(Rev, MemberState)>,
    /// By rev.
    pub renamed: Vec<(Rev, UserId)>,
    /// By place.
    pub events: Vec<GroupEvent>,
    /// Where the messages are, with those that were not read.
    pub missed: Missed,
    /// Up to where the user has deleted it from their list, if they have.
    pub deleted: Option<Seq>,
}

/// Places that have expired: the first.
#[derive(Debug, Default)]
pub struct Expired {
    /// By rev.
    pub spans: Vec<(Rev, Span)>,
    /// Up to which rev they are known, if there may be others behind it.
    pub known_to: Option<Rev>,
}

impl Expired {
    /// What of them was theirs who saw `member`. Rows are the first `limit` by rev, and all of the rev of the last.
    pub fn of(member: &[Span], rows: Vec<(Rev, Seq, Seq)>, limit: usize) -> Self {
        let known_to = rows.last().filter(|_| rows.len() >= limit).map(|(rev, ..)| *rev);
        let theirs = |(rev, after, to)| {
            let cut =
                member.iter().map(move |span| Span { after: span.after.max(after), to: span.to.min(to) });
            cut.filter(|span| span.after < span.to).map(move |span| (rev, span))
        };
        Self { spans: rows.into_iter().flat_map(theirs).collect(), known_to }
    }
}

/// Messages that have changed: the first.
#[derive(Debug, Default)]
pub struct Changed {
    pub messages: Vec<Message>,
    /// Up to which rev they are known, if there may be others.
    pub known_to: Option<Rev>,
}

impl View {
    /// Of messages that have changed, by rev, where they are and when: those that are told, and up to which rev they are
    /// known if these are only the first `limit`. To one who has left, messages changed when they did until then; and when
    /// they were recalled after [`Self::recalled_after`].
    pub fn changed(
        &self,
        sight: &Sight,
        mut rows: Vec<(Seq, Rev)>,
        limit: usize,
    ) -> (Vec<(Seq, Rev)>, Option<Rev>) {
        let known_to = rows.last().filter(|_| rows.len() >= limit).map(|(_, rev)| *rev);
        rows.retain(|(seq, _)| sight.sees(*seq));
        (rows, known_to)
    }

    /// After which rev one who has left is told what was recalled: what was so before they left is told with the rest. `None`
    /// of a member.
    pub fn recalled_after(&self) -> Option<Rev> {
        self.membership.left_rev().map(|left_rev| left_rev.max(self.recalls))
    }

    /// How far they may see: to where they left, or to the end. What changed later they learn if they come back, as it is
    /// above the `rev` that they were told; but what was recalled they learn before.
    pub fn until(&self) -> Rev {
        self.membership.left_rev().unwrap_or(self.last_rev)
    }

    /// Whether name, avatar and creator are told: if they changed, or the client does not know the group.
    pub fn is_described(&self) -> bool {
        let changed = self.since < self.info_rev && self.info_rev <= self.until();
        changed || self.since == Rev(0)
    }

    /// Whether there are too many members to tell of each.
    pub const fn omits_members(&self) -> bool {
        self.member_count > MAX_SYNCED_MEMBERS
    }

    /// What of the places in their sight they missed who have everything up to the place `has`.
    pub fn missed(&self, sight: &Sight, has: Seq, window: Option<u32>) -> Missed {
        let visible = &sight.spans;
        let Some(size) = window else { return Missed { spans: above(visible, has), skipped_to: None } };
        let mut newest = page_spans(visible, None, Page { number: 1, size });
        newest.reverse();
        let last_visible = self.membership.last_visible(self.last_seq);
        let skipped_to = Seq(newest.first().map_or(last_visible, |span| span.after).0 + 1);
        let skipped = above(visible, has).iter().any(|span| span.after.0 + 1 < skipped_to.0);
        Missed { spans: above(&newest, has), skipped_to: skipped.then_some(skipped_to) }
    }

    /// The first rows, as far as there is room. `sight` is that of the user. `name` is what it takes to tell who somebody is: nothing the second time.
    ///
    /// # Errors
    /// Those of `name`.
    pub fn delta<E>(
        &self,
        sight: &Sight,
        rows: Rows,
        room: &mut Room,
        mut name: impl FnMut(UserId) -> Result<usize, E>,
    ) -> Result<GroupDelta, E> {
        let Rows {
            group,
            mut messages,
            changed,
            expired,
            unread_mentions,
            mut members,
            mut renamed,
            mut events,
            missed,
            deleted,
        } = rows;
        let (mut changed, changed_to) = (changed.messages, changed.known_to);
        let (mut expired, expired_to) = (expired.spans, expired.known_to);
        let until = self.until();
        // Behind it there are recalls alone.
        let last_changed = changed.last().map_or(until, Message::latest_rev);
        let end = until.max(last_changed).max(changed_to.unwrap_or(until));
        room.take(bytes_beside_rows(group.as_ref()));

        let of_messages =
            messages.iter().map(|message| (message.rev, 1, message.size_bytes(), Names::Message(message)));
        let of_changed = changed
            .iter()
            .map(|message| (message.latest_rev(), 1, message.size_bytes(), Names::Message(message)));
        let of_expired = expired.iter().map(|(rev, _)| ((*rev).min(until), 1, SPAN_BYTES, Names::Nobody));
        let of_members =
            members.iter().map(|(rev, member)| (*rev, 1, member.size_bytes(), Names::One(member.user)));
        let of_renamed = renamed.iter().map(|(rev, user)| (*rev, 1, 0, Names::One(*user)));
        let of_events = events
            .iter()
            .map(|event| (event.seen_rev(), event.size(), event.size_bytes(), Names::Event(event)));
        let mut told: Vec<_> = of_messages
            .chain(of_changed)
            .chain(of_expired)
            .chain(of_members)
            .chain(of_renamed)
            .chain(of_events)
            .collect();
        told.sort_unstable_by_key(|(rev, rows, ..)| (*rev, *rows));
        // Not all of them may have been read.
        let known_to = known_to(&messages, &missed.spans, end)
            .min(changed_to.unwrap_or(end))
            .min(expired_to.filter(|expired_to| *expired_to < until).unwrap_or(end));
        let (mut rev, mut cut, mut is_cut) = (known_to, Cut::new(room), false);
        for (at, rows, bytes, names) in told {
            let bytes = bytes + names.size_bytes(&mut name)?;
            if let Some(end) = cut.take(at, rows, bytes) {
                (rev, is_cut) = (rev.min(end), true);
                break;
            }
        }
        let more = rev < end || (rev > until && changed_to == Some(rev));
        if more {
            room.use_up();
        }
        changed.retain(|message| message.latest_rev() <= rev);
        expired.retain(|(of_span, _)| (*of_span).min(until) <= rev);
        events.retain(|event| event.seen_rev() <= rev);
        messages.retain(|message| message.rev <= rev);
        members.retain(|(of_member, _)| *of_member <= rev);
        renamed.retain(|(of_member, _)| *of_member <= rev);
        if is_cut {
            // Those of one rev stay together, also behind the one for which there was no room.
            let of_messages = messages.iter().chain(&changed).flat_map(names);
            let of_members = members.iter().map(|(_, member)| member.user);
            let of_renamed = renamed.iter().map(|(_, user)| *user);
            let of_events = events.iter().flat_map(GroupEvent::named);
            for user in of_messages.chain(of_members).chain(of_renamed).chain(of_events) {
                name(user)?;
            }
        }

        Ok(GroupDelta {
            group_id: self.group,
            rev: rev.min(until).max(self.since),
            recalled_to: Some(rev).filter(|rev| *rev > until),
            member: self.membership.left.is_none(),
            group,
            last_seq: self.membership.last_visible(self.last_seq),
            unread: self.membership.unread(sight),
            unread_mentions,
            messages,
            changed,
            expired: expired.into_iter().map(|(_, span)| span).collect(),
            skipped_to: missed.skipped_to,
            members: members.into_iter().map(|(_, member)| member).collect(),
            members_omitted: self.omits_members(),
            joined_at: self.membership.joined_at,
            events,
            renamed: renamed.into_iter().map(|(_, user)| user).collect(),
            more,
            deleted,
        })
    }
}

/// Everybody whom a message names.
pub fn names(message: &Message) -> impl Iterator<Item = UserId> + '_ {
    iter::once(message.sender).chain(message.named())
}

/// What a group takes up in an answer beside its rows.
pub fn bytes_beside_rows(group: Option<&Group>) -> usize {
    DELTA_BYTES + group.map_or(0, Size::size_bytes)
}

/// What a span of places takes up.
const SPAN_BYTES: usize = 2 * NUMBER + 2;

/// Whom a row names.
enum Names<'e> {
    Nobody,
    One(UserId),
    Message(&'e Message),
    Event(&'e GroupEvent),
}

impl Names<'_> {
    /// What it takes to tell who they are.
    fn size_bytes<E>(&self, name: &mut impl FnMut(UserId) -> Result<usize, E>) -> Result<usize, E> {
        match self {
            Self::Nobody => Ok(0),
            Self::One(user) => name(*user),
            Self::Message(message) => names(message).try_fold(0, |bytes, user| Ok(bytes + name(user)?)),
            Self::Event(event) => event.named().try_fold(0, |bytes, user| Ok(bytes + name(user)?)),
        }
    }
}

/// Changes of a user's own.
#[derive(Debug, PartialEq, Eq)]
pub struct Own {
    /// Up to which they are told.
    pub rev: Rev,
    pub friends: Vec<Friend>,
    pub chats: Vec<ChatState>,
    pub kept: Kept,
}

/// The first of them that there are to tell, each by rev: one more than there is room for, and of what is kept all that
/// have the same rev.
#[derive(Debug, Default)]
pub struct OwnRows {
    pub friends: Vec<(Rev, Friend)>,
    pub chats: Vec<(Rev, ChatState)>,
    pub kept: Vec<(Rev, GroupId, KeptRow)>,
}

impl Own {
    /// The first of these, as far as there is room; `until` is where the user's changes end. `name` as of [`View::delta`].
    ///
    /// # Errors
    /// Those of `name`.
    pub fn cut<E>(
        rows: OwnRows,
        until: Rev,
        room: &mut Room,
        mut name: impl FnMut(UserId) -> Result<usize, E>,
    ) -> Result<Self, E> {
        let OwnRows { mut friends, mut chats, mut kept } = rows;
        let of_friends =
            friends.iter().map(|(rev, friend)| (*rev, friend.size_bytes(), Names::One(friend.user)));
        let of_chats = chats.iter().map(|(rev, chat)| (*rev, chat.size_bytes(), Names::Nobody));
        let of_kept = kept.iter().map(|(rev, _, row)| (*rev, row.size_bytes(), Names::Nobody));
        let mut told: Vec<_> = of_friends.chain(of_chats).chain(of_kept).collect();
        told.sort_by_key(|(rev, ..)| *rev);

        // They have rows of their own, so that a small limit does not keep the groups waiting.
        let rows = room.rows;
        let (mut end, mut cut) = (None, Cut::new(room));
        for (rev, bytes, names) in told {
            let bytes = bytes + names.size_bytes(&mut name)?;
            end = cut.take(rev, 1, bytes);
            if end.is_some() {
                break;
            }
        }
        if end.is_none() {
            room.rows = rows;
        }
        let rev = end.unwrap_or(until);
        friends.retain(|(of_friend, ..)| *of_friend <= rev);
        chats.retain(|(of_chat, _)| *of_chat <= rev);
        kept.retain(|(of_row, ..)| *of_row <= rev);
        Ok(Self {
            rev,
            friends: friends.into_iter().map(|(_, friend)| friend).collect(),
            chats: chats.into_iter().map(|(_, chat)| chat).collect(),
            kept: Kept::of(kept.into_iter().map(|(_, group, row)| (group, row))),
        })
    }
}

/// Everybody whom an answer names.
pub fn named(friends: &[Friend], groups: &[GroupDelta]) -> BTreeSet<UserId> {
    let mut named: BTreeSet<UserId> = friends.iter().map(|friend| friend.user).collect();
    for delta in groups {
        named.extend(delta.messages.iter().chain(&delta.changed).flat_map(names));
        named.extend(delta.members.iter().map(|member| member.user));
        named.extend(&delta.renamed);
        named.extend(delta.events.iter().flat_map(GroupEvent::named));
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership(left: Option<(Seq, Rev)>) -> Membership {
        Membership { joined_at: Timestamp(0), join_seq: Seq(2), read_seq: Seq(4), sent_seq: Seq(3), left }
    }

    #[test]
    fn one_who_has_left_sees_and_counts_what_was_before() {
        let (member, gone) = (membership(None), membership(Some((Seq(7), Rev(9)))));
        let earlier = Span { after: Seq(0), to: Seq(1) };
        let spans = |membership: Membership, last| membership.spans(vec![earlier], Seq(last));
        let unread = |membership: Membership, last, holes| {
            membership.unread(&Sight::new(spans(membership, last), holes))
        };
        assert_eq!((unread(member, 10, vec![]), unread(gone, 10, vec![])), (6, 3));
        assert_eq!(unread(member, 3, vec![]), 0, "who reads ahead of the group");
        assert_eq!(unread(member, 10, vec![Span { after: Seq(3), to: Seq(6) }]), 4, "two are hidden");
        assert_eq!(spans(gone, 10), [earlier, Span { after: Seq(2), to: Seq(7) }]);
        assert_eq!(spans(member, 2), [earlier], "nothing was said since they joined");
    }

    #[test]
    fn a_window_says_where_it_begins_if_it_leaves_out_what_was_missed() {
        let view = View {
            recalls: Rev(0),
            group: GroupId(1),
            membership: membership(None),
            last_seq: Seq(10),
            last_rev: Rev(20),
            info_rev: Rev(1),
            member_count: 2,
            since: Rev(0),
        };
        let sight = Sight { spans: vec![Span { after: Seq(2), to: Seq(10) }], as_of: None };
        let missed = |has, window| {
            let Missed { spans, skipped_to } = view.missed(&sight, Seq(has), window);
            (spans.iter().map(|span| (span.after.0, span.to.0)).collect::<Vec<_>>(), skipped_to)
        };
        assert_eq!(missed(4, None), (vec![(4, 10)], None));
        assert_eq!(missed(4, Some(3)), (vec![(7, 10)], Some(Seq(8))));
        assert_eq!(missed(7, Some(3)), (vec![(7, 10)], None), "all that was missed is in it");
        assert_eq!(missed(4, Some(0)), (vec![], Some(Seq(11))));
    }
}
