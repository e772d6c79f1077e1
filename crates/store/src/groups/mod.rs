//! Groups and their members.

mod members;
mod pieces;
mod room;

use async_trait::async_trait;
use rim_core::contact::Bounds;
use rim_core::event::GroupChange;
use rim_core::group::{self, Group, NewGroup, Role};
use rim_core::member_list::{MembersPage, MembersQuery};
use rim_core::size::PART_BYTES;
use rim_core::user::User;
use rim_core::{GroupId, Rev, Timestamp, UserId};

pub(crate) use self::members::{among, current, ever_among};
pub(crate) use self::pieces::SINGLE_CHATS;
use self::pieces::{Adding, Creating, Removing};
pub(crate) use self::room::{DEPARTURES, GROUP_EVENTS, GROUPS, Room, as_seen};
pub use self::room::{FORGET_LEAVING, bring_back};
use crate::database::{Database, Tx};
use crate::failure::Result as Step;
use crate::files::Shown;
use crate::{Part, Result, files, params, part, uploads};

/// Which groups there are, and who is in them.
#[async_trait]
pub trait Groups: Send + Sync {
    /// Creates a group with [`NewGroup::founders`], or finds the single chat of two who have one already
    /// and brings both back into it (as [`Self::add_members`] would).
    ///
    /// Each founder's joining takes a `rev`, in order, from 1. Of more than [`rim_core::group::PIECE`] the others come after
    /// that, as if they were added ([`Self::add_members`]), in the roles they were to have.
    ///
    /// # Errors
    /// `UnknownUser`, also of those whom the creator may not look up; `TooManyMembers`, and of a group chat those of
    /// [`rim_core::contact::may_join`].
    async fn create_group(&self, group: NewGroup, bounds: Bounds, now: Timestamp) -> Result<GroupId>;

