//! Whom a message mentions: those it names, not those its text seems to mean.

use super::ledger::Members;
use crate::group::{Group, Role, Settings};
use crate::{Refusal, UserId};

/// Mentions everybody: whoever the group's setting says, and both people of a single chat.
///
/// # Errors
/// `MayNotMentionAll`.
pub(super) fn may_mention(group: &Group, settings: Settings, role: Role, all: bool) -> Result<(), Refusal> {
    if !all || group.single || settings.who_mentions_all.has(role) {
        Ok(())
    } else {
        Err(Refusal::MayNotMentionAll)
    }
}

/// Each of them once, without the sender; all are members, but for those who were mentioned already.
///
/// # Errors
/// `NoSuchMember`.
pub(super) fn mentioned<L: Members>(
    group: &L,
    sender: UserId,
    wanted: &[UserId],
    already: impl Fn(&UserId) -> bool,
) -> Result<Vec<UserId>, L::Failure> {
    let mut mentions: Vec<UserId> = Vec::new();
    for user in wanted {
        if *user != sender && !mentions.contains(user) {
            mentions.push(*user);
        }
    }
    let new: Vec<_> = mentions.iter().copied().filter(|user| !already(user)).collect();
    if !new.is_empty() {
        let members = group.members(&new)?;
        if new.iter().any(|user| !members.contains(user)) {
            return Err(Refusal::NoSuchMember.into());
        }
    }
    Ok(mentions)
}
