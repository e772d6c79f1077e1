//! Changes of many members, in pieces: between them others have their turns, and before each the rules are asked again.

use std::collections::{HashMap, HashSet, VecDeque};

use rim_core::contact::Bounds;
use rim_core::event::GroupChange;
use rim_core::group::{self, NewGroup, PIECE, Role};
use rim_core::{GroupId, Refusal, Timestamp, UserId};

use super::members::{self, Joining};
use super::room::Room;
use crate::database::{InPieces, Piece, Read, Tx};
use crate::failure::Result as Step;
use crate::files::Shown;
use crate::table::{Table, integer};
use crate::{contacts, files, params, people, uploads};

pub(crate) const SINGLE_CHATS: Table = Table {
    name: "single_chats",
    key: 2,
    columns: &[integer("low_user_id"), integer("high_user_id"), integer("group_id")],
};

/// A group that is being created.
#[derive(Clone)]
pub(super) struct Creating {
    new: NewGroup,
    bounds: Bounds,
    now: Timestamp,
    /// Those who are not in it yet.
    rest: VecDeque<(UserId, Role)>,
    /// How many of them were looked at.
    looked_at: usize,
    /// Those of them to whom the creator is a stranger.
    unasked: HashSet<UserId>,
    /// Once it is there.
    group: Option<GroupId>,
}

impl InPieces for Creating {
    type Output = GroupId;

    fn cost(&self) -> usize {
        self.rest.len().min(PIECE)
    }

    fn next(&mut self, tx: &mut dyn Tx) -> Step<Piece<GroupId>> {
        let group = match self.group {
            None => {
                self.look(tx)?;
                if self.looked_at < self.rest.len() {
                    return Ok(Piece::Looked);
                }
                self.begin(tx)?
            }
            Some(group) => {
                self.go_on(tx, group)?;
                group
            }
        };
        self.group = Some(group);
        Ok(piece_before(self.rest.len(), group))
    }
}

impl Creating {
    pub(super) fn new(new: NewGroup, bounds: Bounds, now: Timestamp) -> Self {
        let rest = new.founders().into();
        Self { new, bounds, now, rest, looked_at: 0, unasked: HashSet::new(), group: None }
    }

    /// Asks whether the next of them may be members.
    fn look(&mut self, tx: &dyn Tx) -> Step<()> {
        let next: Vec<_> = self.rest.range(self.looked_at..).take(PIECE).map(|(user, _)| *user).collect();
        people::must_exist(tx, &next)?;
        if self.rest.len() as u64 > self.bounds.members {
            return Err(Refusal::TooManyMembers(self.bounds.members).into());
        }
        self.looked_at += next.len();
        if self.pair().is_none() {
            contacts::may_name(tx, self.new.creator, &next, self.bounds.directory)?;
            self.unasked.extend(contacts::may_join(tx, self.new.creator, &next, &self.bounds)?);
        }
        Ok(())
    }

    fn begin(&mut self, tx: &mut dyn Tx) -> Step<GroupId> {
        let now = self.now;
        let pair = self.pair();
        let first = take_piece(&mut self.rest);
        let members: Vec<_> = first.iter().map(|(user, _)| *user).collect();
        let new = &self.new;
        let group = match pair {
            None => tx.new_group()?,
            Some(pair) => {
                if pair.chat(tx)?.is_none() {
                    contacts::may_name(tx, new.creator, &members, self.bounds.directory)?;
                }
                match pair.open(tx)? {
                    Opened::New(group) => group,
                    Opened::Found(group) => {
                        let mut room = Room::lock(tx, group)?;
                        let away = members::newcomers(tx, group, &members)?;
                        room.bring_in(tx, new.creator, &away, now)?;
                        return Ok(group);
                    }
                }
            }
        };
        let mut room = Room::insert(tx, group, new, pair.is_some(), now)?;
        uploads::show(tx, &[&new.avatar], now)?;
        files::show(tx, new.creator, Shown::Group(group), "", &new.avatar)?;
        let joining: Vec<_> =
            first.into_iter().map(|(user, role)| Joining { user, role, again: false }).collect();
        room.join(tx, &joining, now)?;
        note_unasked(tx, group, &joining, &self.unasked)?;
        room.publish(tx, new.creator, GroupChange::Created { members }, now)?;
        Ok(group)
    }

