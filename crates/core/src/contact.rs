//! What people are to each other, and what follows from it: whom one may look up, and whom one may put into groups.

use crate::{Refusal, UserId};

/// Whom people may look up: a setting of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directory {
    /// Everybody.
    Everybody,
    /// Those whom they have to do with, see [`Contact::is_known`].
    Contacts,
}

/// What a user is to the one who asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contact {
    pub friends: bool,
    /// They have asked to be friends with the one who asks, and wait for an answer.
    pub asks: bool,
    /// Both are members of some group now, or have a single chat, whoever has left it.
    pub shares_group: bool,
}

impl Contact {
    /// Whether the two have met: then the one is shown to the other in any case.
    pub const fn is_known(self) -> bool {
        self.friends || self.asks || self.shares_group
    }

    /// Whether the one who asks may see the profile of the other.
    pub const fn may_be_looked_up(self, directory: Directory) -> bool {
        matches!(directory, Directory::Everybody) || self.is_known()
    }
}

/// What a group and its members may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Current members of a group.
    pub members: u64,
    /// Group chats that somebody is in. Single chats do not count: each is with another person, and who fills somebody's
    /// room with them must not keep them from opening one.
    pub groups: u64,
    /// Of these as many as others may bring somebody up to. The rest is room for groups of one's own.
    pub groups_by_others: u64,
    /// Group chats that people to whom one is a stranger have put one into, and in which one has neither read nor
    /// written since.
    pub unasked: u64,
    /// Whom one may name at all.
    pub directory: Directory,
}

impl Bounds {
    /// Nothing is bounded but the members of a group.
    pub const fn of_members(members: u64) -> Self {
        let directory = Directory::Everybody;
        Self { members, groups: u64::MAX, groups_by_others: u64::MAX, unasked: u64::MAX, directory }
    }
}

/// What bounds those who ask others to be friends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskBounds {
    /// Whom one has asked who have not answered.
    pub pending: u64,
    /// Whom one may ask.
    pub directory: Directory,
}

impl AskBounds {
    pub const NONE: Self = Self { pending: u64::MAX, directory: Directory::Everybody };
}

/// Somebody who is to become a member of a group chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joining {
    pub user: UserId,
    /// Group chats that they are in.
    pub groups: u64,
    /// Who brings them in, as they are to them; `None` where they come by themselves.
    pub brought: Option<Brought>,
}

/// What somebody is to the one who brings them into a group chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brought {
    /// Whether they are friends, or the one who is brought has written to the other in their single chat
    /// ([`crate::Store::acquaintances`]). To share a group is not enough: it is how one stranger would open the door to
    /// the next.
    pub acquainted: bool,
    /// Of [`Bounds::unasked`], those that there are.
    pub unasked: u64,
}

/// Joins a group chat.
///
/// # Errors
/// `TooManyGroups` of one's own; `TheirGroups`, `Unasked`, which name whom it is about.
pub const fn may_join(joining: Joining, bounds: &Bounds) -> Result<(), Refusal> {
    let Joining { user, groups, brought } = joining;
    match brought {
        None if groups >= bounds.groups => Err(Refusal::TooManyGroups(bounds.groups)),
        None => Ok(()),
        Some(_) if groups >= bounds.groups_by_others => Err(Refusal::TheirGroups(user)),
        Some(Brought { acquainted: false, unasked }) if unasked >= bounds.unasked => {
            Err(Refusal::Unasked(user))
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { members: 9, groups: 5, groups_by_others: 4, unasked: 2, directory: Directory::Contacts };

    fn join(groups: u64, brought: Option<(bool, u64)>) -> Result<(), Refusal> {
        let brought = brought.map(|(acquainted, unasked)| Brought { acquainted, unasked });
        may_join(Joining { user: UserId(7), groups, brought }, &BOUNDS)
    }

    #[test]
    fn others_leave_room_for_groups_of_ones_own() {
        assert_eq!(join(3, Some((true, 0))), Ok(()));
        assert_eq!(join(4, Some((true, 0))), Err(Refusal::TheirGroups(UserId(7))));
        assert_eq!(join(4, None), Ok(()));
        assert_eq!(join(5, None), Err(Refusal::TooManyGroups(5)));
    }

    #[test]
    fn strangers_have_less_of_it_than_acquaintances() {
        assert_eq!(join(1, Some((false, 1))), Ok(()));
        assert_eq!(join(1, Some((false, 2))), Err(Refusal::Unasked(UserId(7))));
        assert_eq!(join(1, Some((true, 2))), Ok(()));
    }

    #[test]
    fn contacts_are_those_one_has_to_do_with() {
        let stranger = Contact::default();
        assert!(
            stranger.may_be_looked_up(Directory::Everybody)
                && !stranger.may_be_looked_up(Directory::Contacts)
        );
        for known in [
            Contact { friends: true, ..stranger },
            Contact { asks: true, ..stranger },
            Contact { shares_group: true, ..stranger },
        ] {
            assert!(known.may_be_looked_up(Directory::Contacts), "{known:?}");
        }
    }
}
