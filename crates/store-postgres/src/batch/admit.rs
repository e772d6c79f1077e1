//! Whether messages may have the extras that they are sent with: whom they answer and whom they mention. What that depends
//! on is read for the whole batch at once, in one round trip, so that such a message costs not much more than a plain one.

use std::collections::BTreeSet;

use deadpool_postgres::Client;
use foldhash::HashMap;
use futures_util::try_join;
use rim_core::group::{Group, Member, Role};
use rim_core::message::{Extras, Message, MessageKind, MessageState, Write};
use rim_core::note::{Members, Sending};
use rim_core::sight::Sight;
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, Timestamp, UserId};

use super::load::{Admitted, Loaded};
use super::sight::{sights, sights_of};
use crate::failure::{Failure, Result};
use crate::history::State;
use crate::queue::Wanted;
use crate::row::{self, Fields, Params, Sql, array};

const ROOMS: &str =
    "SELECT id, name, avatar, mode, creator_id, single, who_pins, who_mentions_all, expire_seconds FROM groups
                     WHERE id = ANY($1)";

/// Who is or was in a group.
const MEMBERS: &str = "SELECT m.group_id, m.user_id, m.role, m.left_rev IS NULL
                       FROM unnest($1::bigint[], $2::bigint[]) AS asked (group_id, user_id)
                            JOIN members AS m ON m.group_id = asked.group_id AND m.user_id = asked.user_id";

/// The messages that are answered, without what they say.
const TARGETS: &str =
    "SELECT asked.item, m.id, m.group_id, m.seq, m.rev, m.sender_id, m.created_at, s.rev, s.body
                       FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS asked (item, group_id, id)
                            JOIN messages AS m ON m.group_id = asked.group_id AND m.id = asked.id
                            LEFT JOIN states AS s ON s.group_id = m.group_id AND s.seq = m.seq";

/// What says whether those who answer see them.
const SIGHTS: &str = sights!(
    "SELECT asked.item, asked.group_id, asked.user_id, m.seq
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS asked (item, group_id, id, user_id)
          JOIN messages AS m ON m.group_id = asked.group_id AND m.id = asked.id"
);

/// A message that is to be looked at, by the place of its write in the batch.
pub(super) struct Asked<'w> {
    item: usize,
    group: GroupId,
    sender: UserId,
    extras: &'w Extras,
    at: Timestamp,
}

/// Those of the batch, and when they are sent.
pub(super) fn asked<'w>(writes: &'w [Wanted], loaded: &Loaded) -> Vec<Asked<'w>> {
    let asked = writes.iter().enumerate().filter_map(|(item, wanted)| {
        let Wanted::Write(Write::Append(new)) = wanted else { return None };
        let extras = new.extras.as_deref().filter(|_| !loaded.resent.contains_key(&item))?;
        let mut head = *loaded.heads.get(&new.group)?;
        Some(Asked { item, group: new.group, sender: new.sender, extras, at: head.time(new.now) })
    });
    asked.collect()
}

