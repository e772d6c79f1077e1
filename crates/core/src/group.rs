//! Groups and who may do what in them: the one place where it is decided.
//!
//! A store loads what a rule asks for inside its own transaction, calls the rule, and carries out what
//! it answers; so two backends cannot disagree about who may do what.

use crate::size::{NUMBER, Size, json_bytes};
use crate::{GroupId, Refusal, Rev, Timestamp, UserId};

/// The mode of a single chat on the wire. Everything else is a group chat.
pub const SINGLE_MODE: u8 = 1;

/// How many members come or go at once. Changes of more are carried out in pieces, each of them told by itself, so that others
/// do not wait for all of it.
pub const PIECE: usize = 500;

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub avatar: String,
    /// As the client sent it.
    pub mode: u8,
    pub creator: UserId,
    /// Whether it is a single chat: created with mode 1 by and for exactly two people.
    pub single: bool,
    pub settings: Settings,
}

/// What a group chat was when some of its members left it together. From then on that is what they are told of it:
/// what is told of a group ends where one's part of it ends. A single chat belongs to both of its people, and is told as
/// it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    pub name: String,
    pub avatar: String,
    pub creator: UserId,
    /// Of the latest change of these three.
    pub info_rev: Rev,
    pub member_count: u64,
    /// The first two members, by order of joining.
    pub first: [Option<UserId>; 2],
}

impl Departure {
    /// The group as it is told to those who left then.
    pub fn seen(self, group: Group) -> Group {
        Group { name: self.name, avatar: self.avatar, creator: self.creator, ..group }
    }

    /// Who was the first other member for one of those who left.
    pub fn other(&self, user: UserId) -> Option<UserId> {
        self.first.into_iter().flatten().find(|other| *other != user)
    }
}

/// Role of a member. The creator is an admin, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Common,
    Admin,
}

/// Who of the members of a group may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    All,
    Admins,
}

impl Who {
    /// Whether one of this role may.
    pub fn has(self, role: Role) -> bool {
        self == Self::All || role == Role::Admin
    }
}

/// How a group is used, as its admins have set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    pub who_pins: Who,
    /// Who mentions everybody.
    pub who_mentions_all: Who,
    /// So long after they were sent its messages expire; 0: never.
    pub expire_seconds: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { who_pins: Who::Admins, who_mentions_all: Who::Admins, expire_seconds: 0 }
    }
}

impl Settings {
    /// When a message expires that is sent now.
    pub fn expires_at(self, now: Timestamp) -> Option<Timestamp> {
        let ms = i64::try_from(self.expire_seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        (ms > 0).then(|| now.plus_ms(ms))
    }
}

/// The shortest time after which messages expire, in seconds; and the longest, which is ten years.
pub const MIN_EXPIRE_SECONDS: u64 = 5;
pub const MAX_EXPIRE_SECONDS: u64 = 10 * 366 * 86_400;

/// How often the timer of a group is set, as long as what was sent under it waits to expire or stands apart: with each there
/// may be one range more of what has expired, around which every read of the group walks. Turning it off is not counted.
pub const MAX_TIMERS: u64 = 1_000;

/// Settings that are to be others than they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NewSettings {
    pub who_pins: Option<Who>,
    pub who_mentions_all: Option<Who>,
    pub expire_seconds: Option<u64>,
}

impl NewSettings {
    /// What they are then.
    ///
    /// # Errors
    /// `NoSuchExpiry`.
    pub fn on(self, before: Settings) -> Result<Settings, Refusal> {
        let expire_seconds = self.expire_seconds.unwrap_or(before.expire_seconds);
        if expire_seconds != 0 && !(MIN_EXPIRE_SECONDS..=MAX_EXPIRE_SECONDS).contains(&expire_seconds) {
            return Err(Refusal::NoSuchExpiry);
        }
        Ok(Settings {
            who_pins: self.who_pins.unwrap_or(before.who_pins),
            who_mentions_all: self.who_mentions_all.unwrap_or(before.who_mentions_all),
            expire_seconds,
        })
    }
}

/// A group to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    pub creator: UserId,
    pub name: String,
    pub avatar: String,
    pub mode: u8,
    /// In order of joining; may name the creator and may name somebody twice.
    pub members: Vec<(UserId, Role)>,
}

