//! What subjects are called on the server.
//!
//! `<prefix>.all`, `<prefix>.group.<bucket>.<id>` and `<prefix>.user.<bucket>.<id>`, where the bucket is the id
//! modulo 256, so that a node can ask for all topics of a bucket at once.

use std::fmt;

use rim_core::bus::Subject;
use rim_core::event::Topic;
use rim_core::{GroupId, UserId};

/// The names under one prefix.
pub(crate) struct Subjects {
    prefix: String,
}

/// Topics that a node may ask for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Bucket {
    kind: TopicKind,
    number: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum TopicKind {
    Group,
    User,
}

impl Subjects {
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub fn name(&self, subject: Subject) -> String {
        match subject {
            Subject::Everybody => format!("{}.all", self.prefix),
            Subject::Topic(topic) => self.topic(topic),
        }
    }

    fn topic(&self, topic: Topic) -> String {
        let bucket = Bucket::of(topic);
        format!("{}.{bucket}.{}", self.prefix, number(topic))
    }

    /// Every topic of the bucket.
    pub fn bucket(&self, bucket: Bucket) -> String {
        format!("{}.{bucket}.*", self.prefix)
    }

    /// Where nobody listens, so that the server itself answers.
    pub fn nobody(&self) -> String {
        format!("{}.nobody", self.prefix)
    }

    /// What answers are sent to.
    pub fn inbox(&self) -> String {
        format!("{}.inbox", self.prefix)
    }

    /// What [`Self::name`] made a name of.
    pub fn parse(&self, name: &str) -> Option<Subject> {
        let words = name.strip_prefix(&self.prefix)?.strip_prefix('.')?;
        if words == "all" {
            return Some(Subject::Everybody);
        }
        let (kind, words) = words.split_once('.')?;
        let (_, id) = words.split_once('.')?;
        let id = id.parse().ok()?;
        match kind {
            "group" => Some(Subject::Topic(Topic::Group(GroupId(id)))),
            "user" => Some(Subject::Topic(Topic::User(UserId(id)))),
            _ => None,
        }
    }
}

impl Bucket {
    pub fn of(topic: Topic) -> Self {
        let kind = match topic {
            Topic::Group(_) => TopicKind::Group,
            Topic::User(_) => TopicKind::User,
        };
        Self { kind, number: number(topic) as u8 }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            TopicKind::Group => "group",
            TopicKind::User => "user",
        };
        write!(f, "{kind}.{}", self.number)
    }
}

fn number(topic: Topic) -> u64 {
    match topic {
        Topic::Group(group) => group.0,
        Topic::User(user) => user.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_were_written() {
        let subjects = Subjects::new("rim.test");
        let group = Subject::Topic(Topic::Group(GroupId(259)));
        let user = Subject::Topic(Topic::User(UserId((1 << 53) - 1)));
        assert_eq!(subjects.name(group), "rim.test.group.3.259");
        assert_eq!(subjects.name(user), "rim.test.user.255.9007199254740991");
        assert_eq!(subjects.name(Subject::Everybody), "rim.test.all");
        for subject in [group, user, Subject::Everybody] {
            assert_eq!(subjects.parse(&subjects.name(subject)), Some(subject));
        }
        for other in
            ["rim.test", "rim.testall", "rim.test.group.3", "rim.test.group.3.x", "rim.other.all", ""]
        {
            assert_eq!(subjects.parse(other), None, "{other}");
        }
    }
}
