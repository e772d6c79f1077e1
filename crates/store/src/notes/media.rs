//! Pages of the gallery of a group.

use rim_core::gallery::Part;
use rim_core::message::{Found, Message};
use rim_core::sight::spans_of;
use rim_core::{GroupId, Seq, UserId};

use super::lists::{must_have_sight, with_people};
use crate::database::Read;
use crate::failure::Result as Step;
use crate::params;

/// Messages of one page, at the most.
pub const MAX_MEDIA: u32 = 100;

/// Rows that are looked at for one page. Then it ends, and says where: rows may be out of sight, or of what is listed no more.
const MAX_LOOKED_AT: usize = 1_000;

/// Behind every place.
const END: Seq = Seq(i64::MAX as u64);

pub(super) fn gallery(
    db: &dyn Read,
    user: UserId,
    group: GroupId,
    part: Part,
    before: Option<Seq>,
    size: u32,
) -> Step<(Found, Option<Seq>)> {
    let sight = must_have_sight(db, user, group)?;
    let size = size.clamp(1, MAX_MEDIA) as usize;
    let sql =
        "SELECT seq FROM gallery WHERE group_id = $1 AND what = $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4";
    let (mut below, mut messages, mut looked_at) = (before.unwrap_or(END), Vec::new(), 0);
    let (mut rest, mut rows) = (None, size + 1);
    // What is out of sight in one run is passed over.
    while let Some(last) = sight.before(below) {
        let places: Vec<Seq> = db.all(sql, &params![group, part, last, rows as u64], |row| row.get("seq"))?;
        let seen = places.iter().rev().copied().filter(|seq| sight.sees(*seq));
        let read = db.messages_at(group, &spans_of(seen), sight.as_of, usize::MAX)?;
        messages.extend(read.into_iter().rev().filter(|message| part.has(message)));
        looked_at += places.len();
        match places.last() {
            _ if messages.len() > size => {
                messages.truncate(size);
                rest = messages.last().map(|last: &Message| last.seq);
                break;
            }
            Some(lowest) if places.len() == rows => below = *lowest,
            _ => break,
        }
        if looked_at >= MAX_LOOKED_AT {
            rest = Some(below);
            break;
        }
        rows = (rows * 2).min(MAX_MEDIA as usize + 1);
    }
    let count = messages.len();
    let found = with_people(db, user, messages, rest.is_some())?;
    if found.messages.len() < count {
        rest = found.messages.last().map(|last| last.seq);
    }
    Ok((found, rest))
}
