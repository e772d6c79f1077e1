//! How a group is used.

use rim_core::event::{Change, GroupChange};
use rim_core::group::{NewSettings, Settings, may_set, may_write};
use rim_core::{GroupId, Timestamp, UserId};

use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::groups::{self, Room};
use crate::{expiry, params};

pub(super) fn of(db: &dyn Read, user: UserId, group: GroupId) -> Step<Settings> {
    let room = Room::look(db, group)?;
    may_write(groups::current(db, group, user)?.is_some())?;
    Ok(room.group.settings)
}

pub(super) fn set(
    tx: &mut dyn Tx,
    user: UserId,
    group: GroupId,
    new: NewSettings,
    now: Timestamp,
) -> Step<Settings> {
    let mut room = Room::lock(tx, group)?;
    may_set(&room.group, groups::current(tx, group, user)?)?;
    let settings = new.on(room.group.settings)?;
    if settings == room.group.settings {
        return Ok(settings);
    }
    let before = room.group.settings.expire_seconds;
    if settings.expire_seconds != before && settings.expire_seconds > 0 {
        expiry::set_timer(tx, group)?;
    }
    let (rev, at) = (room.head.next_rev(), room.head.time(now));
    room.info_rev = rev;
    let sql = "UPDATE groups SET who_pins = $2, who_mentions_all = $3, expire_seconds = $4 WHERE id = $1";
    let Settings { who_pins, who_mentions_all, expire_seconds } = settings;
    tx.execute(sql, &params![group, who_pins, who_mentions_all, expire_seconds])?;
    room.save(tx)?;
    // Without a place among the messages.
    tx.publish(Change::Group {
        group,
        rev,
        seq: None,
        actor: user,
        what: GroupChange::Updated { name: None },
        at,
    });
    Ok(settings)
}