    /// Changes name and avatar. Values that are as they were are no change.
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_update`].
    async fn update_group(
        &self,
        caller: UserId,
        group: GroupId,
        name: String,
        avatar: String,
        now: Timestamp,
    ) -> Result<()>;

    /// The groups above `after` that the user is a member of, by id: as many as fit into so many bytes.
    async fn groups_part(&self, user: UserId, after: GroupId, bytes: usize) -> Result<Part<Group, GroupId>>;

    /// All of them, however many: for tests and tools. Answers are made of parts.
    async fn groups_of(&self, user: UserId) -> Result<Vec<Group>> {
        let (mut groups, mut after) = (Vec::new(), Some(GroupId(0)));
        while let Some(from) = after {
            let part = self.groups_part(user, from, PART_BYTES).await?;
            groups.extend(part.rows);
            after = part.rest;
        }
        Ok(groups)
    }

    /// A page of the current members by order of joining; empty where the caller is not one of them.
    async fn members_page(&self, caller: UserId, group: GroupId, query: MembersQuery) -> Result<MembersPage>;

    /// All of them, however many: for tests and tools. Answers are made of pages.
    async fn members(&self, caller: UserId, group: GroupId) -> Result<Vec<(User, Role)>> {
        let (mut members, mut after) = (Vec::new(), Some(Rev(0)));
        while let Some(from) = after {
            let query = MembersQuery { after: from, size: u32::MAX, named: None, bytes: PART_BYTES };
            let page = self.members_page(caller, group, query).await?;
            members.extend(page.members.into_iter().map(|member| (member.user, member.role)));
            after = page.next;
        }
        Ok(members)
    }

    /// Adds users as common members. Those who are members already are left as they are. One who comes
    /// back sees their earlier part and what follows, never the gap, joins anew in the order of joining,
    /// and has role common. More than [`rim_core::group::PIECE`] join in pieces, each told by itself, once all of them are looked at.
    ///
    /// # Errors
    /// `NoSuchGroup`, `UnknownUser`, also of those whom the caller may not look up, `TooManyMembers`, and those of
    /// [`rim_core::group::may_add`] and [`rim_core::contact::may_join`].
    async fn add_members(
        &self,
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
        bounds: Bounds,
        now: Timestamp,
    ) -> Result<()>;

    /// Removes users, in pieces like those of [`Self::add_members`]; those who are no members are passed over. If the creator
    /// is among them the heir of [`rim_core::group::needs_heir`] becomes creator and admin (published as `Creator`, after `Removed`).
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_remove`].
    async fn remove_members(
        &self,
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
        now: Timestamp,
    ) -> Result<()>;

    /// Gives a member another role. The role they have already is no change.
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_change_role`].
    async fn set_role(
        &self,
        caller: UserId,
        group: GroupId,
        user: UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<()>;

    /// Makes `user` creator and admin; the caller stays an admin. To oneself is no change.
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_hand_over`].
    async fn hand_over_group(
        &self,
        caller: UserId,
        group: GroupId,
        user: UserId,
        now: Timestamp,
    ) -> Result<()>;

    /// Everybody leaves, for good. Each still reads their part.
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_dissolve`].
    async fn dissolve_group(&self, caller: UserId, group: GroupId, now: Timestamp) -> Result<()>;
}

#[async_trait]
impl<D: Database> Groups for D {
    async fn create_group(&self, new: NewGroup, bounds: Bounds, now: Timestamp) -> Result<GroupId> {
        self.write_in_pieces(new.creator, Creating::new(new, bounds, now)).await
    }

    async fn update_group(
        &self,
        caller: UserId,
        group: GroupId,
        name: String,
        avatar: String,
        now: Timestamp,
    ) -> Result<()> {
        self.write(caller, move |tx| {
            let mut room = Room::lock(tx, group)?;
            group::may_update(members::current(tx, group, caller)?)?;
            if room.group.name == name && room.group.avatar == avatar {
                return Ok(());
            }
            let renamed = (room.group.name != name).then(|| name.clone());
            room.info_rev = room.head.next_rev();
            uploads::show(tx, &[&room.group.avatar, &avatar], now)?;
            files::show(tx, caller, Shown::Group(group), &room.group.avatar, &avatar)?;
            (room.group.name, room.group.avatar) = (name, avatar);
            room.publish(tx, caller, GroupChange::Updated { name: renamed }, now)
        })
        .await
    }

    async fn groups_part(&self, user: UserId, after: GroupId, bytes: usize) -> Result<Part<Group, GroupId>> {
        self.read(move |db| {
            let sql = "SELECT g.id, g.name, g.avatar, g.mode, g.creator_id, g.single, g.who_pins, g.who_mentions_all,
                              g.expire_seconds
                       FROM members AS m JOIN groups AS g ON g.id = m.group_id
                       WHERE m.user_id = $1 AND m.group_id > $2 AND m.left_rev IS NULL ORDER BY m.group_id LIMIT $3";
            part::read(db, sql, &params![user, after, part::AT_ONCE], bytes, room::read, |group| group.id)
        })
        .await
    }

    async fn members_page(&self, caller: UserId, group: GroupId, query: MembersQuery) -> Result<MembersPage> {
        self.read_at_once(move |db| members::page(db, caller, group, &query)).await
    }

    async fn add_members(
        &self,
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
        bounds: Bounds,
        now: Timestamp,
    ) -> Result<()> {
        self.write_in_pieces(caller, Adding::new(caller, group, &users, bounds, now)).await
    }

    async fn remove_members(
        &self,
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
        now: Timestamp,
    ) -> Result<()> {
        self.write_in_pieces(caller, Removing::new(caller, group, &users, now)).await
    }

    async fn set_role(
        &self,
        caller: UserId,
        group: GroupId,
        user: UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<()> {
        self.write(caller, move |tx| {
            let mut room = Room::lock(tx, group)?;
            let target = members::current(tx, group, user)?;
            group::may_change_role(&room.group, members::current(tx, group, caller)?, target)?;
            if target.is_some_and(|target| target.role == role) {
                return Ok(());
            }
            room.set_role(tx, user, role)?;
            room.publish(tx, caller, GroupChange::Role { user, role }, now)
        })
        .await
    }

    async fn hand_over_group(
        &self,
        caller: UserId,
        group: GroupId,
        user: UserId,
        now: Timestamp,
    ) -> Result<()> {
        self.write(caller, move |tx| {
            let mut room = Room::lock(tx, group)?;
            let (member, heir) = (members::current(tx, group, caller)?, members::current(tx, group, user)?);
            group::may_hand_over(&room.group, member, heir)?;
            if user == room.group.creator { Ok(()) } else { room.hand_over(tx, caller, user, now) }
        })
        .await
    }

    async fn dissolve_group(&self, caller: UserId, group: GroupId, now: Timestamp) -> Result<()> {
        self.write_many(caller, move |tx| {
            let mut room = Room::lock(tx, group)?;
            group::may_dissolve(&room.group, members::current(tx, group, caller)?)?;
            let members: Vec<_> = members::all(tx, group)?.into_iter().map(|member| member.user).collect();
            room.leave(tx, &members)?;
            room.publish(tx, caller, GroupChange::Dissolved { members }, now)
        })
        .await
    }
}

/// The user's row in each of the groups with the newest messages takes the group's next `rev`, by id: the name or
/// picture changed.
///
/// One who joins a group meanwhile is not told in it: whoever hears of the joining reads the profile then.
pub(crate) fn touch_member(
    tx: &mut dyn Tx,
    user: UserId,
    limit: usize,
    now: Timestamp,
) -> Step<Vec<(GroupId, Rev, Timestamp)>> {
    let sql = "SELECT m.group_id FROM members AS m JOIN groups AS g ON g.id = m.group_id
               WHERE m.user_id = $1 AND m.left_rev IS NULL
               ORDER BY g.last_message_id DESC, m.group_id DESC LIMIT $2";
    let mut groups: Vec<GroupId> =
        tx.reader().all(sql, &params![user, limit as u64], |row| row.get("group_id"))?;
    // In this order everybody locks several.
    groups.sort_unstable();
    let mut heads = tx.lock_groups(&groups)?;
    // Looked at again: some may have been left by the time they were locked.
    let keys: Vec<_> = groups.iter().map(|group| params![*group, user].to_vec()).collect();
    let mut are_in = tx.reader().first_of_each(members::CURRENT, &keys, |_| Ok(()))?.into_iter();
    heads.retain(|_| are_in.next().flatten().is_some());
    let touched: Vec<_> =
        heads.iter_mut().map(|head| (head.group, head.next_rev(), head.time(now))).collect();
    let rows: Vec<_> = touched.iter().map(|(group, rev, _)| params![*group, user, *rev].to_vec()).collect();
    let sql = "UPDATE members SET rev = $3, profile_rev = $3 WHERE group_id = $1 AND user_id = $2";
    tx.execute_each(sql, &rows)?;
    tx.moved_groups(&heads)?;
    Ok(touched)
}
