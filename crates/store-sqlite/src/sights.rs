//! What a user may see of a group, and what else most have nothing of: what they have taken out of their sight, and what
//! has happened to messages.

use rim_core::message::Span;
use rim_core::sight::{Counting, EVERYBODY, MAX_MENTIONS, Sight};
use rim_core::{GroupId, Rev, Seq, UserId};
use rim_store::sights::HOLES;
use rusqlite::Connection;

use crate::failure::Result;
use crate::readers::Snapshot;
use crate::row::{self, Sql};

/// What there is of it in a group: looked for at once, so that whoever has nothing pays for one look.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Has {
    pub(crate) holes: bool,
    /// Mentions of the user behind what they have read.
    pub(crate) mentions: bool,
    /// Messages that have changed after a `rev`.
    pub(crate) changed: bool,
    /// Messages that have expired after it.
    pub(crate) expired: bool,
}

impl Has {
    pub(crate) fn look(db: &Connection, user: UserId, group: GroupId, read: Seq, since: Rev) -> Result<Self> {
        let sql = "SELECT ?2,
                          EXISTS (SELECT 1 FROM cleared WHERE user_id = ?1 AND group_id = ?2)
                          OR EXISTS (SELECT 1 FROM hidden WHERE user_id = ?1 AND group_id = ?2)
                          OR EXISTS (SELECT 1 FROM expired WHERE group_id = ?2),
                          EXISTS (SELECT 1 FROM mentions WHERE user_id = ?1 AND group_id = ?2 AND seq > ?3)
                          OR EXISTS (SELECT 1 FROM mentions WHERE user_id = ?5 AND group_id = ?2 AND seq > ?3),
                          EXISTS (SELECT 1 FROM states WHERE group_id = ?2 AND rev > ?4),
                          EXISTS (SELECT 1 FROM expired WHERE group_id = ?2 AND rev > ?4)";
        let params = [user.sql(), group.sql(), read.sql(), since.sql(), EVERYBODY.sql()];
        let found = row::first(db, sql, params, row::behind_key("states"))?.unwrap_or_default();
        let (holes, mentions, changed, expired) = found;
        Ok(Self { holes, mentions, changed, expired })
    }
}

/// Of what they saw as a member.
pub(crate) fn of(db: &Connection, user: UserId, group: GroupId, member: Vec<Span>) -> Result<Sight> {
    let holes = row::all(db, HOLES, [user.sql(), group.sql()], row::behind_key("hidden"))?;
    Ok(Sight::new(member, holes.into_iter().map(|(after, to)| Span { after, to }).collect()))
}

/// How many messages in sight that they have not read mention them.
pub(crate) fn unread_mentions(
    db: &Snapshot<'_>,
    user: UserId,
    group: GroupId,
    read: Seq,
    sight: &Sight,
) -> Result<u64> {
    if let Some(as_of) = sight.as_of {
        return Ok(rim_store::former::unread_mentions(db, user, group, read, sight, as_of)?);
    }
    // Each of the two by its key, and no further than is counted.
    let sql = "SELECT seq FROM (SELECT seq FROM mentions WHERE user_id = ?1 AND group_id = ?2 AND seq > ?3
                                ORDER BY seq LIMIT ?5)
               UNION SELECT seq FROM (SELECT seq FROM mentions WHERE user_id = ?4 AND group_id = ?2 AND seq > ?3
                                      ORDER BY seq LIMIT ?5)
               ORDER BY 1 LIMIT ?5";
    let mut counting = Counting::new(sight, read);
    while let Some(after) = counting.after() {
        let params = [user.sql(), group.sql(), after.sql(), EVERYBODY.sql(), MAX_MENTIONS.sql()];
        let places: Vec<Seq> = row::all(db, sql, params, row::of("mentions"))?;
        counting.take(&places);
    }
    Ok(counting.count())
}