    /// The next of its members, as far as somebody else has not brought them in meanwhile.
    fn go_on(&mut self, tx: &mut dyn Tx, group: GroupId) -> Step<()> {
        let mut room = Room::lock(tx, group)?;
        // Whoever has gone brings in nobody, as where it was dissolved meanwhile.
        if members::current(tx, group, self.new.creator)?.is_none() {
            self.rest.clear();
        }
        let piece = take_piece(&mut self.rest);
        let users: Vec<_> = piece.iter().map(|(user, _)| *user).collect();
        let roles: HashMap<_, _> = piece.into_iter().collect();
        let mut joining = members::newcomers(tx, group, &users)?;
        for joining in &mut joining {
            joining.role = roles[&joining.user];
        }
        room.must_hold(joining.len(), self.bounds.members)?;
        note_unasked(tx, group, &joining, &self.unasked)?;
        room.bring_in(tx, self.new.creator, &joining, self.now)
    }

    /// The two, where it is their single chat.
    fn pair(&self) -> Option<Pair> {
        let both: Vec<_> = self.rest.iter().take(3).copied().collect();
        self.new.is_single(&both).then(|| Pair::of(both[0].0, both[1].0))
    }
}

/// Members who are being added. The rules are asked before the first about all, and before each other piece again: the
/// caller may have been removed meanwhile.
#[derive(Clone)]
pub(super) struct Adding {
    caller: UserId,
    group: GroupId,
    /// Each once.
    users: Vec<UserId>,
    bounds: Bounds,
    now: Timestamp,
    /// How many of them were looked at.
    looked_at: usize,
    /// Those of them who are no members yet.
    rest: VecDeque<UserId>,
    /// Those of them to whom the caller is a stranger.
    unasked: HashSet<UserId>,
}

impl InPieces for Adding {
    type Output = ();

    fn cost(&self) -> usize {
        self.users.len().min(PIECE)
    }

    fn next(&mut self, tx: &mut dyn Tx) -> Step<Piece<()>> {
        // Many are first looked at, which takes long, without a lock for which messages would wait.
        if self.users.len() > PIECE && self.looked_at < self.users.len() {
            let room = Room::look(tx, self.group)?;
            self.look(tx, &room)?;
            return Ok(Piece::Looked);
        }
        let mut room = Room::lock(tx, self.group)?;
        if self.looked_at < self.users.len() {
            self.look(tx, &room)?;
        } else {
            self.ask(tx, &room)?;
        }
        // Looked at again: somebody else may have brought them in since.
        let joining = members::newcomers(tx, self.group, &take_piece(&mut self.rest))?;
        room.must_hold(joining.len() + self.rest.len(), self.bounds.members)?;
        note_unasked(tx, self.group, &joining, &self.unasked)?;
        room.bring_in(tx, self.caller, &joining, self.now)?;
        Ok(piece_before(self.rest.len(), ()))
    }
}

impl Adding {
    pub(super) fn new(
        caller: UserId,
        group: GroupId,
        users: &[UserId],
        bounds: Bounds,
        now: Timestamp,
    ) -> Self {
        let (users, rest, unasked) = (members::unique(users).collect(), VecDeque::new(), HashSet::new());
        Self { caller, group, users, bounds, now, looked_at: 0, rest, unasked }
    }

    fn ask(&self, db: &dyn Read, room: &Room) -> Step<()> {
        let member = members::current(db, self.group, self.caller)?;
        let asked = if room.group.single { &self.users[..] } else { &[] };
        let former = members::ever_among(db, self.group, asked)?;
        Ok(group::may_add(&room.group, member, &self.users, |user| former.contains(&user))?)
    }

    /// Asks the rules, and who of the next are no members.
    fn look(&mut self, tx: &dyn Tx, room: &Room) -> Step<()> {
        self.ask(tx, room)?;
        let Self { caller, group, users, bounds, looked_at, rest, unasked, .. } = self;
        let next = &users[*looked_at..users.len().min(*looked_at + PIECE)];
        *looked_at += next.len();
        people::must_exist(tx, next)?;
        let newcomers: Vec<_> =
            members::newcomers(tx, *group, next)?.into_iter().map(|joining| joining.user).collect();
        room.must_hold(rest.len() + newcomers.len(), bounds.members)?;
        if !room.group.single {
            contacts::may_name(tx, *caller, &newcomers, bounds.directory)?;
            unasked.extend(contacts::may_join(tx, *caller, &newcomers, bounds)?);
        }
        rest.extend(newcomers);
        Ok(())
    }
}

/// Members who are being removed. The rules are asked as in [`Adding`].
#[derive(Clone)]
pub(super) struct Removing {
    caller: UserId,
    group: GroupId,
    /// Each once.
    users: Vec<UserId>,
    now: Timestamp,
    /// How many of them were looked at.
    looked_at: usize,
    /// Those of them who are members still.
    rest: VecDeque<UserId>,
    has_begun: bool,
}

impl InPieces for Removing {
    type Output = ();

    fn cost(&self) -> usize {
        self.users.len().min(PIECE)
    }

