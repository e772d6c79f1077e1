//! Messages that a use case appends: as the writer's batches store them, in its own transaction.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rim_core::event::{Change, Ended};
use rim_core::file::{self, FileId};
use rim_core::message::{Message, MessageState, NewMessage};
use rim_core::{GroupId, MessageId, Refusal, Seq, Timestamp, UserId, group, note};
use rim_store::database::{Appended, Head, Stored};
use rim_store::files::{self, Named};
use rim_store::notes::Writing;
use rim_store::{Read, Tx, groups, params};

use crate::batch::{Beside, ENDED, GALLERY, GROUPS, IDS, MESSAGES, Messages, RESENT};
use crate::failure::Failure;
use crate::port::{Result, Writer};
use crate::row::{self, Sql, array};
use crate::text::Text;
use crate::uploads::{self, Uses};

/// See [`Tx::append_messages`].
pub(crate) fn messages(tx: &mut Writer<'_>, mut new: Vec<NewMessage>) -> Result<Vec<Appended>> {
    let in_groups: BTreeSet<_> = new.iter().map(|new| new.group).collect();
    let in_groups: Vec<_> = in_groups.into_iter().collect();
    tx.lock_groups(&in_groups)?;
    sessions_must_go_on(tx, &new)?;
    let mut stored = BTreeMap::new();
    let mut coming = Vec::new();
    for (at, found) in resent(tx, &new)?.into_iter().enumerate() {
        match found {
            Some(found) => _ = stored.insert(at, Appended { stored: found, message: None }),
            None => coming.push(at),
        }
    }
    must_be_members(tx, coming.iter().map(|at| &new[*at]))?;
    let named = named_files(tx, &mut new, &coming)?;
    bring_back(tx, coming.iter().map(|at| &new[*at]))?;

    let mut heads: BTreeMap<_, _> =
        tx.lock_groups(&in_groups)?.into_iter().map(|head| (head.group, head)).collect();
    let expiring = expiring(tx, &in_groups)?;
    let mut ids = ids(tx, coming.len())?.into_iter();
    let mut rows = Messages::default();
    let mut known: HashMap<(GroupId, UserId, &str), Stored> = HashMap::new();
    let mut sent: BTreeMap<(GroupId, UserId), Seq> = BTreeMap::new();
    let (mut writing, mut uses) = (HashMap::new(), Uses::default());
    for nth in coming {
        let new = &new[nth];
        let key = (new.group, new.sender, new.client_msg_id.as_str());
        if let Some(first) = known.get(&key) {
            stored.insert(nth, Appended { stored: *first, message: None });
            continue;
        }
        let head = heads.get_mut(&new.group).ok_or(Refusal::NoSuchGroup)?;
        let at = head.time(new.now);
        let state = if new.extras.is_some() {
            let writing = match writing.entry((new.group, new.sender)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(Writing::look(tx, new)?),
            };
            writing.admit(tx, new, at)?
        } else {
            note::plain_state(expiring.get(&new.group).copied().unwrap_or_default(), at)
        };
        let message = message(new, state, head, ids.next().expect("one was taken for each"));
        rows.push(new, &new.content, message.id, message.seq, message.rev, message.created_at);
        if let Some(files) = named.get(&nth) {
            uses.push(files, message.group, message.seq);
        }
        let first = Stored { id: message.id, seq: message.seq };
        known.insert(key, first);
        sent.insert((new.group, new.sender), message.seq);
        let message = Arc::new(message);
        tx.publish(Change::Message { message: Arc::clone(&message), connection: new.connection });
        stored.insert(nth, Appended { stored: first, message: Some(message) });
    }
    if !sent.is_empty() {
        store(tx, &rows, &heads, &sent)?;
    }
    if !uses.is_empty() {
        tx.patience.wait(uses.store(&tx.db)).flatten()?;
    }
    store_extras(tx, stored.values().filter_map(|appended| appended.message.as_deref()))?;
    Ok(stored.into_values().collect())
}

