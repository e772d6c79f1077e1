//! What the server says of itself, at `/metrics`.

use anyhow::Context;
use rim_client::Api;

/// How its writes were gathered into commits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Commits {
    commits: f64,
    writes: f64,
}

impl Commits {
    pub(crate) async fn so_far(api: &Api) -> anyhow::Result<Self> {
        Self::parse(&api.metrics().await.context("/metrics")?)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse().ok()).with_context(|| format!("/metrics has no {name}"))
        };
        Ok(Self { commits: value("rim_commit_writes_count")?, writes: value("rim_commit_writes_sum")? })
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self { commits: self.commits - before.commits, writes: self.writes - before.writes }
    }

    /// How many shared a commit.
    pub(crate) fn writes_each(self) -> f64 {
        self.writes / self.commits.max(1.0)
    }
}

/// How far the index is that messages are searched by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Indexed {
    /// Messages that it was given, since the server began.
    pub(crate) messages: f64,
    /// As far as the server knows.
    pub(crate) waiting: f64,
    /// Commits of all kinds, and how long they took in all.
    pub(crate) commits: f64,
    pub(crate) commit_seconds: f64,
}

impl Indexed {
    pub(crate) async fn so_far(api: &Api) -> anyhow::Result<Self> {
        Ok(Self::parse(&api.metrics().await.context("/metrics")?))
    }

    /// What the server has not begun is 0.
    fn parse(text: &str) -> Self {
        let value_of = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse().ok()).unwrap_or(0.0)
        };
        let value = |name: &str| {
            let of_search = |line: &&str| line.contains("{consumer=\"search-");
            let line = text.lines().filter(of_search).find(|line| line.starts_with(name))?;
            line.rsplit(' ').next()?.parse().ok()
        };
        let value = |name| value(name).unwrap_or(0.0);
        Self {
            messages: value("rim_consumer_consumed_total{"),
            waiting: value("rim_consumer_waiting_messages{"),
            commits: value_of("rim_commit_duration_seconds_count"),
            commit_seconds: value_of("rim_commit_duration_seconds_sum"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_read_from_the_histogram() {
        let text =
            "# TYPE rim_commit_writes histogram\nrim_commit_writes_sum 320.0\nrim_commit_writes_count 20\n";
        let before = Commits::parse(text).expect("both are there");
        let after = Commits { commits: 30.0, writes: 820.0 };
        assert_eq!(after.since(before).writes_each(), 50.0);
        assert!(Commits::parse("rim_commit_writes_sum 320.0\n").is_err());
    }

    #[test]
    fn the_index_is_told_from_other_consumers() {
        let text = "rim_consumer_consumed_total{consumer=\"links\"} 4\n\
            rim_consumer_consumed_total{consumer=\"search-1\"} 12\n\
            rim_consumer_waiting_messages{consumer=\"search-1\"} 3\n\
            rim_commit_duration_seconds_sum 0.5\nrim_commit_duration_seconds_count 4\n";
        let (commits, commit_seconds) = (4.0, 0.5);
        let expected = Indexed { messages: 12.0, waiting: 3.0, commits, commit_seconds };
        assert_eq!(Indexed::parse(text), expected);
        assert_eq!(Indexed::parse("").messages, 0.0);
    }
}