/// Looks at them, in the transaction that is open on this connection.
pub(super) async fn admit(db: &Client, asked: &[Asked<'_>]) -> Result<Admitted> {
    let known = Known::read(db, asked).await?;
    let mut admitted = Admitted::default();
    for one in asked {
        let state = match known.admit(one) {
            Ok(state) => Ok(state.map(Box::new)),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(failure) => return Err(failure),
        };
        admitted.insert(one.item, state);
    }
    Ok(admitted)
}

/// What it depends on.
struct Known {
    rooms: HashMap<GroupId, Group>,
    /// Who is or was a member; with a role if they are.
    members: HashMap<(GroupId, UserId), Option<Role>>,
    /// By the item that answers it.
    targets: HashMap<usize, Message>,
    /// Of the same, as far as it concerns these.
    sights: HashMap<usize, Sight>,
}

impl Known {
    async fn read(db: &Client, asked: &[Asked<'_>]) -> Result<Self> {
        let rooms = array(asked.iter().map(|one| one.group).collect::<BTreeSet<_>>());
        let members = asked.iter().flat_map(|one| {
            let users = one.extras.mentions.iter().copied().chain([one.sender]);
            users.map(|user| (one.group, user))
        });
        let members: BTreeSet<_> = members.collect();
        let (of, users): (Vec<i64>, Vec<i64>) =
            members.into_iter().map(|(group, user)| (group.sql(), user.sql())).unzip();
        let answers = || asked.iter().filter_map(|one| Some((one, one.extras.reply_to?)));
        let items = array(answers().map(|(one, _)| one.item as u64));
        let groups = array(answers().map(|(one, _)| one.group));
        let ids = array(answers().map(|(_, target)| target));
        let senders = array(answers().map(|(one, _)| one.sender));
        let asked: (Params<'_>, Params<'_>, Params<'_>) =
            (&[&rooms], &[&of, &users], &[&items, &groups, &ids, &senders]);
        let (rooms, members, (targets, spans)) = try_join!(
            row::all::<Group>(db, ROOMS, asked.0, row::read),
            row::all::<(GroupId, UserId, Role, bool)>(db, MEMBERS, asked.1, row::read),
            async {
                if items.is_empty() {
                    return Ok((Vec::new(), Vec::new()));
                }
                try_join!(
                    row::all(db, TARGETS, &asked.2[..3], target),
                    row::all(db, SIGHTS, asked.2, row::read)
                )
            }
        )?;
        Ok(Self {
            rooms: rooms.into_iter().map(|group| (group.id, group)).collect(),
            members: members
                .into_iter()
                .map(|(group, user, role, is_member)| ((group, user), is_member.then_some(role)))
                .collect(),
            targets: targets.into_iter().collect(),
            sights: sights_of(spans),
        })
    }

    fn admit(&self, asked: &Asked<'_>) -> Result<Option<MessageState>> {
        let Asked { item, group, sender, extras, at } = *asked;
        let room = self.rooms.get(&group).ok_or(Refusal::NoSuchGroup)?;
        let role = self.members.get(&(group, sender)).copied().flatten().unwrap_or(Role::Common);
        let sending =
            Sending { group: room, settings: room.settings, sender: Member { user: sender, role }, now: at };
        let sight = self.sights.get(&item);
        let sees = |target: &&Message| sight.is_some_and(|sight| sight.sees(target.seq));
        let target = match extras.reply_to {
            Some(_) => Some(self.targets.get(&item).filter(sees).ok_or(Refusal::NoSuchMessage)?),
            None => None,
        };
        extras.state(&sending, target, &In { room, members: &self.members })
    }
}

/// Who is in a group. Both people of a single chat are in it whenever one of them writes.
struct In<'k> {
    room: &'k Group,
    members: &'k HashMap<(GroupId, UserId), Option<Role>>,
}

impl Members for In<'_> {
    type Failure = Failure;

    fn members(&self, users: &[UserId]) -> Result<Vec<UserId>> {
        let is_in = |user: &UserId| {
            self.members.get(&(self.room.id, *user)).is_some_and(|role| self.room.single || role.is_some())
        };
        Ok(users.iter().copied().filter(is_in).collect())
    }
}

fn target(row: Fields<'_>) -> Result<(usize, Message)> {
    let (item, id, group, seq, rev, sender, created_at, state, body): (
        u64,
        MessageId,
        GroupId,
        Seq,
        Rev,
        UserId,
        Timestamp,
        Option<Rev>,
        Option<String>,
    ) = row::read(row)?;
    let mut message = Message {
        id,
        group,
        seq,
        rev,
        sender,
        client_msg_id: String::new(),
        kind: MessageKind::Text,
        content: String::new(),
        created_at,
        state: None,
    };
    if let Some(rev) = state {
        State { group, seq, rev, body }.put_on(&mut message);
    }
    Ok((index(row, item)?, message))
}

fn index(row: Fields<'_>, item: u64) -> Result<usize> {
    usize::try_from(item).map_err(|_| row.meaningless(0, item))
}