impl NewGroup {
    /// The members that the group begins with: the creator first, as an admin, then each other user once.
    pub fn founders(&self) -> Vec<(UserId, Role)> {
        let mut seen = std::collections::HashSet::from([self.creator]);
        let mut founders = vec![(self.creator, Role::Admin)];
        founders.extend(self.members.iter().filter(|(user, _)| seen.insert(*user)));
        founders
    }

    /// Whether this opens a single chat, given its founders.
    pub fn is_single(&self, founders: &[(UserId, Role)]) -> bool {
        self.mode == SINGLE_MODE && founders.len() == 2
    }
}

/// A current member, as the rules need to know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub role: Role,
}

/// Says something in a group, or marks what was said: members.
///
/// # Errors
/// `NotMember`.
pub const fn may_write(is_member: bool) -> Result<(), Refusal> {
    if is_member { Ok(()) } else { Err(Refusal::NotMember) }
}

/// Changes name and avatar: admins and the creator.
///
/// # Errors
/// `NotMember`, `NotAdmin`.
pub fn may_update(caller: Option<Member>) -> Result<(), Refusal> {
    match caller.ok_or(Refusal::NotMember)?.role {
        Role::Admin => Ok(()),
        Role::Common => Err(Refusal::NotAdmin),
    }
}

/// Changes the settings: admins and the creator, and both people of a single chat.
///
/// # Errors
/// `NotMember`, `NotAdmin`.
pub fn may_set(group: &Group, caller: Option<Member>) -> Result<(), Refusal> {
    if group.single { may_write(caller.is_some()) } else { may_update(caller) }
}

/// Adds `users`: any member. Into a single chat only its own two people come back.
///
/// `former` tells whether a user was a member before.
///
/// # Errors
/// `NotMember`; `SingleChat` for a third.
pub fn may_add(
    group: &Group,
    caller: Option<Member>,
    users: &[UserId],
    mut former: impl FnMut(UserId) -> bool,
) -> Result<(), Refusal> {
    caller.ok_or(Refusal::NotMember)?;
    if group.single && !users.iter().all(|user| former(*user)) {
        return Err(Refusal::SingleChat);
    }
    Ok(())
}

/// Who comes back when a message is written in a single chat: whoever has left it, and is not the writer. It belongs
/// to both, so nothing is written in it that reaches nobody. `away` are its two people as far as they have left.
pub fn brought_back_by_a_message(sender: UserId, away: impl IntoIterator<Item = UserId>) -> Option<UserId> {
    away.into_iter().find(|user| *user != sender)
}

/// Removes `users`: admins and the creator; anybody removes themselves. All or nobody.
///
/// # Errors
/// `NotMember`, `NotAdmin`, `CreatorStays` where another than the creator would remove them,
/// `SingleChat` where one would remove the other from a single chat.
pub fn may_remove(group: &Group, caller: Option<Member>, users: &[UserId]) -> Result<(), Refusal> {
    let caller = caller.ok_or(Refusal::NotMember)?;
    let mut others = users.iter().filter(|user| **user != caller.user).peekable();
    if others.peek().is_none() {
        return Ok(());
    }
    if group.single {
        return Err(Refusal::SingleChat);
    }
    if caller.role != Role::Admin {
        return Err(Refusal::NotAdmin);
    }
    if others.any(|user| *user == group.creator) {
        return Err(Refusal::CreatorStays);
    }
    Ok(())
}

/// Whether somebody must take the group over when `users` have left: the creator of a group chat is
/// among them. The longest-standing admin does, else the longest-standing member; nobody, if nobody is left.
pub fn needs_heir(group: &Group, users: &[UserId]) -> bool {
    !group.single && users.contains(&group.creator)
}

/// Gives `user` another role: the creator, and not to themselves.
///
/// # Errors
/// `NotMember`, `NotCreator`, `SingleChat`, `CreatorStays`, `NoSuchMember`.
pub fn may_change_role(group: &Group, caller: Option<Member>, target: Option<Member>) -> Result<(), Refusal> {
    must_be_creator(group, caller)?;
    let target = target.ok_or(Refusal::NoSuchMember)?;
    if target.user == group.creator { Err(Refusal::CreatorStays) } else { Ok(()) }
}

