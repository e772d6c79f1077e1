//! `rim check`: everything in a database is looked at, on one snapshot, while nodes run on it.
//!
//! Whether a disk gives back what was written is for PostgreSQL to see, by its checksums of pages. Here rows are looked
//! for that contradict each other, such as places with a gap; reading all of them has PostgreSQL look at its pages.

use rim_store::check::Report;
use tokio_postgres::Client;

use crate::archive::{connect, has_table, must_be_whole};
use crate::{OpenError, migrations};

/// Findings of one rule that are told.
const TOLD: u32 = 20;

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
    for rule in RULES {
        // Each on a snapshot of its own: a page that cannot be read ends the transaction.
        if let Err(error) = rule.check(&db, &mut report).await {
            report.found(format_args!("{} cannot be read: {}", rule.what, crate::causes::describe(&error)));
        }
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

const COUNTS: &str =
    "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM groups), (SELECT count(*) FROM media)";

const MISSING_PICTURES: &str = "
    SELECT avatar FROM (SELECT avatar FROM users UNION SELECT avatar FROM groups) AS named
    WHERE avatar ~ '^/media/avatars/[0-9a-f]{64}\\.[a-z]+$'
      AND NOT EXISTS (SELECT 1 FROM media AS m WHERE m.name = substr(avatar, 16))";

/// Rows that contradict others: a query that finds them, and what is said of each.
struct Rule {
    what: &'static str,
    /// Of one column, which names the row.
    sql: &'static str,
    is: &'static str,
}

impl Rule {
    async fn check(&self, db: &Client, report: &mut Report) -> Result<(), tokio_postgres::Error> {
        let sql = format!("{} LIMIT {TOLD}", self.sql);
        for row in db.query(&sql, &[]).await? {
            report.found(format_args!("{} {}", row.try_get::<_, String>(0)?, self.is));
        }
        Ok(())
    }
}

const RULES: &[Rule] = &[
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
        what: "the members",
        sql: "SELECT 'user ' || m.user_id || ' in group ' || m.group_id FROM members AS m
              LEFT JOIN groups AS g ON g.id = m.group_id LEFT JOIN users AS u ON u.id = m.user_id
              WHERE g.id IS NULL OR u.id IS NULL",
        is: "is a member, and one of the two is not there",
    },
    Rule {
        what: "the members",
        sql: "SELECT 'user ' || m.user_id || ' in group ' || m.group_id FROM members AS m
              JOIN groups AS g ON g.id = m.group_id
              WHERE greatest(m.join_seq, m.read_seq, m.delivered_seq, m.sent_seq, m.left_seq) > g.last_seq
                 OR greatest(m.join_rev, m.rev, m.profile_rev, m.left_rev) > g.last_rev
                 OR m.left_seq < m.join_seq OR m.left_rev < m.join_rev
                 OR (m.left_seq IS NULL) <> (m.left_rev IS NULL)
                 OR m.role NOT IN (1, 2)",
        is: "is further than the group, or stands where nobody can",
    },
    Rule {
        what: "the groups",
        sql: "SELECT 'group ' || g.id FROM groups AS g
              LEFT JOIN (SELECT group_id, count(*) AS count FROM members WHERE left_rev IS NULL GROUP BY group_id) AS m
                  ON m.group_id = g.id
              WHERE g.member_count <> coalesce(m.count, 0)",
        is: "counts other members than it has",
    },
    Rule {
        what: "the single chats",
        sql: "SELECT 'the chat of the users ' || s.low_user_id || ' and ' || s.high_user_id FROM single_chats AS s
              LEFT JOIN groups AS g ON g.id = s.group_id WHERE g.single IS NOT TRUE",
        is: "is no single chat",
    },
    Rule {
        what: "the friendships",
        sql: "SELECT 'user ' || f.user_id || ' with user ' || f.other_id FROM friendships AS f
              LEFT JOIN friendships AS o ON o.user_id = f.other_id AND o.other_id = f.user_id
              WHERE o.state IS DISTINCT FROM CASE f.state WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE f.state END",
        is: "is not what the other says",
    },
    Rule {
        what: "the sessions",
        sql: "SELECT 'session ' || s.id FROM sessions AS s LEFT JOIN users AS u ON u.id = s.user_id WHERE u.id IS NULL",
        is: "is of a user who is not there",
    },
    Rule {
        what: "the events of groups",
        sql: "SELECT 'event ' || e.place || ' of group ' || e.group_id FROM group_events AS e
              LEFT JOIN groups AS g ON g.id = e.group_id
              WHERE g.id IS NULL OR e.seq > g.last_seq OR e.place > g.last_rev",
        is: "is of a group that is not there, or not so far",
    },
    Rule {
        what: "the pictures",
        sql: "SELECT 'picture ' || name FROM media WHERE encode(sha256(content), 'hex') <> split_part(name, '.', 1)",
        is: "is not what was uploaded",
    },
];
