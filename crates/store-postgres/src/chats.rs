//! The chat list.

use std::collections::HashMap;

use deadpool_postgres::GenericClient;
use futures_util::try_join;
use rim_core::message::{self, Chat, Page, ShownChat, WantedChats};
use rim_core::sight::Sight;
use rim_core::size::{Size, fitting};
use rim_core::sync::ChatState;
use rim_core::{GroupId, MessageId, Rev, Seq, UserId};
use rim_store::Part;

use crate::failure::Result;
use crate::membership::{self, Membership};
use crate::row::{self, Sql, array};
use crate::{history, mentions, sights};

/// Chats that are looked at together.
const AT_ONCE: usize = 64;

/// See [`rim_store::Store::chats_part`].
pub(crate) async fn part(
    db: &impl GenericClient,
    user: UserId,
    wanted: WantedChats,
    bytes: usize,
) -> Result<Part<Chat, Vec<ShownChat>>> {
    let mut shown = match wanted {
        WantedChats::Page(page) => page_of(db, user, page).await?,
        WantedChats::Rest(shown) => shown,
    };
    if shown.is_empty() {
        return Ok(Part { rows: Vec::new(), rest: None });
    }
    let mut chats = read(db, user, &shown[..shown.len().min(AT_ONCE)], bytes).await?;
    chats.truncate(fitting(&chats, bytes, Size::size_bytes));
    // One that is not there is passed over with those before it.
    let read_to = chats.last().map_or(AT_ONCE, |last| {
        shown.iter().position(|shown| shown.group == last.group.id).map_or(AT_ONCE, |at| at + 1)
    });
    shown.drain(..read_to.min(shown.len()));
    Ok(Part { rows: chats, rest: Some(shown).filter(|rest| !rest.is_empty()) })
}

/// What a page shows, by message id: of each of their groups is read where it is, and nothing else.
async fn page_of(db: &impl GenericClient, user: UserId, page: Page) -> Result<Vec<ShownChat>> {
    if page.size == 0 {
        return Ok(Vec::new());
    }
    let skip = page.offset();
    // Of those chats whose last message is out of sight the last one that is not, as they are met. As that comes behind
    // the other, no chat is missed.
    let mut in_sight: HashMap<GroupId, Option<MessageId>> = HashMap::new();
    let mut most = skip.saturating_add(page.size.into());
    loop {
        let newest = newest(db, user, most, &in_sight).await?;
        let cut: Vec<_> = newest.iter().filter(|(_, is_cut)| *is_cut).map(|(shown, _)| shown.group).collect();
        if cut.is_empty() {
            let wanted = newest.into_iter().skip(usize::try_from(skip).unwrap_or(usize::MAX));
            let mut shown: Vec<_> = wanted.take(page.size as usize).map(|(shown, _)| shown).collect();
            shown.sort_unstable_by_key(|shown| shown.last);
            return Ok(shown);
        }
        in_sight.extend(last_in_sight(db, user, cut).await?);
        // A list that is all cleared takes few turns.
        most = most.saturating_mul(2);
    }
}

/// The newest chats, and of which of them the last message is out of sight. Of those that are `in_sight` the last one is
/// known, or that there is none.
async fn newest(
    db: &impl GenericClient,
    user: UserId,
    most: u64,
    in_sight: &HashMap<GroupId, Option<MessageId>>,
) -> Result<Vec<(ShownChat, bool)>> {
    // The last message of what was theirs is the group's newest, if it came since they joined; else that at the end of
    // their latest earlier membership. The condition is rim-core's message::is_deleted.
    let sql = concat!(
        "WITH mine AS (
            SELECT m.group_id, o.group_id IS NOT NULL AS is_known,
                   CASE WHEN o.group_id IS NOT NULL THEN o.last_id
                        WHEN m.left_seq IS NULL AND g.last_seq > m.join_seq THEN g.last_message_id
                        ELSE m.left_message_id END AS last_id
            FROM members AS m JOIN groups AS g ON g.id = m.group_id
                 LEFT JOIN chats AS c ON c.user_id = $1 AND c.group_id = m.group_id
                 LEFT JOIN unnest($3::bigint[], $4::bigint[]) AS o (group_id, last_id) ON o.group_id = m.group_id
            WHERE m.user_id = $1
              AND (c.deleted_seq IS NULL OR c.deleted_seq < coalesce(m.left_seq, g.last_seq))
        ), top AS (
            SELECT group_id, last_id, is_known FROM mine WHERE last_id > 0 ORDER BY last_id DESC LIMIT $2
        )
        SELECT t.group_id, t.last_id, NOT t.is_known AND (",
        sights::any!("cleared AS x WHERE x.user_id = $1 AND x.group_id = t.group_id AND x.seq >= l.seq"),
        " OR ",
        sights::any!("hidden AS x WHERE x.user_id = $1 AND x.group_id = t.group_id AND x.seq = l.seq"),
        " OR coalesce((SELECT x.to_seq >= l.seq FROM expired AS x
                       WHERE x.group_id = t.group_id AND x.after_seq < l.seq ORDER BY x.after_seq DESC LIMIT 1), false))
        FROM top AS t JOIN messages AS l ON l.group_id = t.group_id AND l.id = t.last_id
        ORDER BY t.last_id DESC"
    );
    let groups = array(in_sight.keys().copied());
    let last: Vec<_> = in_sight.values().map(|last| last.map(Sql::sql)).collect();
    let params: row::Params<'_> = &[&user.sql(), &most.sql(), &groups, &last];
    let found: Vec<(GroupId, MessageId, bool)> = row::all(db, sql, params, row::read).await?;
    Ok(found.into_iter().map(|(group, last, is_cut)| (ShownChat { group, last }, is_cut)).collect())
}

