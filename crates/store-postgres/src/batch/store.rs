//! Writes what was decided, and commits.

use deadpool_postgres::{Client, GenericClient};
use futures_util::try_join;
use rim_core::gallery::Part;
use rim_core::message::{NewMessage, Write};
use rim_core::upload::named;
use rim_core::{MessageId, Rev, Seq, Timestamp};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Statement};

use super::Outcome;
use super::beside::Beside;
use super::decide::{BroughtBack, Decided};
use crate::failure::{Failure, Result};
use crate::queue::Wanted;
use crate::row::{Sql, array};
use crate::text::Text;
use crate::uploads::Uses;
use crate::{changes, groups, uploads};

macro_rules! messages {
    () => {
        "INSERT INTO messages (group_id, seq, rev, id, sender_id, client_msg_id, kind, content, created_at)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
                              $7::smallint[], $8::text[], $9::bigint[])"
    };
}

pub(crate) const MESSAGES: &str = messages!();

/// The same, and it is noted in which groups (`moved.rs`). In one statement this takes half of what two do.
const MESSAGES_NOTED: &str =
    concat!("WITH noted AS (INSERT INTO moved (groups) VALUES ($10::bigint[])) ", messages!());

pub(crate) const GALLERY: &str = "INSERT INTO gallery (group_id, what, seq)
     SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[])";

pub(crate) const GROUPS: &str =
    "UPDATE groups AS g SET last_seq = now.last_seq, last_rev = now.last_rev, last_message_id = now.last_message_id,
                            last_at = now.last_at
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
              AS now (id, last_seq, last_rev, last_message_id, last_at)
     WHERE g.id = now.id";

const MEMBERS: &str =
    "UPDATE members AS m SET read_seq = now.read_seq, delivered_seq = now.delivered_seq, sent_seq = now.sent_seq,
                             rev = now.rev
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
              AS now (group_id, user_id, read_seq, delivered_seq, sent_seq, rev)
     WHERE m.group_id = now.group_id AND m.user_id = now.user_id";

/// # Errors
/// `Unsure` where it may have been committed all the same.
pub(super) async fn store(db: &Client, writes: &[Wanted], decided: &Decided) -> Result<()> {
    let statements = Statements::prepare(db).await?;
    let messages = Messages::of(writes, decided);
    let recorded: Vec<_> = writes
        .iter()
        .zip(&decided.outcomes)
        .filter_map(|(wanted, outcome)| outcome.receipt(wanted).or_else(|| outcome.addition(wanted)))
        .collect();
    let (records, _) = changes::records(&recorded);
    // Seldom, and by themselves: before the cursors of the same members, if they wrote, too.
    for BroughtBack { group, user, rev, join_seq, at } in &decided.brought_back {
        groups::come_back(db, *group, *user, *rev, *join_seq, *at).await?;
    }
    // Seldom, too.
    if !messages.named.is_empty() {
        let at = messages.times.iter().copied().max().unwrap_or_default();
        uploads::pin(db, &messages.named, Timestamp(at)).await?;
    }
    // As are files.
    let uses = uses(writes, decided);
    if !uses.is_empty() {
        uses.store(db).await?;
    }
    let beside = beside(writes, decided);
    let besides = beside.prepare(db).await?;
    let written = try_join!(
        messages.insert_noted(db, &statements.messages),
        messages.list(db, &statements.gallery),
        beside.insert(db, &besides),
        records.insert(db, &statements.records),
        update_groups(db, &statements.groups, decided),
        update_members(db, &statements.members, decided),
        // Sent before the others are answered. Had one of them failed, it would roll back.
        db.batch_execute("COMMIT"),
    );
    written.map(drop).map_err(Failure::of_commit)
}

/// What new messages have beside their content.
fn beside(writes: &[Wanted], decided: &Decided) -> Beside {
    let mut beside = Beside::default();
    for (item, outcome) in writes.iter().zip(&decided.outcomes) {
        let Wanted::Write(Write::Append(new)) = item else { continue };
        let Outcome::Appended { id, seq, rev, state: Some(state), .. } = outcome else { continue };
        beside.push(*id, new.group, *seq, *rev, state);
    }
    beside
}

/// Which files they name.
fn uses<'d>(writes: &[Wanted], decided: &'d Decided) -> Uses<'d> {
    let mut uses = Uses::default();
    for (item, outcome) in writes.iter().zip(&decided.outcomes) {
        if let Outcome::Appended { seq, named: Some(named), .. } = outcome {
            uses.push(&named.files, item.group(), *seq);
        }
    }
    uses
}

struct Statements {
    messages: Statement,
    gallery: Statement,
    records: Statement,
    groups: Statement,
    members: Statement,
}

