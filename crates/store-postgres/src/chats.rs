//! The chat list.

use deadpool_postgres::GenericClient;
use rim_core::message::{Chat, Page, ShownChat, WantedChats};
use rim_core::size::{Size, fitting};
use rim_core::sync::ChatState;
use rim_core::{GroupId, MessageId, Rev, UserId};
use rim_store::Part;

use crate::failure::Result;
use crate::membership;
use crate::row::{self, Sql, array};

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
    // The last message that they may see is the group's newest, if it came since they joined; else that at the end of
    // their latest earlier membership. The condition is rim-core's message::is_deleted.
    let sql = "
        WITH mine AS (
            SELECT m.group_id,
                   CASE WHEN m.left_seq IS NULL AND g.last_seq > m.join_seq THEN g.last_message_id
                        ELSE m.left_message_id END AS last_id
            FROM members AS m JOIN groups AS g ON g.id = m.group_id
                 LEFT JOIN chats AS c ON c.user_id = $1 AND c.group_id = m.group_id
            WHERE m.user_id = $1
              AND (c.deleted_seq IS NULL OR c.deleted_seq < coalesce(m.left_seq, g.last_seq))
        ), page AS (
            SELECT group_id, last_id FROM mine WHERE last_id > 0 ORDER BY last_id DESC LIMIT $2 OFFSET $3
        )
        SELECT group_id, last_id FROM page ORDER BY last_id";
    let params: row::Params<'_> = &[&user.sql(), &i64::from(page.size), &page.offset().sql()];
    let shown: Vec<(GroupId, MessageId)> = row::all(db, sql, params, row::read).await?;
    Ok(shown.into_iter().map(|(group, last)| ShownChat { group, last }).collect())
}

/// In their order: none behind the one with which it is more than so many bytes.
async fn read(db: &impl GenericClient, user: UserId, shown: &[ShownChat], bytes: usize) -> Result<Vec<Chat>> {
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
               u.id, u.account, u.name, u.avatar, u.email,
               greatest(0, coalesce(m.left_seq, g.last_seq) - greatest(m.join_seq, m.read_seq, m.sent_seq)),
               m.left_seq IS NOT NULL
        FROM page
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
        let (group, last, other, unread, left) = row::read(row)?;
        Ok(Chat { group, last, other, unread, left })
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
