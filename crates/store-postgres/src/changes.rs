//! The record of changes that nodes read of each other: everything with a `rev`, but messages, which are their own.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use deadpool_postgres::GenericClient;
use futures_util::try_join;
use rim_core::event::{Change, Topic};
use rim_core::message::{Message, MessageKind};
use rim_core::sight::spans_of;
use rim_core::{ConnectionId, GroupId, Rev, Timestamp, UserId};
use tokio_postgres::Statement;

use crate::failure::Result;
use crate::history::Stated;
use crate::row::{self, Sql, array};
use crate::{history, moved, place};

// ---- writing

pub(crate) const INSERT_OF_GROUPS: &str = "INSERT INTO group_changes (group_id, rev, at, change)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])";

const INSERT_OF_USERS: &str = "INSERT INTO user_changes (user_id, rev, at, change)
                               SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])";

/// Keeps what a transaction has changed, in it.
pub(crate) async fn record(db: &impl GenericClient, changes: &[Change]) -> Result<()> {
    let (groups, users) = records(changes);
    // They are on their way together.
    try_join!(
        moved::note(db, moved::groups(changes)),
        async {
            if !groups.ids.is_empty() {
                groups.insert(db, &db.prepare_cached(INSERT_OF_GROUPS).await?).await?;
            }
            Ok(())
        },
        async {
            if !users.ids.is_empty() {
                users.insert(db, &db.prepare_cached(INSERT_OF_USERS).await?).await?;
            }
            Ok(())
        },
    )?;
    for change in changes {
        record_joinings(db, change).await?;
    }
    Ok(())
}

/// Keeps who has come into a group, so that a node learns of those whom it has connections of. Each took a `rev`.
async fn record_joinings(db: &impl GenericClient, change: &Change) -> Result<()> {
    let Change::Group { group, rev, what, .. } = change else { return Ok(()) };
    let Some(users) = what.joined() else { return Ok(()) };
    let before = rev.0 - users.len() as u64;
    let revs: Vec<_> = (1..).take(users.len()).map(|nth| Rev(before + nth).sql()).collect();
    let sql = "INSERT INTO joinings (group_id, user_id, rev)
               SELECT $1, new.user_id, new.rev FROM unnest($2::bigint[], $3::bigint[]) AS new (user_id, rev)";
    row::execute(db, sql, &[&group.sql(), &array(users.iter().copied()), &revs]).await?;
    Ok(())
}

/// Rows of one of the two tables.
#[derive(Default)]
pub(crate) struct Records {
    ids: Vec<i64>,
    revs: Vec<i64>,
    times: Vec<i64>,
    changes: Vec<Vec<u8>>,
}

/// What is to be kept of groups, and of users.
pub(crate) fn records<'c>(changes: impl IntoIterator<Item = &'c Change>) -> (Records, Records) {
    let (mut groups, mut users) = (Records::default(), Records::default());
    for change in changes {
        let Some(at) = kept_since(change) else { continue };
        for (topic, rev) in change.topic_revs() {
            let (records, id) = match topic {
                Topic::Group(group) => (&mut groups, group.sql()),
                Topic::User(user) => (&mut users, user.sql()),
            };
            records.ids.push(id);
            records.revs.push(rev.sql());
            records.times.push(at.0);
            records.changes.push(as_record(change));
        }
    }
    (groups, users)
}

/// Without what a message says, where it is told what was done with it: of a recalled one nothing is to be left. Whoever
/// reads the record tells the message as it is by then.
fn as_record(change: &Change) -> Vec<u8> {
    let Change::Noted { message, rev, actor, what, blind, at, connection } = change else {
        return change.encode();
    };
    let message = Message {
        client_msg_id: String::new(),
        kind: MessageKind::Text,
        content: String::new(),
        state: Some(Box::default()),
        ..**message
    };
    let (message, what, blind) = (Arc::new(message), what.clone(), blind.clone());
    let (rev, actor, at, connection) = (*rev, *actor, *at, *connection);
    Change::Noted { message, rev, actor, what, blind, at, connection }.encode()
}

