//! Who may see a file: the one place where it is decided.

use rim_core::file::{AVATARS, File};
use rim_core::{GroupId, Seq, UserId};

use super::row::PICTURE;
use crate::database::Read;
use crate::failure::Result as Step;
use crate::{params, sights};

/// Uses of a file that are looked at, at the most.
const MAX_USES: u64 = 1_000;
/// Of them so many together: mostly one of the first is in sight.
const AT_ONCE: usize = 50;

/// Those of the first so many that are in groups which are or were the user's.
const USES: &str = "SELECT u.group_id, u.seq
    FROM (SELECT group_id, seq FROM file_uses WHERE file_id = $1 AND group_id > 0 LIMIT $3) AS u
    WHERE EXISTS (SELECT 1 FROM members AS m WHERE m.user_id = $2 AND m.group_id = u.group_id)
       OR EXISTS (SELECT 1 FROM forgotten_members AS f WHERE f.user_id = $2 AND f.group_id = u.group_id)";

/// Where there are more: by the groups that are or were the user's. Of a CROSS JOIN SQLite takes the left side first, of
/// which there are thousands at the most.
const USES_BY_GROUPS: &str = "SELECT g.group_id, u.seq
    FROM (SELECT group_id FROM members WHERE user_id = $2
          UNION ALL SELECT group_id FROM forgotten_members WHERE user_id = $2) AS g
         CROSS JOIN file_uses AS u
    WHERE u.file_id = $1 AND u.group_id = g.group_id LIMIT $3";

/// A group that is the user's shows it as its picture, or did when they left.
const PICTURED: &str = "SELECT p.group_id
    FROM (SELECT group_id FROM file_avatars WHERE file_id = $1 AND group_id > 0
          UNION SELECT group_id FROM file_uses WHERE file_id = $1 AND group_id > 0 AND seq = $3) AS p
         JOIN (SELECT group_id, left_rev FROM members WHERE user_id = $2
               UNION ALL SELECT group_id, left_rev FROM forgotten_members WHERE user_id = $2) AS m
           ON m.group_id = p.group_id
         JOIN groups AS g ON g.id = p.group_id
    WHERE strpos(coalesce((SELECT d.avatar FROM departures AS d WHERE d.group_id = p.group_id
                           AND d.rev <= m.left_rev ORDER BY d.rev DESC LIMIT 1), g.avatar) || '/', $4) = 1
    LIMIT 1";

/// Whether a user may see a file: see [`super::Files::visible_file`].
///
/// # Errors
/// Those of the database.
pub fn visible(db: &dyn Read, user: UserId, file: &File) -> Step<bool> {
    if file.owner == user {
        return Ok(true);
    }
    if is_in_sight(db, user, db.all(USES, &params![file.id, user, MAX_USES], place)?)? {
        return Ok(true);
    }
    let sql = "SELECT file_id FROM file_uses WHERE file_id = $1 AND group_id > 0 LIMIT 1 OFFSET $2";
    if db.exists(sql, &params![file.id, MAX_USES])?
        && is_in_sight(db, user, db.all(USES_BY_GROUPS, &params![file.id, user, MAX_USES], place)?)?
    {
        return Ok(true);
    }
    let sql = "SELECT file_id FROM file_avatars WHERE file_id = $1 AND group_id = 0 LIMIT 1";
    if db.exists(sql, &params![file.id])? {
        return Ok(true);
    }
    let address = format!("{AVATARS}{}/", file.id);
    db.exists(PICTURED, &params![file.id, user, PICTURE, address])
}

fn place(row: crate::database::Fields<'_>) -> Step<(GroupId, Seq)> {
    Ok((row.get("group_id")?, row.get("seq")?))
}

/// Whether one of these places is in the user's sight. Whoever plays a film asks for piece after piece, so what is cut out
/// elsewhere in the groups is not read.
fn is_in_sight(db: &dyn Read, user: UserId, uses: Vec<(GroupId, Seq)>) -> Step<bool> {
    for places in uses.chunks(AT_ONCE) {
        let sights = sights::at_each(db, user, places)?;
        let mut sights = places.iter().zip(sights);
        if sights.any(|((_, seq), sight)| sight.is_some_and(|sight| sight.sees(*seq))) {
            return Ok(true);
        }
    }
    Ok(false)
}
