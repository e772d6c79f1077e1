//! The files that messages name: whether their senders may send them, read for the whole batch at once.

use std::collections::BTreeSet;

use deadpool_postgres::Client;
use futures_util::try_join;
use rim_core::file::{self, File, FileId};
use rim_core::message::{MessageKind, Write};
use rim_core::{GroupId, Refusal, Seq, UserId};
use rim_store::files;

use super::load::{Loaded, NamedFiles};
use super::sight::{Cut, sights, sights_of};
use crate::failure::Result;
use crate::queue::Wanted;
use crate::row::{self, Params, Sql, array};
use crate::text::Text;

/// In one order, and until this batch is committed nobody adds uses of them or takes one away.
const FILES: &str = "SELECT id, user_id, hash, picture, name, size_bytes, mime, facts, created_at FROM files
                     WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";

/// Where messages name them, in groups that are or were the users': as `rim_store::files::visible` looks at them.
const USES: &str = "
    SELECT asked.item, asked.user_id, u.group_id, u.seq
    FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS asked (item, user_id, file_id), LATERAL (
        SELECT group_id, seq FROM file_uses WHERE file_id = asked.file_id AND group_id > 0 LIMIT 1000
    ) AS u
    WHERE EXISTS (SELECT FROM members AS m WHERE m.user_id = asked.user_id AND m.group_id = u.group_id)
       OR EXISTS (SELECT FROM forgotten_members AS f WHERE f.user_id = asked.user_id AND f.group_id = u.group_id)
    UNION
    SELECT asked.item, asked.user_id, u.group_id, u.seq
    FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS asked (item, user_id, file_id), LATERAL (
        SELECT more.group_id, more.seq
        FROM (SELECT group_id FROM members WHERE user_id = asked.user_id
              UNION ALL SELECT group_id FROM forgotten_members WHERE user_id = asked.user_id) AS g
             JOIN file_uses AS more ON more.file_id = asked.file_id AND more.group_id = g.group_id
        WHERE EXISTS (SELECT FROM file_uses WHERE file_id = asked.file_id AND group_id > 0 LIMIT 1 OFFSET 1000)
        LIMIT 1000
    ) AS u";

const SIGHTS: &str = sights!(
    "SELECT item, group_id, user_id, seq
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS uses (item, group_id, user_id, seq)"
);

/// Those of the users for whom they are the picture of somebody, or of a group of theirs; of one that they have left, as it was
/// then.
const SHOWN: &str = "
    SELECT asked.item FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS asked (item, user_id, file_id)
    WHERE EXISTS (SELECT FROM file_avatars AS a WHERE a.file_id = asked.file_id AND a.group_id = 0)
       OR EXISTS (
        SELECT FROM (SELECT group_id FROM file_avatars WHERE file_id = asked.file_id AND group_id > 0
                     UNION SELECT group_id FROM file_uses
                           WHERE file_id = asked.file_id AND group_id > 0 AND seq = 0) AS p
             JOIN (SELECT user_id, group_id, left_rev FROM members
                   UNION ALL SELECT user_id, group_id, left_rev FROM forgotten_members) AS m
               ON m.group_id = p.group_id AND m.user_id = asked.user_id
             JOIN groups AS g ON g.id = p.group_id
        WHERE starts_with(coalesce((SELECT d.avatar FROM departures AS d WHERE d.group_id = p.group_id
                                    AND d.rev <= m.left_rev ORDER BY d.rev DESC LIMIT 1), g.avatar) || '/',
                          '/media/files/' || asked.file_id || '/'))";

/// A message that names files, by the place of its write in the batch.
pub(super) struct Asked<'w> {
    item: usize,
    sender: UserId,
    kind: MessageKind,
    content: &'w str,
    named: std::result::Result<Vec<FileId>, Refusal>,
}

/// Those of the batch.
pub(super) fn asked<'w>(writes: &'w [Wanted], loaded: &Loaded) -> Vec<Asked<'w>> {
    let asked = writes.iter().enumerate().filter_map(|(item, wanted)| {
        let Wanted::Write(Write::Append(new)) = wanted else { return None };
        if !file::may_name(new.kind) || loaded.resent.contains_key(&item) {
            return None;
        }
        let named = file::named_files(new.kind, &new.content);
        let names_any = named.as_ref().map_or(true, |named| !named.is_empty());
        names_any.then_some(Asked { item, sender: new.sender, kind: new.kind, content: &new.content, named })
    });
    asked.collect()
}

/// Looks at them, in the transaction that is open on this connection. What comes in this very batch shows nothing to others yet:
/// they have not been told of it.
pub(super) async fn admit(db: &Client, asked: &[Asked<'_>]) -> Result<NamedFiles> {
    let named: BTreeSet<FileId> = asked.iter().flat_map(|one| one.named.iter().flatten()).copied().collect();
    let named: Vec<_> = named.iter().map(|id| Text(id.as_str())).collect();
    let files: Vec<File> = row::all(db, FILES, &[&named], row::read).await?;
    let seen = seen_by_others(db, asked, &files).await?;
    let admitted = asked.iter().map(|one| {
        let described = one.named.clone().and_then(|named| {
            let files = files.iter().filter(|file| {
                named.contains(&file.id)
                    && (file.owner == one.sender || seen.contains(&(one.sender, file.id)))
            });
            files::describe(one.kind, one.content, &files.cloned().collect::<Vec<_>>())
        });
        (one.item, described.map(Box::new))
    });
    Ok(admitted.collect())
}

/// Which senders see files that are not their own.
async fn seen_by_others(
    db: &Client,
    asked: &[Asked<'_>],
    files: &[File],
) -> Result<BTreeSet<(UserId, FileId)>> {
    let pairs: BTreeSet<_> = asked
        .iter()
        .flat_map(|one| one.named.iter().flatten().map(|id| (one.sender, *id)))
        .filter(|(user, id)| files.iter().any(|file| file.id == *id && file.owner != *user))
        .collect();
    if pairs.is_empty() {
        return Ok(BTreeSet::new());
    }
    let pairs: Vec<_> = pairs.into_iter().collect();
    let items: Vec<i64> = (0..pairs.len() as u64).map(Sql::sql).collect();
    let users = array(pairs.iter().map(|(user, _)| *user));
    let ids: Vec<_> = pairs.iter().map(|(_, id)| Text(id.as_str())).collect();
    let asked: Params<'_> = &[&items, &users, &ids];
    let (uses, shown) = try_join!(
        row::all::<(u64, UserId, GroupId, Seq)>(db, USES, asked, row::read),
        row::all(db, SHOWN, asked, |row| row.number::<u64>(0)),
    )?;
    let numbers: Vec<i64> = (0..uses.len() as u64).map(Sql::sql).collect();
    let groups = array(uses.iter().map(|(.., group, _)| *group));
    let readers = array(uses.iter().map(|(_, user, ..)| *user));
    let seqs = array(uses.iter().map(|(.., seq)| *seq));
    let cuts: Vec<Cut> = if uses.is_empty() {
        Vec::new()
    } else {
        row::all(db, SIGHTS, &[&numbers, &groups, &readers, &seqs], row::read).await?
    };
    let sights = sights_of(cuts);
    let in_sight = uses
        .iter()
        .enumerate()
        .filter(|(number, (.., seq))| sights.get(number).is_some_and(|sight| sight.sees(*seq)));
    let in_sight = in_sight.map(|(_, (item, ..))| *item).chain(shown);
    Ok(in_sight.filter_map(|item| pairs.get(item as usize).copied()).collect())
}