/// `None` of what needs no record: messages are one, and the end of sessions has no number.
const fn kept_since(change: &Change) -> Option<Timestamp> {
    match change {
        Change::Receipt { at, .. }
        | Change::Noted { at, .. }
        | Change::Expired { at, .. }
        | Change::Group { at, .. }
        | Change::MemberProfile { at, .. }
        | Change::Friend { at, .. }
        | Change::Chat { at, .. }
        | Change::Profile { at, .. } => Some(*at),
        Change::Message { .. } | Change::SessionsEnded { .. } => None,
    }
}

impl Records {
    pub(crate) async fn insert(
        &self,
        db: &impl GenericClient,
        statement: &Statement,
    ) -> std::result::Result<(), tokio_postgres::Error> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let Self { ids, revs, times, changes } = self;
        db.execute(statement, &[ids, revs, times, changes]).await?;
        Ok(())
    }
}

/// Whether the transaction was committed that recorded this change; waits until that is settled. To be asked in a
/// transaction that is then rolled back.
pub(crate) async fn is_recorded(db: &impl GenericClient, change: &Change) -> Result<bool> {
    if let Change::Message { message, .. } = change {
        return is_stored(db, message).await;
    }
    let (groups, users) = records([change]);
    let (records, insert, find) = if groups.ids.is_empty() {
        let find = "SELECT rev FROM user_changes WHERE user_id = $1 AND rev = $2 AND change = $3";
        (users, INSERT_OF_USERS, find)
    } else {
        let find = "SELECT rev FROM group_changes WHERE group_id = $1 AND rev = $2 AND change = $3";
        (groups, INSERT_OF_GROUPS, find)
    };
    let (Some(id), Some(rev), Some(bytes)) =
        (records.ids.first(), records.revs.first(), records.changes.first())
    else {
        return Ok(false);
    };
    // Waits for whoever has written at this number and is not done. If it is free, they have not, and will not.
    let insert = db.prepare_cached(&format!("{insert} ON CONFLICT DO NOTHING")).await?;
    let Records { ids, revs, times, changes } = &records;
    if db.execute(&insert, &[ids, revs, times, changes]).await? > 0 {
        return Ok(false);
    }
    Ok(row::first(db, find, &[id, rev, bytes], |_| Ok(())).await?.is_some())
}

/// The same of a message, which is its own record. No other is ever given its id.
async fn is_stored(db: &impl GenericClient, message: &Message) -> Result<bool> {
    let (group, id) = (message.group.sql(), message.id.sql());
    // Whoever stores messages of the group holds this until that is settled.
    let sql = "SELECT id FROM groups WHERE id = $1 FOR NO KEY UPDATE";
    row::first(db, sql, &[&group], |_| Ok(())).await?;
    let sql = "SELECT id FROM messages WHERE group_id = $1 AND id = $2";
    Ok(row::first(db, sql, &[&group, &id], |_| Ok(())).await?.is_some())
}

/// Records that are deleted in one statement: it takes a part of a second, and holds up nobody.
const PURGED_AT_ONCE: u64 = 10_000;

pub(crate) async fn purge(db: &impl GenericClient, before: Timestamp) -> Result<u64> {
    let of_groups = "DELETE FROM group_changes
                     WHERE ctid = ANY(ARRAY(SELECT ctid FROM group_changes WHERE at < $1 LIMIT $2))";
    let of_users = "DELETE FROM user_changes
                    WHERE ctid = ANY(ARRAY(SELECT ctid FROM user_changes WHERE at < $1 LIMIT $2))";
    let of_joinings = "DELETE FROM joinings
                       WHERE ctid = ANY(ARRAY(SELECT ctid FROM joinings WHERE at < $1 LIMIT $2))";
    row::execute(db, "DELETE FROM nodes WHERE seen_at < $1", &[&before.0]).await?;
    // Where there is no consumer nobody else does.
    moved::forget(db).await?;
    while row::execute(db, of_joinings, &[&before.0, &PURGED_AT_ONCE.sql()]).await? == PURGED_AT_ONCE {}
    let mut purged = 0;
    for sql in [of_groups, of_users] {
        loop {
            let some = row::execute(db, sql, &[&before.0, &PURGED_AT_ONCE.sql()]).await?;
            purged += some;
            if some < PURGED_AT_ONCE {
                break;
            }
        }
    }
    Ok(purged)
}

