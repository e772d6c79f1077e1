//! What the writes of a batch depend on, read after their groups are locked.

use std::collections::BTreeSet;

use deadpool_postgres::Client;
use foldhash::HashMap;
use futures_util::try_join;
use rim_core::event::Ended;
use rim_core::message::{MessageState, Write};
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, SessionId, Timestamp, UserId};
use rim_store::columns::Columns;
use rim_store::files::Named;
use tokio_postgres::{Row, Statement};

use crate::failure::{Failure, Result};
use crate::groups::last_at;
use crate::queue::Wanted;
use crate::row::{self, Fields, Params, Sql, array};
use crate::text::Text;

/// Locks the groups, in the order of their ids: whoever locks several does so, so that no two wait for each other.
const GROUPS: &str = concat!(
    "SELECT g.id, g.last_seq, g.last_rev, g.last_message_id, g.single AND g.member_count < 2, g.expire_seconds, ",
    last_at!(),
    " FROM groups AS g WHERE g.id = ANY($1) ORDER BY g.id FOR NO KEY UPDATE OF g"
);

/// Who has left these groups: asked of single chats only.
const AWAY: &str = "SELECT group_id, user_id FROM members WHERE group_id = ANY($1) AND left_rev IS NOT NULL";

const STANDINGS: &str =
    "SELECT m.group_id, m.user_id, m.left_rev IS NULL, m.read_seq, m.delivered_seq, m.sent_seq, m.rev
                         FROM unnest($1::bigint[], $2::bigint[]) AS asked (group_id, user_id)
                              JOIN members AS m ON m.group_id = asked.group_id AND m.user_id = asked.user_id";

pub(crate) const RESENT: &str = "SELECT asked.item, m.id, m.seq
                      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])
                               AS asked (item, group_id, sender_id, client_msg_id)
                           JOIN messages AS m ON m.group_id = asked.group_id AND m.sender_id = asked.sender_id
                                             AND m.client_msg_id = asked.client_msg_id";

const PLACES: &str = "SELECT asked.item, m.seq
                      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS asked (item, group_id, id)
                           JOIN messages AS m ON m.group_id = asked.group_id AND m.id = asked.id";

/// Which of these sessions have ended, and whether as their user was disabled. Looked at after the groups are locked, so
/// that what is stored was allowed a moment before its commit, whatever this node has heard of the others.
pub(crate) const ENDED: &str = "SELECT asked.session_id, u.disabled_at IS NOT NULL
                     FROM unnest($1::bigint[], $2::bigint[]) AS asked (session_id, user_id)
                          JOIN users AS u ON u.id = asked.user_id
                     WHERE NOT EXISTS (SELECT FROM sessions AS s
                                       WHERE s.id = asked.session_id AND s.user_id = asked.user_id)";

/// Taken after the groups are locked: so ids ascend in each of them, whichever node gives them out.
pub(crate) const IDS: &str = "SELECT nextval('message_ids') FROM generate_series(1, $1)";

/// Where a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) last_seq: Seq,
    pub(super) last_rev: Rev,
    pub(super) last_message: MessageId,
    /// Whether it is a single chat that somebody has left.
    pub(super) is_half: bool,
    /// So long after they were sent its messages expire; 0: never.
    pub(super) expire_seconds: u64,
    /// When something happened in it last.
    pub(super) last_at: Timestamp,
}

impl Head {
    /// The time of what happens in it `now`: not before what happened in it.
    pub(super) fn time(&mut self, now: Timestamp) -> Timestamp {
        self.last_at = self.last_at.max(now);
        self.last_at
    }
}

/// Where a user is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether they are a member now. The rest is of use only if they are.
    pub(super) member: bool,
    pub(super) read_seq: Seq,
    pub(super) delivered_seq: Seq,
    pub(super) sent_seq: Seq,
    pub(super) rev: Rev,
}

/// What messages with extras begin with, by the place of the write in the batch; or why they may not.
pub(super) type Admitted = HashMap<usize, std::result::Result<Option<Box<MessageState>>, Refusal>>;