/// The last message in sight of each of these groups, unless they have deleted the chat since.
async fn last_in_sight(
    db: &impl GenericClient,
    user: UserId,
    groups: Vec<GroupId>,
) -> Result<HashMap<GroupId, Option<MessageId>>> {
    let sql = concat!(
        "SELECT m.group_id, g.last_seq, c.deleted_seq, ",
        membership::columns!(),
        " FROM members AS m JOIN groups AS g ON g.id = m.group_id
               LEFT JOIN chats AS c ON c.user_id = $1 AND c.group_id = m.group_id
          WHERE m.user_id = $1 AND m.group_id = ANY($2)"
    );
    let ids = array(groups.iter().copied());
    let params: row::Params<'_> = &[&user.sql(), &ids];
    let (found, mut holes) = try_join!(
        row::all::<(GroupId, Seq, Option<Seq>, Membership)>(db, sql, params, row::read),
        sights::holes(db, user, groups.iter().copied())
    )?;
    let (mut of, mut places) = (Vec::new(), Vec::new());
    for (group, last_seq, deleted, membership) in found {
        let sight = Sight::new(membership.spans(last_seq), holes.remove(&group).unwrap_or_default());
        if let Some(last) = sight.last().filter(|last| !message::is_deleted(deleted, *last)) {
            of.push(group.sql());
            places.push(last.sql());
        }
    }
    let sql = "SELECT m.group_id, m.id FROM unnest($1::bigint[], $2::bigint[]) AS l (group_id, seq)
                    JOIN messages AS m ON m.group_id = l.group_id AND m.seq = l.seq";
    let ids: Vec<(GroupId, MessageId)> = row::all(db, sql, &[&of, &places], row::read).await?;
    let mut last: HashMap<_, _> = groups.into_iter().map(|group| (group, None)).collect();
    last.extend(ids.into_iter().map(|(group, id)| (group, Some(id))));
    Ok(last)
}

/// A chat as it is read, with what says how much of it is unread.
struct Found {
    chat: Chat,
    membership: Membership,
    last_seq: Seq,
    has_holes: bool,
    has_state: bool,
    has_mentions: bool,
}

/// In their order: none behind the one with which it is more than so many bytes.
async fn read(db: &impl GenericClient, user: UserId, shown: &[ShownChat], bytes: usize) -> Result<Vec<Chat>> {
    let found = rows(db, user, shown, bytes).await?;
    let cut = found.iter().filter(|found| found.has_holes).map(|found| found.chat.group.id);
    let mut holes = sights::holes(db, user, cut).await?;
    let sights: Vec<_> = found
        .iter()
        .map(|found| {
            let holes = holes.remove(&found.chat.group.id).unwrap_or_default();
            Sight::new(found.membership.spans(found.last_seq), holes).as_of(found.membership.is.left_rev())
        })
        .collect();
    let mentioned: Vec<_> = found
        .iter()
        .zip(&sights)
        .filter(|(found, _)| found.has_mentions)
        .map(|(found, sight)| (found.chat.group.id, found.membership.is.read_to(), sight))
        .collect();
    let mentions = mentions::unread(db, user, &mentioned).await?;
    let stated = found.iter().any(|found| found.has_state);

    let (mut chats, mut as_of) = (Vec::new(), Vec::new());
    for (Found { mut chat, membership, .. }, sight) in found.into_iter().zip(&sights) {
        // Unless it was hidden since the page was laid out.
        if sight.sees(chat.last.seq) {
            chat.unread = membership.is.unread(sight);
            chat.unread_mentions = mentions.get(&chat.group.id).copied().unwrap_or_default();
            chats.push(chat);
            as_of.push(sight.as_of);
        }
    }
    if stated {
        history::dress(db, chats.iter_mut().map(|chat| &mut chat.last).zip(as_of).collect()).await?;
        sights::mine(db, user, chats.iter_mut().map(|chat| &mut chat.last).collect()).await?;
    }
    Ok(chats)
}