impl Statements {
    async fn prepare(db: &Client) -> Result<Self> {
        Ok(Self {
            messages: db.prepare_cached(MESSAGES_NOTED).await?,
            gallery: db.prepare_cached(GALLERY).await?,
            records: db.prepare_cached(changes::INSERT_OF_GROUPS).await?,
            groups: db.prepare_cached(GROUPS).await?,
            members: db.prepare_cached(MEMBERS).await?,
        })
    }
}

#[derive(Default)]
pub(crate) struct Messages<'a> {
    groups: Vec<i64>,
    seqs: Vec<i64>,
    revs: Vec<i64>,
    ids: Vec<i64>,
    senders: Vec<i64>,
    client_msg_ids: Vec<Text<'a>>,
    kinds: Vec<i16>,
    contents: Vec<Text<'a>>,
    times: Vec<i64>,
    /// Hashes of uploads that they name.
    pub(crate) named: Vec<Text<'a>>,
    listed: Listed,
}

/// Those of them that the gallery has.
#[derive(Default)]
struct Listed {
    groups: Vec<i64>,
    parts: Vec<i16>,
    seqs: Vec<i64>,
}

impl<'a> Messages<'a> {
    fn of(writes: &'a [Wanted], decided: &'a Decided) -> Self {
        let mut messages = Self::default();
        for (item, outcome) in writes.iter().zip(&decided.outcomes) {
            if let (Wanted::Write(Write::Append(new)), Outcome::Appended { id, seq, rev, at, .. }) =
                (item, outcome)
            {
                messages.push(new, outcome.content(&new.content), *id, *seq, *rev, *at);
            }
        }
        messages
    }

    pub(crate) fn push(
        &mut self,
        new: &'a NewMessage,
        content: &'a str,
        id: MessageId,
        seq: Seq,
        rev: Rev,
        at: Timestamp,
    ) {
        self.groups.push(new.group.sql());
        self.seqs.push(seq.sql());
        self.revs.push(rev.sql());
        self.ids.push(id.sql());
        self.senders.push(new.sender.sql());
        self.client_msg_ids.push(Text(&new.client_msg_id));
        self.kinds.push(new.kind.code().into());
        self.contents.push(Text(content));
        self.times.push(at.0);
        self.named.extend(named(content).map(Text));
        if let Some(part) = Part::of(new.kind, content) {
            self.listed.groups.push(new.group.sql());
            self.listed.parts.push(part.code().into());
            self.listed.seqs.push(seq.sql());
        }
    }

    async fn insert_noted(&self, db: &Client, statement: &Statement) -> std::result::Result<(), Error> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let mut noted = self.groups.clone();
        noted.sort_unstable();
        noted.dedup();
        let Self { groups, seqs, revs, ids, senders, client_msg_ids, kinds, contents, times, .. } = self;
        let params: [&(dyn ToSql + Sync); 10] =
            [groups, seqs, revs, ids, senders, client_msg_ids, kinds, contents, times, &noted];
        db.execute(statement, &params).await?;
        Ok(())
    }

    pub(crate) async fn list(
        &self,
        db: &impl GenericClient,
        statement: &Statement,
    ) -> std::result::Result<(), Error> {
        let Listed { groups, parts, seqs } = &self.listed;
        if !seqs.is_empty() {
            db.execute(statement, &[groups, parts, seqs]).await?;
        }
        Ok(())
    }

    pub(crate) async fn insert(
        &self,
        db: &impl GenericClient,
        statement: &Statement,
    ) -> std::result::Result<(), Error> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let Self { groups, seqs, revs, ids, senders, client_msg_ids, kinds, contents, times, .. } = self;
        db.execute(statement, &[groups, seqs, revs, ids, senders, client_msg_ids, kinds, contents, times])
            .await?;
        Ok(())
    }
}

async fn update_groups(
    db: &Client,
    statement: &Statement,
    decided: &Decided,
) -> std::result::Result<(), Error> {
    let ids = array(decided.heads.keys().copied());
    let last_seqs = array(decided.heads.values().map(|head| head.last_seq));
    let last_revs = array(decided.heads.values().map(|head| head.last_rev));
    let last_messages = array(decided.heads.values().map(|head| head.last_message));
    let last_at: Vec<i64> = decided.heads.values().map(|head| head.last_at.0).collect();
    db.execute(statement, &[&ids, &last_seqs, &last_revs, &last_messages, &last_at]).await?;
    Ok(())
}

async fn update_members(
    db: &Client,
    statement: &Statement,
    decided: &Decided,
) -> std::result::Result<(), Error> {
    let groups = array(decided.standings.keys().map(|(group, _)| *group));
    let users = array(decided.standings.keys().map(|(_, user)| *user));
    let standings = || decided.standings.values();
    let read = array(standings().map(|standing| standing.read_seq));
    let delivered = array(standings().map(|standing| standing.delivered_seq));
    let sent = array(standings().map(|standing| standing.sent_seq));
    let revs = array(standings().map(|standing| standing.rev));
    db.execute(statement, &[&groups, &users, &read, &delivered, &sent, &revs]).await?;
    Ok(())
}