/// What those say and use that name files, by the place of the write in the batch; or why they may not.
pub(super) type NamedFiles = HashMap<usize, std::result::Result<Box<Named>, Refusal>>;

pub(super) struct Loaded {
    /// Of the groups that exist.
    pub(super) heads: HashMap<GroupId, Head>,
    /// Of those who are or were members.
    pub(super) standings: HashMap<(GroupId, UserId), Standing>,
    /// Those of the sessions they come from that are no longer valid.
    pub(super) ended: HashMap<SessionId, Ended>,
    /// Who has left the single chats that are written in.
    pub(super) away: Vec<(GroupId, UserId)>,
    /// Of the messages that were stored before, by the place of the write in the batch.
    pub(super) resent: HashMap<usize, (MessageId, Seq)>,
    /// Of the messages that are marked, as well.
    pub(super) places: HashMap<usize, Seq>,
    /// One for each append, ascending.
    pub(super) ids: Vec<MessageId>,
    /// Of the messages that are more than plain ones, as well.
    pub(super) admitted: Admitted,
    /// Of those that name files.
    pub(super) named: NamedFiles,
}

pub(super) async fn load(db: &Client, writes: &[Wanted]) -> Result<Loaded> {
    let statements = Statements::prepare(db).await?;
    let groups = array(writes.iter().map(Wanted::group).collect::<BTreeSet<_>>());
    let members: BTreeSet<_> = writes.iter().map(|item| (item.group(), item.user())).collect();
    let (in_groups, users) =
        (array(members.iter().map(|(group, _)| *group)), array(members.iter().map(|(_, user)| *user)));
    let (appends, marks) = (Appends::of(writes), Marks::of(writes));
    let sessions: BTreeSet<_> =
        writes.iter().filter_map(|item| item.session().map(|session| (session, item.user()))).collect();
    let (sessions, owners) =
        (array(sessions.iter().map(|(session, _)| *session)), array(sessions.iter().map(|(_, user)| *user)));

    let asked: (Params<'_>, Params<'_>, Params<'_>) =
        (&[&groups], &[&in_groups, &users], &[&sessions, &owners]);
    // Sent in this order and carried out in it, each on what is committed by then.
    let (_, heads, standings, ended, resent, places, ids) = try_join!(
        // Not READ WRITE, which a server would carry out that was set to be only read.
        db.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
        db.query(&statements.groups, asked.0),
        db.query(&statements.standings, asked.1),
        db.query(&statements.ended, asked.2),
        appends.resent(db, &statements),
        marks.places(db, &statements),
        appends.ids(db, &statements),
    )?;
    let heads: HashMap<_, _> = heads.iter().map(head).collect::<Result<_>>()?;
    let away = appends.away(db, &heads).await?;
    Ok(Loaded {
        heads,
        away,
        ended: ended.iter().map(ended_session).collect::<Result<_>>()?,
        standings: standings.iter().map(standing).collect::<Result<_>>()?,
        resent: resent.iter().map(of_item).collect::<Result<_>>()?,
        places: places.iter().map(of_item).collect::<Result<_>>()?,
        ids: ascending(&ids)?,
        admitted: Admitted::default(),
        named: NamedFiles::default(),
    })
}

/// Prepared before any of them is sent, so that they are sent in their order.
struct Statements {
    groups: Statement,
    standings: Statement,
    ended: Statement,
    resent: Statement,
    places: Statement,
    ids: Statement,
}

impl Statements {
    async fn prepare(db: &Client) -> Result<Self> {
        Ok(Self {
            groups: db.prepare_cached(GROUPS).await?,
            standings: db.prepare_cached(STANDINGS).await?,
            ended: db.prepare_cached(ENDED).await?,
            resent: db.prepare_cached(RESENT).await?,
            places: db.prepare_cached(PLACES).await?,
            ids: db.prepare_cached(IDS).await?,
        })
    }
}

#[derive(Default)]
struct Appends<'a> {
    items: Vec<i64>,
    groups: Vec<i64>,
    senders: Vec<i64>,
    client_msg_ids: Vec<Text<'a>>,
}

