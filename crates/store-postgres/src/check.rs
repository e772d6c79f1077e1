//! `rim check`: everything in a database is looked at, on one snapshot, while nodes run on it.
//!
//! Whether a disk gives back what was written is for PostgreSQL to see, by its checksums of pages. Here rows are looked
//! for that contradict each other, such as places with a gap; reading all of them has PostgreSQL look at its pages.

use futures_util::TryStreamExt;
use rim_core::message::is_state;
use rim_core::{GroupId, Seq};
use rim_store::check::{KNOWN_BLOBS, KnownBlob, RULES, Report, Rule, STATES};
use tokio_postgres::Client;

use crate::archive::{connect, has_table, must_be_whole};
use crate::failure::Failure;
use crate::row::{self, Fields};
use crate::{OpenError, migrations};

/// Looks at everything. What is wrong is in the report.
///
/// # Errors
/// See [`OpenError`]; `Nothing` where there is no rim.
pub async fn check(url: &str) -> Result<Report, OpenError> {
    let db = connect(url).await?;
    if !has_table(&db, "rim_schema").await? {
        return Err(OpenError::Nothing);
    }
    let version: i64 = db.query_one("SELECT version FROM rim_schema", &[]).await?.try_get(0)?;
    if version > migrations::VERSION {
        return Err(OpenError::Newer { found: version, known: migrations::VERSION });
    }
    if version < migrations::VERSION {
        return Err(OpenError::Older { found: version, known: migrations::VERSION });
    }
    must_be_whole(&db).await?;

    let mut report = Report::default();
    let checksums: String = db.query_one("SHOW data_checksums", &[]).await?.try_get(0)?;
    report.note(match checksums.as_str() {
        "on" => "PostgreSQL has checksums of its pages",
        _ => {
            "PostgreSQL has no checksums of its pages: what a disk changes is not seen (see pg_checksums, or initdb -k)"
        }
    });
    for rule in MORE_RULES.iter().chain(RULES) {
        // Each on a snapshot of its own: a page that cannot be read ends the transaction.
        if let Err(error) = check_rule(rule, &db, &mut report).await {
            report.found(format_args!("{} cannot be read: {}", rule.what, crate::causes::describe(&error)));
        }
    }
    if let Err(failure) = states(&db, &mut report).await {
        report.found(format_args!("the states of messages cannot be read: {failure}"));
    }
    let unreadable = |what, error| format!("{what} cannot be read: {}", crate::causes::describe(&error));
    match db.query(MISSING_PICTURES, &[]).await {
        Ok(missing) if missing.is_empty() => {}
        // No fault of the database: anybody may call a picture theirs that never was.
        Ok(missing) => {
            report.note(format_args!("{} pictures that people or groups have are not there", missing.len()));
        }
        Err(error) => report.found(unreadable("the avatars", error)),
    }
    match db.query_one(COUNTS, &[]).await {
        Ok(row) => {
            let [messages, groups, pictures] = [row.try_get::<_, i64>(0)?, row.try_get(1)?, row.try_get(2)?];
            report.note(format_args!("{messages} messages of {groups} groups, {pictures} pictures"));
        }
        Err(error) => report.found(unreadable("the rows", error)),
    }
    Ok(report)
}

/// The bytes of files that the database knows of.
///
/// # Errors
/// It cannot be read.
pub async fn known_blobs(url: &str) -> Result<Vec<KnownBlob>, OpenError> {
    let db = connect(url).await?;
    let read = |row: tokio_postgres::Row| {
        let [size_bytes, thumbs, named] = [row.try_get::<_, i64>(1)?, row.try_get(2)?, row.try_get(3)?]
            .map(|it| u64::try_from(it).unwrap_or(0));
        Ok::<_, tokio_postgres::Error>(KnownBlob::of_row(row.try_get(0)?, size_bytes, thumbs, named))
    };
    let rows = db.query_raw(KNOWN_BLOBS, std::iter::empty::<i64>()).await?;
    let known: Vec<_> = rows.and_then(async |row| read(row)).try_collect().await?;
    Ok(known.into_iter().flatten().collect())
}

const COUNTS: &str =
    "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM groups), (SELECT count(*) FROM media)";

const MISSING_PICTURES: &str = "
    SELECT avatar FROM (SELECT avatar FROM users UNION SELECT avatar FROM groups) AS named
    WHERE avatar ~ '^/media/avatars/[0-9a-f]{64}\\.[a-z]+$'
      AND NOT EXISTS (SELECT 1 FROM media AS m WHERE m.name = substr(avatar, 16))";

/// What messages have beside their content means something.
async fn states(db: &Client, report: &mut Report) -> Result<(), Failure> {
    let rows = db.query_raw(STATES, std::iter::empty::<i64>()).await?;
    let mut rows = std::pin::pin!(rows);
    while let Some(row) = rows.try_next().await? {
        let (group, seq, text): (GroupId, Seq, String) = row::read(Fields::of(&row))?;
        if !is_state(&text) {
            report.unreadable_state(group, seq);
        }
    }
    Ok(())
}

async fn check_rule(rule: &Rule, db: &Client, report: &mut Report) -> Result<(), tokio_postgres::Error> {
    for row in db.query(&rule.query(), &[]).await? {
        report.contradiction(rule, &row.try_get::<_, String>(0)?);
    }
    Ok(())
}

/// What is looked at beside [`RULES`].
const MORE_RULES: &[Rule] = &[
    Rule {
        what: "the messages",
        sql: "SELECT 'group ' || coalesce(g.id, m.group_id) FROM groups AS g
              FULL JOIN (SELECT group_id, count(*) AS count, min(seq) AS first, max(seq) AS seq, max(rev) AS rev,
                                max(id) AS id FROM messages GROUP BY group_id) AS m ON m.group_id = g.id
              WHERE g.id IS NULL OR coalesce(m.first, 1) <> 1 OR g.last_seq <> coalesce(m.count, 0)
                 OR g.last_seq <> coalesce(m.seq, 0) OR g.last_rev < coalesce(m.rev, 0)
                 OR g.last_message_id <> coalesce(m.id, 0)",
        is: "has a gap in its places, or does not end where it says",
    },
    Rule {
        what: "the messages",
        sql: "SELECT 'message ' || id || ' of group ' || group_id FROM (
                  SELECT group_id, id, rev, lag(rev) OVER (PARTITION BY group_id ORDER BY seq) AS before FROM messages
              ) AS m WHERE rev <= before",
        is: "has a rev that is not above that of the one before it",
    },
    Rule {
        what: "the pictures",
        sql: "SELECT 'picture ' || name FROM media WHERE encode(sha256(content), 'hex') <> split_part(name, '.', 1)",
        is: "is not what was uploaded",
    },
];