// ---- reading

pub(crate) async fn revs(db: &impl GenericClient, topics: Vec<Topic>) -> Result<Vec<(Topic, Rev)>> {
    let group = |topic: &Topic| match topic {
        Topic::Group(group) => Some(*group),
        Topic::User(_) => None,
    };
    let user = |topic: &Topic| match topic {
        Topic::User(user) => Some(*user),
        Topic::Group(_) => None,
    };
    let groups = array(topics.iter().filter_map(group));
    let users = array(topics.iter().filter_map(user));
    let sql = "SELECT id, last_rev, false FROM groups WHERE id = ANY($1)
               UNION ALL SELECT id, rev, true FROM users WHERE id = ANY($2)";
    row::all(db, sql, &[&groups, &users], |row| {
        let (id, rev, is_user) = row::read(row)?;
        Ok((if is_user { Topic::User(UserId(id)) } else { Topic::Group(GroupId(id)) }, rev))
    })
    .await
}

/// The first `limit` changes of the topic above `after`, by `rev`.
pub(crate) async fn above(
    db: &impl GenericClient,
    topic: Topic,
    after: Rev,
    limit: u32,
) -> Result<Vec<Change>> {
    match topic {
        Topic::Group(group) => of_group(db, group, after, limit).await,
        Topic::User(user) => of_user(db, user, after, limit).await,
    }
}

async fn of_group(db: &impl GenericClient, group: GroupId, after: Rev, limit: u32) -> Result<Vec<Change>> {
    let sql = "SELECT rev, change FROM group_changes WHERE group_id = $1 AND rev > $2 ORDER BY rev LIMIT $3";
    let params: row::Params<'_> = &[&group.sql(), &after.sql(), &i64::from(limit)];
    let mut changes = row::all(db, sql, params, read).await?;
    tell_as_they_are(db, group, &mut changes).await?;
    for message in history::above(db, group, place::after(db, group, after).await?, limit).await? {
        let rev = message.rev;
        changes.push((rev, Some(Change::Message { message: message.into(), connection: ConnectionId(0) })));
    }
    changes.sort_unstable_by_key(|(rev, _)| *rev);
    changes.truncate(limit as usize);
    Ok(changes.into_iter().filter_map(|(_, change)| change).collect())
}

/// Puts the messages, as they are now, into what tells that something was done with them.
async fn tell_as_they_are(
    db: &impl GenericClient,
    group: GroupId,
    changes: &mut [(Rev, Option<Change>)],
) -> Result<()> {
    let seq_of = |change: &Change| match change {
        Change::Noted { message, .. } => Some(message.seq),
        _ => None,
    };
    let noted: BTreeSet<_> = changes.iter().filter_map(|(_, change)| seq_of(change.as_ref()?)).collect();
    let spans: Vec<_> = spans_of(noted).into_iter().map(|span| (group, span)).collect();
    let messages = history::runs(db, &spans, &Stated::all(&spans, None), usize::MAX).await?;
    let messages: HashMap<_, _> =
        messages.into_iter().map(|message| (message.seq, Arc::new(message))).collect();
    for (_, change) in changes {
        if let Some(Change::Noted { message, .. }) = change
            && let Some(now) = messages.get(&message.seq)
        {
            *message = Arc::clone(now);
        }
    }
    Ok(())
}

async fn of_user(db: &impl GenericClient, user: UserId, after: Rev, limit: u32) -> Result<Vec<Change>> {
    let sql = "SELECT rev, change FROM user_changes WHERE user_id = $1 AND rev > $2 ORDER BY rev LIMIT $3";
    let changes = row::all(db, sql, &[&user.sql(), &after.sql(), &i64::from(limit)], read).await?;
    Ok(changes.into_iter().filter_map(|(_, change)| change).collect())
}

/// Without the change if it is of a format that a later rim writes: to this one it is as if it were purged.
fn read(row: row::Fields<'_>) -> Result<(Rev, Option<Change>)> {
    Ok((row.number(0)?, Change::decode(row.get(1)?)))
}