impl<'a> Appends<'a> {
    fn of(writes: &'a [Wanted]) -> Self {
        let mut appends = Self::default();
        for (number, item) in writes.iter().enumerate() {
            if let Wanted::Write(Write::Append(new)) = item {
                appends.items.push((number as u64).sql());
                appends.groups.push(new.group.sql());
                appends.senders.push(new.sender.sql());
                appends.client_msg_ids.push(Text(&new.client_msg_id));
            }
        }
        appends
    }

    async fn resent(
        &self,
        db: &Client,
        statements: &Statements,
    ) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
        if self.items.is_empty() {
            return Ok(Vec::new());
        }
        db.query(&statements.resent, &[&self.items, &self.groups, &self.senders, &self.client_msg_ids]).await
    }

    /// One more round trip, for those few batches that bring somebody back.
    async fn away(&self, db: &Client, heads: &HashMap<GroupId, Head>) -> Result<Vec<(GroupId, UserId)>> {
        let half = heads.iter().filter(|(_, head)| head.is_half).map(|(group, _)| group.sql());
        let half: Vec<i64> = half.filter(|group| self.groups.contains(group)).collect();
        if half.is_empty() {
            return Ok(Vec::new());
        }
        row::all(db, AWAY, &[&half], row::read).await
    }

    async fn ids(
        &self,
        db: &Client,
        statements: &Statements,
    ) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
        if self.items.is_empty() {
            return Ok(Vec::new());
        }
        let count = i32::try_from(self.items.len()).expect("a batch is no larger than its bound");
        db.query(&statements.ids, &[&count]).await
    }
}

#[derive(Default)]
struct Marks {
    items: Vec<i64>,
    groups: Vec<i64>,
    messages: Vec<i64>,
}

impl Marks {
    fn of(writes: &[Wanted]) -> Self {
        let mut marks = Self::default();
        for (number, item) in writes.iter().enumerate() {
            if let Wanted::Write(Write::Mark(mark)) = item {
                marks.items.push((number as u64).sql());
                marks.groups.push(mark.group.sql());
                marks.messages.push(mark.message.sql());
            }
        }
        marks
    }

    async fn places(
        &self,
        db: &Client,
        statements: &Statements,
    ) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
        if self.items.is_empty() {
            return Ok(Vec::new());
        }
        db.query(&statements.places, &[&self.items, &self.groups, &self.messages]).await
    }
}

fn head(row: &Row) -> Result<(GroupId, Head)> {
    let (group, last_seq, last_rev, last_message, is_half, expire_seconds, last_at) =
        row::read(Fields::of(row))?;
    Ok((group, Head { last_seq, last_rev, last_message, is_half, expire_seconds, last_at }))
}

fn ended_session(row: &Row) -> Result<(SessionId, Ended)> {
    let (session, is_disabled) = row::read(Fields::of(row))?;
    Ok((session, if is_disabled { Ended::Disabled } else { Ended::Revoked }))
}

fn standing(row: &Row) -> Result<((GroupId, UserId), Standing)> {
    let (group, user, member, read_seq, delivered_seq, sent_seq, rev) = row::read(Fields::of(row))?;
    Ok(((group, user), Standing { member, read_seq, delivered_seq, sent_seq, rev }))
}

fn of_item<T: for<'r> Columns<Fields<'r>>>(row: &Row) -> Result<(usize, T)> {
    let row = Fields::of(row);
    let item: u64 = row.number(0)?;
    Ok((usize::try_from(item).map_err(|_| row.meaningless(0, item))?, row::behind_key(row)?))
}

fn ascending(rows: &[Row]) -> Result<Vec<MessageId>> {
    let mut ids: Vec<MessageId> =
        rows.iter().map(|row| Fields::of(row).number(0)).collect::<std::result::Result<_, Failure>>()?;
    ids.sort_unstable();
    Ok(ids)
}
