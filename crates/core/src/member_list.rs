//! Who is in a group, as a list that is read in pages, however many they are.

use crate::account;
use crate::group::Role;
use crate::size::{NUMBER, Size};
use crate::user::User;
use crate::{Rev, Timestamp};

/// Members of one page at the most.
pub const MAX_PAGE: u32 = 200;

/// Members that are looked at for one page of those whose name holds a text. A page may so have fewer than were asked
/// for, even none, before the list is at its end.
pub const MAX_LOOKED_AT: u32 = 5_000;

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersQuery {
    /// Only who joined after that, as the page before told.
    pub after: Rev,
    pub size: u32,
    pub named: Option<Named>,
    /// Bytes of the answer, about.
    pub bytes: usize,
}

/// A page, in the order of joining. Empty to those who are no members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MembersPage {
    pub members: Vec<Member>,
    /// Current members of the group, whether or not they are on the page.
    pub count: u64,
    /// Where the next page begins; `None` at the end of the list.
    pub next: Option<Rev>,
    /// What the caller is in the group; `None` who is no member.
    pub role: Option<Role>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user: User,
    pub role: Role,
    pub joined_at: Timestamp,
}

/// What is searched for: a part of somebody's name or account, without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named(String);

impl Named {
    /// `None` for a text that everybody has.
    pub fn new(text: &str) -> Option<Self> {
        let text = account::fold(text);
        (!text.is_empty()).then_some(Self(text))
    }

    pub fn is_in(&self, account: &str, name: &str) -> bool {
        let holds = |text: &str| match text.is_ascii() {
            // The same, and a hundred times as quick: a page may look at thousands.
            true => text.to_ascii_lowercase().contains(&self.0),
            false => account::fold(text).contains(&self.0),
        };
        holds(account) || holds(name)
    }
}

impl Size for Member {
    fn size_bytes(&self) -> usize {
        40 + NUMBER + self.user.size_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_found_in_any_case() {
        let named = |text, account, name| Named::new(text).is_some_and(|named| named.is_in(account, name));
        assert!(named(" BLOG", "anna", "Anna Blogger") && named("AN", "anna", "Bob"));
        assert!(named("STRASSE", "x", "Straße") && !named("bob", "anna", "Anna"));
        assert_eq!(Named::new("  "), None);
    }
}
