//! Files that are the pictures of users and groups.

use rim_core::file::{FileId, of_avatar};
use rim_core::{GroupId, Refusal, UserId};

use super::row::{self, PICTURE};
use super::uses::{free, store_uses};
use super::visible::visible;
use crate::database::Tx;
use crate::failure::Result as Step;
use crate::params;

/// Whose picture it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown {
    User(UserId),
    Group(GroupId),
}

/// Whether somebody has left the group since it had the picture that it has had until now: then whoever left last has.
fn is_remembered(tx: &dyn Tx, group: GroupId, picture: &str) -> Step<bool> {
    let sql = "SELECT avatar FROM departures WHERE group_id = $1 ORDER BY rev DESC LIMIT 1";
    let last = tx.reader().first(sql, &params![group], |row| row.get::<String>("avatar"))?;
    Ok(last.is_some_and(|last| last == picture))
}

/// A user or a group has another picture now, which `by` has set.
///
/// # Errors
/// `NoSuchFile` where it is a file that they do not see.
pub(crate) fn show(tx: &dyn Tx, by: UserId, of: Shown, before: &str, after: &str) -> Step<()> {
    let (was, is) = (of_avatar(before), of_avatar(after));
    if was == is {
        return Ok(());
    }
    let both: Vec<FileId> = was.into_iter().chain(is).collect();
    let files = row::lock(tx, &both)?;
    let (user, group) = match of {
        Shown::User(user) => (user, GroupId(0)),
        Shown::Group(group) => (UserId(0), group),
    };
    tx.execute("DELETE FROM file_avatars WHERE user_id = $1 AND group_id = $2", &params![user, group])?;
    if let Some(id) = is {
        let file = files.iter().find(|file| file.id == id).ok_or(Refusal::NoSuchFile)?;
        if !visible(tx, by, file)? || !file.is_picture() {
            return Err(Refusal::NoSuchFile.into());
        }
        let sql = "INSERT INTO file_avatars (user_id, group_id, file_id) VALUES ($1, $2, $3)";
        tx.execute(sql, &params![user, group, id])?;
        tx.execute("UPDATE files SET unused_at = NULL WHERE id = $1", &params![id])?;
    }
    match was {
        Some(was) if is_remembered(tx, group, before)? => store_uses(tx, &[was], group, PICTURE),
        Some(was) => free(tx, &[was]),
        None => Ok(()),
    }
}