async fn rows(
    db: &impl GenericClient,
    user: UserId,
    shown: &[ShownChat],
    bytes: usize,
) -> Result<Vec<Found>> {
    // The other is whom old clients show as the title of the chat: rim-core's Departure::other of one who has left.
    let sql = concat!(
        "WITH shown AS (
            SELECT page.place, page.group_id, page.last_id,
                   sum(octet_length(l.content)) OVER (ORDER BY page.place) - octet_length(l.content) AS before
            FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS page (group_id, last_id, place)
                 JOIN messages AS l ON l.group_id = page.group_id AND l.id = page.last_id
        ), page AS (
            SELECT place, group_id, last_id FROM shown WHERE before <= $4
        )
        SELECT ",
        membership::seen!(),
        ", l.id, l.group_id, l.seq, l.rev, l.sender_id, l.client_msg_id, l.kind, l.content, l.created_at,
               u.id, u.account, u.name, u.avatar, u.email, m.left_seq IS NOT NULL, g.last_seq, ",
        membership::columns!(),
        ", ",
        sights::has_holes!(),
        ", ",
        sights::any!("states AS x WHERE x.group_id = l.group_id AND x.seq = l.seq"),
        ", ",
        sights::has_mentions!(),
        " FROM page
        JOIN members AS m ON m.group_id = page.group_id AND m.user_id = $1
        JOIN groups AS g ON g.id = page.group_id
        JOIN messages AS l ON l.group_id = page.group_id AND l.id = page.last_id ",
        membership::departure!(),
        " JOIN users AS u ON u.id = coalesce(
            CASE WHEN d.first_id <> $1 THEN d.first_id ELSE d.second_id END,
            (SELECT o.user_id FROM members AS o
             WHERE o.group_id = page.group_id AND o.user_id <> $1 AND o.left_rev IS NULL AND (g.single OR ",
        rim_store::were_together!(),
        ")
             ORDER BY o.join_rev LIMIT 1),
            (SELECT o.user_id FROM (SELECT group_id, user_id, join_rev, left_rev FROM members
                                    UNION ALL
                                    SELECT group_id, user_id, join_rev, left_rev FROM forgotten_members) AS o
             WHERE o.group_id = page.group_id AND o.user_id <> $1 AND o.left_rev IS NOT NULL AND (g.single OR ",
        rim_store::were_together!(),
        ")
             ORDER BY o.join_rev LIMIT 1),
            $1)
        ORDER BY page.place"
    );
    let groups = array(shown.iter().map(|shown| shown.group));
    let last = array(shown.iter().map(|shown| shown.last));
    let params: row::Params<'_> = &[&user.sql(), &groups, &last, &(bytes as u64).sql()];
    row::all(db, sql, params, |row| {
        let (group, last, other, left, last_seq, membership, has_holes, has_state, has_mentions) =
            row::read(row)?;
        let chat = Chat { group, last, other, unread: 0, unread_mentions: 0, left };
        Ok(Found { chat, membership, last_seq, has_holes, has_state, has_mentions })
    })
    .await
}

/// The first `limit` with which the user did something after `rev`, by its order.
pub(crate) async fn changed(
    db: &impl GenericClient,
    user: UserId,
    rev: Rev,
    limit: usize,
) -> Result<Vec<(Rev, ChatState)>> {
    // What was forgotten concerns those alone who may know the group.
    let sql = "SELECT c.group_id, c.deleted_seq, m.read_seq, c.rev
               FROM chats AS c JOIN members AS m ON m.group_id = c.group_id AND m.user_id = c.user_id
               WHERE c.user_id = $1 AND c.rev > $2
               UNION ALL
               SELECT group_id, deleted_seq, read_seq, own_rev FROM forgotten_members
               WHERE user_id = $1 AND own_rev > $2 AND $2 > 0
               ORDER BY 4 LIMIT $3";
    row::all(db, sql, &[&user.sql(), &rev.sql(), &(limit as u64).sql()], |row| {
        let (group, deleted, read, rev) = row::read(row)?;
        Ok((rev, ChatState { group, deleted, read }))
    })
    .await
}
