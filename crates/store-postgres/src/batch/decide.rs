//! What becomes of each write of a batch, in the order in which they came.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt};
use rim_core::event::Ended;
use rim_core::group;
use rim_core::message::{Mark, NewMessage, Receipt, Write};
use rim_core::note;
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, SessionId, Timestamp, UserId};

use super::Outcome;
use super::load::{Admitted, Head, Loaded, NamedFiles, Standing};
use crate::queue::Wanted;

/// What is to be written.
pub(super) struct Decided {
    /// Of each write, in their order.
    pub(super) outcomes: Vec<Outcome>,
    /// Where the groups are that have moved on.
    pub(super) heads: BTreeMap<GroupId, Head>,
    /// Where the users are who wrote or marked.
    pub(super) standings: BTreeMap<(GroupId, UserId), Standing>,
    pub(super) brought_back: Vec<BroughtBack>,
}

/// Somebody who comes back into a single chat, as the other writes in it.
pub(super) struct BroughtBack {
    pub(super) group: GroupId,
    pub(super) user: UserId,
    /// Of their joining.
    pub(super) rev: Rev,
    /// They see what lies above it.
    pub(super) join_seq: Seq,
    pub(super) at: Timestamp,
}

pub(super) fn decide(writes: &[Wanted], loaded: Loaded) -> Decided {
    let Loaded { heads, standings, ended, away, resent, places, ids, admitted, named } = loaded;
    let mut deciding = Deciding {
        heads,
        standings,
        ended,
        away,
        resent,
        places,
        ids: ids.into_iter(),
        admitted,
        named,
        new: HashMap::new(),
        new_places: HashMap::new(),
        moved: BTreeSet::new(),
        brought_back: Vec::new(),
    };
    let outcomes = writes.iter().enumerate().map(|(number, wanted)| deciding.write(number, wanted)).collect();
    let Deciding { heads, standings, moved, brought_back, .. } = deciding;
    Decided {
        outcomes,
        heads: moved.iter().map(|(group, _)| (*group, heads[group])).collect(),
        standings: moved.into_iter().map(|key| (key, standings[&key])).collect(),
        brought_back,
    }
}

struct Deciding<'a> {
    heads: HashMap<GroupId, Head>,
    standings: HashMap<(GroupId, UserId), Standing>,
    ended: HashMap<SessionId, Ended>,
    away: Vec<(GroupId, UserId)>,
    resent: HashMap<usize, (MessageId, Seq)>,
    places: HashMap<usize, Seq>,
    ids: std::vec::IntoIter<MessageId>,
    admitted: Admitted,
    named: NamedFiles,
    /// What this batch has appended, by who calls it what.
    new: HashMap<(GroupId, UserId, &'a str), (MessageId, Seq)>,
    new_places: HashMap<(GroupId, MessageId), Seq>,
    /// Who has moved on, in which group.
    moved: BTreeSet<(GroupId, UserId)>,
    brought_back: Vec<BroughtBack>,
}

impl<'a> Deciding<'a> {
    fn write(&mut self, number: usize, wanted: &'a Wanted) -> Outcome {
        if let Some(why) = wanted.session().and_then(|session| self.ended.get(&session)) {
            return Outcome::Refused(Refusal::SessionEnded(*why));
        }
        let decided = match wanted {
            Wanted::Write(Write::Append(new)) => self.append(number, new),
            Wanted::Write(Write::Mark(mark)) => self.mark(number, mark),
            Wanted::ReadAll { user, group, now } => self.read_all(*user, *group, *now),
        };
        decided.unwrap_or_else(Outcome::Refused)
    }