/// The files that those of the messages name which are coming, by their places; what they say of them is put in.
fn named_files(
    tx: &Writer<'_>,
    new: &mut [NewMessage],
    coming: &[usize],
) -> Result<HashMap<usize, Vec<FileId>>> {
    let mut named = BTreeMap::new();
    for at in coming {
        let files = file::named_files(new[*at].kind, &new[*at].content)?;
        if !files.is_empty() {
            named.insert(*at, files);
        }
    }
    files::hold(tx, &named.values().flatten().copied().collect::<Vec<_>>())?;
    let mut admitted = HashMap::new();
    for (at, named) in named {
        let new = &mut new[at];
        let Named { content, files } = files::admit(tx, new.sender, new.kind, &new.content, &named)?;
        new.content = content.unwrap_or_else(|| std::mem::take(&mut new.content));
        admitted.insert(at, files);
    }
    Ok(admitted)
}

/// What they have beside their content.
fn store_extras<'m>(tx: &Writer<'_>, messages: impl Iterator<Item = &'m Message>) -> Result<()> {
    let mut beside = Beside::default();
    for Message { id, group, seq, rev, state, .. } in messages {
        if let Some(state) = state {
            beside.push(*id, *group, *seq, *rev, state);
        }
    }
    let storing = async {
        let statements = beside.prepare(&tx.db).await?;
        Ok(beside.insert(&tx.db, &statements).await?)
    };
    Ok(tx.patience.wait::<std::result::Result<(), Failure>>(storing).flatten()?)
}

/// See [`Tx::stored_messages`].
pub(crate) fn stored(tx: &Writer<'_>, user: UserId, ids: &[(GroupId, &str)]) -> Result<Vec<Option<Stored>>> {
    let keys: Vec<_> = ids.iter().map(|(group, id)| (*group, user, *id)).collect();
    find(tx, &keys)
}

fn resent(tx: &Writer<'_>, new: &[NewMessage]) -> Result<Vec<Option<Stored>>> {
    let keys: Vec<_> = new.iter().map(|new| (new.group, new.sender, new.client_msg_id.as_str())).collect();
    find(tx, &keys)
}

fn find(tx: &Writer<'_>, keys: &[(GroupId, UserId, &str)]) -> Result<Vec<Option<Stored>>> {
    let items: Vec<i64> = (0..keys.len() as u64).map(Sql::sql).collect();
    let groups = array(keys.iter().map(|(group, ..)| *group));
    let senders = array(keys.iter().map(|(_, sender, _)| *sender));
    let ids: Vec<_> = keys.iter().map(|(.., id)| Text(id)).collect();
    let rows: Vec<(u64, MessageId, Seq)> = tx
        .patience
        .wait(row::all(&tx.db, RESENT, &[&items, &groups, &senders, &ids], row::read))
        .flatten()?;
    let mut found = vec![None; keys.len()];
    for (item, id, seq) in rows {
        if let Some(found) = found.get_mut(item as usize) {
            *found = Some(Stored { id, seq });
        }
    }
    Ok(found)
}

/// Looked at after the groups are locked, as of what comes by the writer.
fn sessions_must_go_on(tx: &Writer<'_>, new: &[NewMessage]) -> Result<()> {
    let sessions: BTreeSet<_> = new.iter().filter_map(|new| Some((new.session?, new.sender))).collect();
    if sessions.is_empty() {
        return Ok(());
    }
    let ids = array(sessions.iter().map(|(session, _)| *session));
    let users = array(sessions.iter().map(|(_, user)| *user));
    let ended: Vec<(u64, bool)> =
        tx.patience.wait(row::all(&tx.db, ENDED, &[&ids, &users], row::read)).flatten()?;
    match ended.first() {
        None => Ok(()),
        Some((_, true)) => Err(Refusal::SessionEnded(Ended::Disabled).into()),
        Some((_, false)) => Err(Refusal::SessionEnded(Ended::Revoked).into()),
    }
}

fn must_be_members<'n>(tx: &Writer<'_>, new: impl Iterator<Item = &'n NewMessage>) -> Result<()> {
    let members: BTreeSet<_> = new.map(|new| (new.group, new.sender)).collect();
    let keys: Vec<_> = members.into_iter().map(|(group, sender)| params![group, sender].to_vec()).collect();
    let sql = "SELECT group_id FROM members WHERE group_id = $1 AND user_id = $2 AND left_rev IS NULL";
    let db: &dyn Read = tx;
    for found in db.first_of_each(sql, &keys, |_| Ok(()))? {
        group::may_write(found.is_some())?;
    }
    Ok(())
}