    fn next(&mut self, tx: &mut dyn Tx) -> Step<Piece<()>> {
        if self.users.len() > PIECE && self.looked_at < self.users.len() {
            let room = Room::look(tx, self.group)?;
            self.look(tx, &room)?;
            return Ok(Piece::Looked);
        }
        let mut room = Room::lock(tx, self.group)?;
        if self.looked_at < self.users.len() || self.users.is_empty() {
            self.look(tx, &room)?;
        }
        let piece = take_piece(&mut self.rest);
        if std::mem::replace(&mut self.has_begun, true) || self.users.len() > PIECE {
            group::may_remove(&room.group, members::current(tx, self.group, self.caller)?, &piece)?;
        }
        let leavers = members::among(tx, self.group, &piece)?;
        self.leave(tx, &mut room, leavers)?;
        Ok(piece_before(self.rest.len(), ()))
    }
}

impl Removing {
    pub(super) fn new(caller: UserId, group: GroupId, users: &[UserId], now: Timestamp) -> Self {
        let users = members::unique(users).collect();
        Self { caller, group, users, now, looked_at: 0, rest: VecDeque::new(), has_begun: false }
    }

    /// Asks the rules, and who of the next are members.
    fn look(&mut self, db: &dyn Read, room: &Room) -> Step<()> {
        let Self { caller, group, users, looked_at, rest, .. } = self;
        group::may_remove(&room.group, members::current(db, *group, *caller)?, users)?;
        let next = &users[*looked_at..users.len().min(*looked_at + PIECE)];
        rest.extend(members::among(db, *group, next)?);
        *looked_at += next.len();
        if rest.len() > PIECE {
            // Who has left may remove nobody. So also a creator, whom nobody else removes, leaves with the last, and who takes
            // the group over is not about to leave.
            rest.make_contiguous().sort_by_key(|user| user == caller);
        }
        Ok(())
    }

    fn leave(&self, tx: &mut dyn Tx, room: &mut Room, leavers: Vec<UserId>) -> Step<()> {
        let Self { caller, group, now, .. } = *self;
        if leavers.is_empty() {
            return Ok(());
        }
        if leavers.contains(&caller) {
            contacts::forget_unasked(tx, group, caller)?;
        }
        let needs_heir = group::needs_heir(&room.group, &leavers);
        room.leave(tx, &leavers)?;
        room.publish(tx, caller, GroupChange::Removed { users: leavers }, now)?;
        if needs_heir && let Some(heir) = members::longest_standing(tx, group)? {
            room.hand_over(tx, caller, heir, now)?;
        }
        Ok(())
    }
}

/// What a piece ends with before which so many are left.
fn piece_before<T>(left: usize, result: T) -> Piece<T> {
    if left == 0 { Piece::Last(result) } else { Piece::More }
}

fn take_piece<T>(rest: &mut VecDeque<T>) -> Vec<T> {
    rest.drain(..rest.len().min(PIECE)).collect()
}

/// Notes which of those who join a stranger has brought.
fn note_unasked(tx: &dyn Tx, group: GroupId, joining: &[Joining], unasked: &HashSet<UserId>) -> Step<()> {
    let users: Vec<_> =
        joining.iter().map(|joining| joining.user).filter(|user| unasked.contains(user)).collect();
    contacts::note_unasked(tx, group, &users)
}

/// The two people of a single chat, in the order in which they are stored.
#[derive(Clone, Copy)]
struct Pair {
    low: UserId,
    high: UserId,
}

/// The single chat of two people.
enum Opened {
    /// It has this id, and is to be created.
    New(GroupId),
    Found(GroupId),
}

impl Pair {
    fn of(one: UserId, other: UserId) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }

    fn chat(self, db: &dyn Read) -> Step<Option<GroupId>> {
        let sql = "SELECT group_id FROM single_chats WHERE low_user_id = $1 AND high_user_id = $2";
        db.first(sql, &params![self.low, self.high], |row| row.get("group_id"))
    }

    /// Finds their chat, or claims its place. Whoever does so at the same time waits, and finds it.
    fn open(self, tx: &dyn Tx) -> Step<Opened> {
        // Looked for first: most are found, and an id is not used up for nothing.
        if let Some(found) = self.chat(tx)? {
            return Ok(Opened::Found(found));
        }
        let new = tx.new_group()?;
        let sql = "INSERT INTO single_chats (low_user_id, high_user_id, group_id) VALUES ($1, $2, $3)
                   ON CONFLICT DO NOTHING";
        if tx.execute(sql, &params![self.low, self.high, new])? == 0 {
            return Ok(Opened::Found(self.chat(tx)?.ok_or(Refusal::NoSuchGroup)?));
        }
        Ok(Opened::New(new))
    }
}
