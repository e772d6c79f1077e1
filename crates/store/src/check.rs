//! A look over everything that a store keeps: what every store must find, and what was found.

use std::fmt::Display;

use rim_core::file::{Hash, Thumbs};
use rim_core::{GroupId, Seq};

/// More findings than this are counted and not kept: who has so many needs a backup and not a list.
const MAX_KEPT: usize = 200;

/// Findings of one rule that are told.
pub const TOLD: u32 = 20;

/// What is there, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Report {
    /// What was looked at, and what cannot be known.
    pub notes: Vec<String>,
    /// What is wrong, a line each; the first of it.
    pub found: Vec<String>,
    /// How much is wrong in all.
    pub count: u64,
}

impl Report {
    pub fn note(&mut self, note: impl Display) {
        self.notes.push(note.to_string());
    }

    pub fn found(&mut self, finding: impl Display) {
        self.count += 1;
        if self.found.len() < MAX_KEPT {
            self.found.push(finding.to_string());
        }
    }

    /// The rule has found a row of this name.
    pub fn contradiction(&mut self, rule: &Rule, name: &str) {
        self.found(format_args!("{name} {}", rule.is));
    }
}

/// Rows that contradict others: a query that finds them, and what is said of each.
pub struct Rule {
    pub what: &'static str,
    /// Of one column, which names the row.
    pub sql: &'static str,
    pub is: &'static str,
}

impl Rule {
    /// The query for as many as are told.
    pub fn query(&self) -> String {
        format!("{} LIMIT {TOLD}", self.sql)
    }
}

/// Bytes that a store knows of, for who compares them with those that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBlob {
    pub hash: Hash,
    pub size_bytes: u64,
    /// The previews that are stored beside them.
    pub thumbs: Thumbs,
    /// Whether a file names them. What none names is being stored, or removed.
    pub named: bool,
    /// Whether it is a file's own bytes, and not that of a poster alone, of which there are previews and nothing else.
    pub has_bytes: bool,
}

impl KnownBlob {
    /// What a row of [`KNOWN_BLOBS`] says; `None` where that means nothing.
    pub fn of_row(hash: &str, size_bytes: u64, thumbs: u64, named: u64) -> Option<Self> {
        let thumbs = Thumbs::from_bits(u8::try_from(thumbs).ok()?);
        let (named, has_bytes) = (named > 0, named == 2);
        Some(Self { hash: Hash::parse(hash)?, size_bytes, thumbs, named, has_bytes })
    }
}

/// The hash, size and previews of all of them, and 2 where they are those of a file, 1 where they are those of a poster.
pub const KNOWN_BLOBS: &str = "SELECT hash, size_bytes, thumbs, CAST(CASE
        WHEN EXISTS (SELECT 1 FROM files AS f WHERE f.hash = b.hash) THEN 2
        WHEN EXISTS (SELECT 1 FROM files AS f WHERE f.picture = b.hash) THEN 1 ELSE 0 END AS bigint) AS named
    FROM blobs AS b";