/// Into the single chats that somebody has left.
fn bring_back<'n>(tx: &mut Writer<'_>, new: impl Iterator<Item = &'n NewMessage>) -> Result<()> {
    let first: BTreeMap<_, _> = new.map(|new| (new.group, (new.sender, new.now))).collect();
    let keys: Vec<_> = first.keys().map(|group| params![*group].to_vec()).collect();
    let sql = "SELECT id FROM groups WHERE id = $1 AND single AND member_count < 2";
    let db: &dyn Read = tx;
    let half = db.first_of_each(sql, &keys, |row| row.get::<GroupId>("id"))?;
    for group in half.into_iter().flatten() {
        let (sender, now) = first[&group];
        groups::bring_back(tx, group, sender, now)?;
    }
    Ok(())
}

/// Taken after the groups are locked: so ids ascend in each of them.
fn ids(tx: &Writer<'_>, count: usize) -> Result<Vec<MessageId>> {
    let count = i32::try_from(count).expect("nobody appends so many at once");
    let mut ids: Vec<MessageId> = tx.patience.wait(row::all(&tx.db, IDS, &[&count], row::read)).flatten()?;
    ids.sort_unstable();
    Ok(ids)
}

/// Those of the groups whose messages expire, and after which time.
fn expiring(tx: &Writer<'_>, groups: &[GroupId]) -> Result<HashMap<GroupId, u64>> {
    let sql = "SELECT id, expire_seconds FROM groups WHERE id = ANY($1) AND expire_seconds > 0";
    let groups = array(groups.iter().copied());
    let rows: Vec<_> = tx.patience.wait(row::all(&tx.db, sql, &[&groups], row::read)).flatten()?;
    Ok(rows.into_iter().collect())
}

fn message(
    new: &NewMessage,
    mut state: Option<Box<MessageState>>,
    head: &mut Head,
    id: MessageId,
) -> Message {
    let created_at = head.time(new.now);
    let rev = head.next_rev();
    head.last_seq.0 += 1;
    head.last_message = id;
    if let Some(state) = &mut state {
        state.rev = rev;
    }
    Message {
        id,
        group: new.group,
        seq: head.last_seq,
        rev,
        sender: new.sender,
        client_msg_id: new.client_msg_id.clone(),
        kind: new.kind,
        content: new.content.clone(),
        created_at,
        state,
    }
}

fn store(
    tx: &Writer<'_>,
    rows: &Messages<'_>,
    heads: &BTreeMap<GroupId, Head>,
    sent: &BTreeMap<(GroupId, UserId), Seq>,
) -> Result<()> {
    let db = &tx.db;
    let storing = async {
        rows.insert(db, &db.prepare_cached(MESSAGES).await?).await?;
        rows.list(db, &db.prepare_cached(GALLERY).await?).await?;
        if !rows.named.is_empty() {
            let at = heads.values().map(|head| head.last_at).max().unwrap_or_default();
            uploads::pin(db, &rows.named, at).await?;
        }
        let ids = array(heads.keys().copied());
        let last_seqs = array(heads.values().map(|head| head.last_seq));
        let last_revs = array(heads.values().map(|head| head.last_rev));
        let last_messages = array(heads.values().map(|head| head.last_message));
        let last_at: Vec<i64> = heads
            .values()
            .map(|head: &Head| {
                let Timestamp(at) = head.last_at;
                at
            })
            .collect();
        row::execute(db, GROUPS, &[&ids, &last_seqs, &last_revs, &last_messages, &last_at]).await?;
        let sql = "UPDATE members AS m SET sent_seq = now.sent_seq
                   FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS now (group_id, user_id, sent_seq)
                   WHERE m.group_id = now.group_id AND m.user_id = now.user_id";
        let groups = array(sent.keys().map(|(group, _)| *group));
        let users = array(sent.keys().map(|(_, user)| *user));
        let seqs = array(sent.values().copied());
        row::execute(db, sql, &[&groups, &users, &seqs]).await
    };
    tx.patience.wait(storing).flatten()?;
    Ok(())
}
