//! The chat list.

use deadpool_postgres::GenericClient;
use rim_core::UserId;
use rim_core::message::{Chat, Page};

use crate::failure::Result;
use crate::row::{self, Sql};

/// In one statement, which reads of each of his groups where it is, and all the rest of those on the page alone.
pub(crate) async fn page(db: &impl GenericClient, user: UserId, page: Page) -> Result<Vec<Chat>> {
    // The last message that he may see is the group's newest, if it came since he joined; else that at the end of
    // his latest earlier membership. The peer is whom old clients show as the title of the chat.
    let sql = "
        WITH mine AS (
            SELECT m.group_id,
                   CASE WHEN g.last_seq > m.join_seq THEN g.last_message_id
                        ELSE (SELECT s.id FROM messages AS s
                              WHERE s.group_id = m.group_id
                                AND s.seq = (SELECT max(e.to_seq) FROM earlier_spans AS e
                                             WHERE e.group_id = m.group_id AND e.user_id = m.user_id))
                   END AS last_id
            FROM members AS m JOIN groups AS g ON g.id = m.group_id
            WHERE m.user_id = $1 AND m.left_rev IS NULL
        ), page AS (
            SELECT group_id, last_id FROM mine ORDER BY last_id DESC NULLS LAST LIMIT $2 OFFSET $3
        )
        SELECT g.id, g.name, g.avatar, g.mode, g.creator_id, g.single,
               l.id, l.group_id, l.seq, l.rev, l.sender_id, l.client_msg_id, l.kind, l.content, l.created_at,
               u.id, u.account, u.name, u.avatar, u.email,
               greatest(0, g.last_seq - greatest(m.join_seq, m.read_seq, m.sent_seq))
        FROM page
        JOIN members AS m ON m.group_id = page.group_id AND m.user_id = $1
        JOIN groups AS g ON g.id = page.group_id
        JOIN messages AS l ON l.group_id = page.group_id AND l.id = page.last_id
        JOIN users AS u ON u.id = coalesce(
            (SELECT o.user_id FROM members AS o
             WHERE o.group_id = page.group_id AND o.user_id <> $1 AND o.left_rev IS NULL
             ORDER BY o.join_rev LIMIT 1),
            (SELECT o.user_id FROM members AS o
             WHERE o.group_id = page.group_id AND o.user_id <> $1
             ORDER BY o.join_rev LIMIT 1),
            $1)
        ORDER BY page.last_id";
    let params: row::Params<'_> = &[&user.sql(), &i64::from(page.size), &page.offset().sql()];
    row::all(db, sql, params, |row| {
        Ok(Chat {
            group: row::group(row)?,
            last: row::message(row.from(6))?,
            peer: row::user(row.from(15))?,
            unread: row.number(20)?,
        })
    })
    .await
}
