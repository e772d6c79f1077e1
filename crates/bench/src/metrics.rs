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
}