/// What holds of the rows of every store.
pub const RULES: &[Rule] = &[
    Rule {
        what: "the files",
        sql: "SELECT 'file ' || f.id FROM files AS f LEFT JOIN blobs AS b ON b.hash = f.hash
              LEFT JOIN blobs AS p ON p.hash = f.picture
              WHERE b.hash IS NULL OR b.size_bytes <> f.size_bytes OR (f.picture IS NOT NULL AND p.hash IS NULL)",
        is: "names bytes that are not known, or have another size",
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
              WHERE m.join_seq > g.last_seq OR m.read_seq > g.last_seq OR m.delivered_seq > g.last_seq
                 OR m.sent_seq > g.last_seq OR m.left_seq > g.last_seq
                 OR m.join_rev > g.last_rev OR m.rev > g.last_rev OR m.profile_rev > g.last_rev OR m.left_rev > g.last_rev
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
        what: "the states of messages",
        sql: "SELECT 'the state of the message at place ' || s.seq || ' of group ' || s.group_id FROM states AS s
              LEFT JOIN groups AS g ON g.id = s.group_id
              WHERE g.id IS NULL OR s.seq < 1 OR s.seq > g.last_seq OR s.rev > g.last_rev OR s.rev < s.seq",
        is: "is of no message, or further than its group",
    },
    Rule {
        what: "the notes on messages",
        sql: "SELECT 'a note of kind ' || n.kind || ' on the message at place ' || n.seq || ' of group ' || n.group_id
              FROM notes AS n LEFT JOIN states AS s ON s.group_id = n.group_id AND s.seq = n.seq
              WHERE (s.seq IS NULL AND n.body <> '') OR (s.seq IS NULL AND n.kind <> 1) OR n.rev > s.rev
                 OR n.kind NOT IN (1, 2, 3, 4)",
        is: "is of a message that knows nothing of it, or of a kind that means nothing",
    },
    Rule {
        what: "the words of edits",
        sql: "SELECT 'an edit of the message at place ' || w.seq || ' of group ' || w.group_id FROM words AS w
              LEFT JOIN notes AS n ON n.group_id = w.group_id AND n.kind = 1 AND n.seq = w.seq AND n.rev = w.rev
              WHERE w.content <> '' AND n.rev IS NULL",
        is: "says something, and nobody has made it",
    },
    Rule {
        what: "what messages were",
        sql: "SELECT 'something that the message at place ' || f.seq || ' of group ' || f.group_id || ' was'
              FROM (SELECT group_id, seq, rev FROM former_states
                    UNION ALL SELECT group_id, seq, gone_rev FROM former_notes) AS f
              LEFT JOIN states AS s ON s.group_id = f.group_id AND s.seq = f.seq
              WHERE s.seq IS NULL OR f.rev > s.rev",
        is: "is kept of a message that knows nothing of it, or came later than all that became of it",
    },
    Rule {
        what: "the mentions",
        sql: "SELECT 'user ' || n.user_id || ' in group ' || n.group_id FROM mentions AS n
              LEFT JOIN messages AS m ON m.group_id = n.group_id AND m.id = n.message_id
              LEFT JOIN users AS u ON u.id = n.user_id
              WHERE m.id IS NULL OR m.seq <> n.seq OR (u.id IS NULL AND n.user_id <> 0)",
        is: "is mentioned by a message that is not there, or is not there",
    },
    Rule {
        what: "the answers",
        sql: "SELECT 'the message at place ' || r.seq || ' of group ' || r.group_id FROM replies AS r
              LEFT JOIN groups AS g ON g.id = r.group_id
              WHERE g.id IS NULL OR r.seq > g.last_seq OR r.parent_seq >= r.seq OR r.root_seq > r.parent_seq
                 OR r.root_seq < 1",
        is: "answers one that is not before it, or is not there",
    },
    Rule {
        what: "what users have taken out of their sight",
        sql: "SELECT 'place ' || o.seq || ' of group ' || o.group_id || ', of user ' || o.user_id
              FROM (SELECT user_id, group_id, seq, rev FROM cleared
                    UNION ALL SELECT user_id, group_id, seq, rev FROM hidden
                    UNION ALL SELECT user_id, group_id, seq, rev FROM starred) AS o
              LEFT JOIN groups AS g ON g.id = o.group_id LEFT JOIN users AS u ON u.id = o.user_id
              WHERE g.id IS NULL OR u.id IS NULL OR o.seq > g.last_seq OR o.rev > u.rev",
        is: "is cleared, hidden or starred, and not there, or later than anything its user did",
    },
    Rule {
        what: "what consumers have seen",
        sql: "SELECT 'consumer ' || p.consumer || ' in group ' || p.group_id FROM consumer_positions AS p
              LEFT JOIN groups AS g ON g.id = p.group_id LEFT JOIN consumers AS c ON c.id = p.consumer
              WHERE c.id IS NULL OR g.id IS NULL OR p.seq > g.last_seq OR p.rev > g.last_rev",
        is: "is not there, or has seen more than there is",
    },
    Rule {
        what: "the files",
        sql: "SELECT 'file ' || f.id FROM files AS f LEFT JOIN users AS u ON u.id = f.user_id
              LEFT JOIN blobs AS b ON b.hash = f.hash LEFT JOIN blobs AS p ON p.hash = f.picture
              WHERE (u.id IS NULL AND f.user_id <> 0) OR b.hash IS NULL OR b.leaving_at IS NOT NULL
                 OR (f.picture IS NOT NULL AND (p.hash IS NULL OR p.leaving_at IS NOT NULL))",
        is: "is nobody's, or has no bytes",
    },
    Rule {
        what: "the files",
        sql: "SELECT 'file ' || f.id FROM files AS f
              WHERE (f.unused_at IS NULL) <> (EXISTS (SELECT 1 FROM file_uses AS u WHERE u.file_id = f.id)
                                              OR EXISTS (SELECT 1 FROM file_avatars AS a WHERE a.file_id = f.id))",
        is: "is not used as it says",
    },
    Rule {
        what: "the uses of files",
        sql: "SELECT 'the use of file ' || u.file_id || ' at place ' || u.seq || ' of group ' || u.group_id
              FROM file_uses AS u LEFT JOIN files AS f ON f.id = u.file_id
              LEFT JOIN groups AS g ON g.id = u.group_id
              LEFT JOIN scheduled AS s ON u.group_id = 0 AND s.id = u.seq
              WHERE f.id IS NULL OR (u.group_id = 0 AND s.id IS NULL)
                 OR (u.group_id <> 0 AND (g.id IS NULL OR u.seq > g.last_seq))",
        is: "is of a file or a message that is not there",
    },
    Rule {
        what: "the files that are pictures of users and groups",
        sql: "SELECT 'file ' || a.file_id FROM file_avatars AS a LEFT JOIN files AS f ON f.id = a.file_id
              LEFT JOIN users AS u ON u.id = a.user_id LEFT JOIN groups AS g ON g.id = a.group_id
              WHERE f.id IS NULL OR strpos(coalesce(u.avatar, g.avatar, ''), '/media/files/' || a.file_id) <> 1",
        is: "is the picture of somebody who does not show it, or is not there",
    },
    Rule {
        what: "the blobs",
        sql: "SELECT 'blob ' || b.hash FROM blobs AS b
              WHERE b.claimed_at IS NULL AND NOT EXISTS (SELECT 1 FROM files AS f WHERE f.hash = b.hash)
                AND NOT EXISTS (SELECT 1 FROM files AS f WHERE f.picture = b.hash)",
        is: "is named by no file, and is not looked for",
    },
    Rule {
        what: "what has expired",
        sql: "SELECT 'the expired places from ' || e.after_seq || ' of group ' || e.group_id FROM expired AS e
              LEFT JOIN groups AS g ON g.id = e.group_id
              WHERE g.id IS NULL OR e.to_seq > g.last_seq OR e.rev > g.last_rev OR e.after_seq >= e.to_seq
                 OR EXISTS (SELECT 1 FROM expired AS o WHERE o.group_id = e.group_id
                            AND o.after_seq > e.after_seq AND o.after_seq <= e.to_seq)",
        is: "are of a group that is not there or not so far, or touch others",
    },
];

/// Every row of `states` and of `former_states`: place and text, which [`rim_core::message::is_state`] must know.
pub const STATES: &str =
    "SELECT group_id, seq, body FROM states UNION ALL SELECT group_id, seq, body FROM former_states";

impl Report {
    /// What is kept of the state of the message at this place means nothing.
    pub fn unreadable_state(&mut self, group: GroupId, seq: Seq) {
        self.found(format_args!("the state of the message at place {seq} of group {group} means nothing"));
    }
}