    fn append(&mut self, number: usize, new: &'a NewMessage) -> Result<Outcome, Refusal> {
        let head = self.heads.get_mut(&new.group).ok_or(Refusal::NoSuchGroup)?;
        let key = (new.group, new.sender, new.client_msg_id.as_str());
        // Also to one who has left since: they are told the truth, not that they may not send.
        if let Some((id, seq)) = self.resent.get(&number).or_else(|| self.new.get(&key)) {
            return Ok(Outcome::Resent { id: *id, seq: *seq });
        }
        member(&mut self.standings, new.group, new.sender)?;
        let at = head.time(new.now);
        let mut state = match self.admitted.remove(&number) {
            Some(admitted) => admitted?,
            None => note::plain_state(head.expire_seconds, at),
        };
        let named = self.named.remove(&number).transpose()?;
        let brought_back = if head.is_half { self.bring_back(new) } else { None };
        let head = self.heads.get_mut(&new.group).ok_or(Refusal::NoSuchGroup)?;
        let standing = member(&mut self.standings, new.group, new.sender)?;

        let id = self.ids.next().expect("one was taken for each append");
        head.last_seq.0 += 1;
        head.last_rev.0 += 1;
        head.last_message = id;
        let (seq, rev) = (head.last_seq, head.last_rev);
        standing.sent_seq = seq;
        self.new.insert(key, (id, seq));
        self.new_places.insert((new.group, id), seq);
        self.moved.insert((new.group, new.sender));
        if let Some(state) = &mut state {
            state.rev = rev;
        }
        Ok(Outcome::Appended { id, seq, rev, at, brought_back, state, named })
    }

    fn bring_back(&mut self, new: &NewMessage) -> Option<UserId> {
        let away = self.away.iter().filter(|(group, _)| *group == new.group).map(|(_, user)| *user);
        let user = group::brought_back_by_a_message(new.sender, away)?;
        let head = self.heads.get_mut(&new.group)?;
        head.last_rev.0 += 1;
        head.is_half = false;
        let (rev, join_seq, at) = (head.last_rev, head.last_seq, head.last_at);
        // From now on their own writes of this batch are those of a member.
        if let Some(standing) = self.standings.get_mut(&(new.group, user)) {
            (standing.member, standing.rev) = (true, rev);
        }
        self.brought_back.push(BroughtBack { group: new.group, user, rev, join_seq, at });
        Some(user)
    }

    fn mark(&mut self, number: usize, mark: &Mark) -> Result<Outcome, Refusal> {
        self.heads.get(&mark.group).ok_or(Refusal::NoSuchGroup)?;
        member(&mut self.standings, mark.group, mark.user)?;
        let place = self.places.get(&number).or_else(|| self.new_places.get(&(mark.group, mark.message)));
        match place {
            Some(seq) => {
                let seq = *seq;
                self.move_receipt(mark.group, mark.user, mark.receipt, mark.message, seq, mark.now)
            }
            None => Ok(Outcome::Unmarked),
        }
    }

    fn read_all(&mut self, user: UserId, group: GroupId, now: Timestamp) -> Result<Outcome, Refusal> {
        let head = *self.heads.get(&group).ok_or(Refusal::NoSuchGroup)?;
        self.move_receipt(group, user, Receipt::Read, head.last_message, head.last_seq, now)
    }

    /// Moves the receipt on to `seq`, the place of the message; never back.
    fn move_receipt(
        &mut self,
        group: GroupId,
        user: UserId,
        receipt: Receipt,
        message: MessageId,
        seq: Seq,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let standing = member(&mut self.standings, group, user)?;
        let behind = match receipt {
            Receipt::Delivered => standing.delivered_seq,
            Receipt::Read => standing.read_seq,
        };
        if seq <= behind {
            return Ok(Outcome::Unmarked);
        }
        let head = self.heads.get_mut(&group).ok_or(Refusal::NoSuchGroup)?;
        head.last_rev.0 += 1;
        let (rev, at) = (head.last_rev, head.time(now));
        if receipt == Receipt::Read {
            standing.read_seq = seq;
        }
        standing.delivered_seq = standing.delivered_seq.max(seq);
        standing.rev = rev;
        self.moved.insert((group, user));
        Ok(Outcome::Marked { message, receipt, seq, rev, at })
    }
}

fn member(
    standings: &mut HashMap<(GroupId, UserId), Standing>,
    group: GroupId,
    user: UserId,
) -> Result<&mut Standing, Refusal> {
    let standing = standings.get_mut(&(group, user)).filter(|standing| standing.member);
    group::may_write(standing.is_some())?;
    standing.ok_or(Refusal::NotMember)
}