/// Hands the group over to `target`: the creator.
///
/// # Errors
/// `NotMember`, `NotCreator`, `SingleChat`, `NoSuchMember`.
pub fn may_hand_over(group: &Group, caller: Option<Member>, target: Option<Member>) -> Result<(), Refusal> {
    must_be_creator(group, caller)?;
    target.map(|_| ()).ok_or(Refusal::NoSuchMember)
}

/// Ends the group for everybody: the creator. A single chat cannot be dissolved, only left.
///
/// # Errors
/// `NotMember`, `NotCreator`, `SingleChat`.
pub fn may_dissolve(group: &Group, caller: Option<Member>) -> Result<(), Refusal> {
    must_be_creator(group, caller)
}

fn must_be_creator(group: &Group, caller: Option<Member>) -> Result<(), Refusal> {
    let caller = caller.ok_or(Refusal::NotMember)?;
    if group.single {
        return Err(Refusal::SingleChat);
    }
    if caller.user == group.creator { Ok(()) } else { Err(Refusal::NotCreator) }
}

impl Size for Group {
    fn size_bytes(&self) -> usize {
        // With the settings.
        90 + 70 + NUMBER + json_bytes(&self.name) + json_bytes(&self.avatar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATOR: UserId = UserId(1);
    const ADMIN: UserId = UserId(2);
    const COMMON: UserId = UserId(3);

    fn group(single: bool) -> Group {
        Group {
            id: GroupId(9),
            name: String::new(),
            avatar: String::new(),
            mode: 2,
            creator: CREATOR,
            single,
            settings: Settings::default(),
        }
    }

    fn member(user: UserId) -> Option<Member> {
        let role = if user == COMMON { Role::Common } else { Role::Admin };
        Some(Member { user, role })
    }

    #[test]
    fn a_list_is_removed_as_a_whole_or_not_at_all() {
        let group = group(false);
        assert_eq!(may_remove(&group, member(ADMIN), &[COMMON, CREATOR]), Err(Refusal::CreatorStays));
        assert_eq!(may_remove(&group, member(COMMON), &[COMMON, ADMIN]), Err(Refusal::NotAdmin));
        assert_eq!(may_remove(&group, member(COMMON), &[COMMON]), Ok(()));
        assert_eq!(may_remove(&group, member(CREATOR), &[CREATOR, ADMIN]), Ok(()));
        assert_eq!(may_remove(&group, None, &[COMMON]), Err(Refusal::NotMember));
    }

    #[test]
    fn settings_are_changed_by_who_runs_the_group() {
        assert_eq!(may_set(&group(false), member(COMMON)), Err(Refusal::NotAdmin));
        assert_eq!(may_set(&group(false), member(ADMIN)), Ok(()));
        assert_eq!(may_set(&group(true), member(COMMON)), Ok(()));
        assert_eq!(may_set(&group(true), None), Err(Refusal::NotMember));
        let expiry = |seconds| {
            NewSettings { expire_seconds: Some(seconds), ..NewSettings::default() }.on(Settings::default())
        };
        assert_eq!(expiry(4), Err(Refusal::NoSuchExpiry));
        assert_eq!(expiry(u64::MAX), Err(Refusal::NoSuchExpiry));
        let five = Settings { expire_seconds: 5, ..Settings::default() };
        assert_eq!((expiry(5), expiry(0)), (Ok(five), Ok(Settings::default())));
        assert_eq!(NewSettings::default().on(five), Ok(five), "what is not named stays");
    }

    #[test]
    fn a_third_cannot_join_a_single_chat() {
        let group = group(true);
        let former = |user| user == CREATOR || user == ADMIN;
        assert_eq!(may_add(&group, member(ADMIN), &[COMMON], former), Err(Refusal::SingleChat));
        assert_eq!(may_add(&group, member(ADMIN), &[CREATOR], former), Ok(()));
        assert_eq!(may_remove(&group, member(CREATOR), &[ADMIN]), Err(Refusal::SingleChat));
    }

    #[test]
    fn the_creator_is_a_founder_whatever_the_list_says() {
        let new = NewGroup {
            creator: CREATOR,
            name: String::new(),
            avatar: String::new(),
            mode: 1,
            members: vec![(ADMIN, Role::Common), (CREATOR, Role::Common), (ADMIN, Role::Admin)],
        };
        let founders = new.founders();
        assert_eq!(founders, [(CREATOR, Role::Admin), (ADMIN, Role::Common)]);
        assert!(new.is_single(&founders));
    }
}
