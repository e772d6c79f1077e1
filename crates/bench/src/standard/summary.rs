//! Several runs of a scenario, taken together.

use anyhow::ensure;
use serde::Serialize;

use crate::report::{Condition, Report, Unit};

/// What a scenario has shown, beside the bare machine and the project's goals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// What `--only` calls it.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) conditions: Vec<Condition>,
    /// Of the bare machine, where it was measured.
    pub(crate) bare_conditions: Vec<Condition>,
    pub(crate) rows: Vec<Row>,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) figure: String,
    pub(crate) unit: Unit,
    /// Whether anything but 0 is a fault of the server.
    pub(crate) fault: bool,
    /// None where only the bare machine has it.
    pub(crate) rim: Option<Spread>,
    /// None where the bare machine has no such thing.
    pub(crate) bare: Option<Spread>,
    pub(crate) goal: Option<Goal>,
}

/// The values of several runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// What the project wants of a figure's median.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    Minimum(f64),
    Maximum(f64),
    /// So many times the bare machine's.
    ShareOfBare(f64),
}

impl Spread {
    /// None of no values.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
        Some(Self { median, min, max })
    }
}

impl Summary {
    /// Takes the runs of rim and of the bare machine together; of the latter there may be none.
    pub(crate) fn of(name: &str, rim: &[Report], bare: &[Report], goals: &[(&str, Goal)]) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        // In the order of the reports; what only the bare machine has comes last.
        for figure in rim.iter().chain(bare).flat_map(|report| &report.figures) {
            if rows.iter().all(|row| row.figure != figure.name) {
                let values = |reports: &[Report]| {
                    Spread::of(reports.iter().filter_map(|report| report.value(&figure.name)).collect())
                };
                rows.push(Row {
                    figure: figure.name.clone(),
                    unit: figure.unit,
                    fault: figure.fault,
                    rim: values(rim),
                    bare: values(bare),
                    goal: goals.iter().find(|(of, _)| means(of, &figure.name)).map(|(_, goal)| *goal),
                });
            }
        }
        let conditions =
            |reports: &[Report]| reports.first().map(|report| report.conditions.clone()).unwrap_or_default();
        Self {
            name: name.to_owned(),
            title: rim.first().map(|report| report.title.clone()).unwrap_or_default(),
            conditions: conditions(rim),
            bare_conditions: conditions(bare),
            rows,
        }
    }

    pub(crate) fn row(&self, figure: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.figure == figure)
    }
}

/// Checks that there is a figure for each goal.
pub(crate) fn check(report: &Report, goals: &[(&str, Goal)]) -> anyhow::Result<()> {
    for (of, _) in goals {
        let known = report.figures.iter().any(|figure| means(of, &figure.name));
        ensure!(known, "there is no figure {of:?}, of which a goal is set");
    }
    Ok(())
}

/// Whether a goal is of this figure: it names the figure, or with a `*` first its end.
fn means(goal: &str, figure: &str) -> bool {
    match goal.strip_prefix('*') {
        Some(end) => figure.ends_with(end),
        None => figure == goal,
    }
}

impl Row {
    /// rim's median by that of the bare machine: of what is done and what it costs.
    ///
    /// Not of latencies: in a closed loop they follow from how much is done.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let (rim, bare) = (self.rim?, self.bare?);
        let compared =
            matches!(self.unit, Unit::PerSecond | Unit::BytesPerSecond | Unit::Microseconds | Unit::Bytes);
        (compared && bare.median != 0.0).then(|| rim.median / bare.median)
    }

    /// The goal in words, and whether it was reached.
    pub(crate) fn judged(&self) -> Option<(String, bool)> {
        if self.fault && self.rim?.max > 0.0 {
            return Some(("0".to_owned(), false));
        }
        let rim = self.rim?.median;
        Some(match self.goal? {
            Goal::Minimum(bound) => (format!("at least {}", self.unit.show(bound)), rim >= bound),
            Goal::Maximum(bound) => (format!("at most {}", self.unit.show(bound)), rim <= bound),
            Goal::ShareOfBare(share) => {
                (format!("at least {share} of bare"), self.ratio().is_some_and(|ratio| ratio >= share))
            }
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Three runs with a bare machine and goals, one of them missed.
    pub(crate) fn summary() -> Summary {
        let rim = |delivered: f64, cpu: f64| {
            Report::new("Single chats")
                .condition("chats", 50)
                .figure("delivered", delivered, Unit::PerSecond)
                .figure("server CPU a message", cpu, Unit::Microseconds)
                .figure("send to Ack, p99", 40.0, Unit::Milliseconds)
                .fault("lost", 0)
        };
        let bare = Report::new("The bare network").condition("chats", 50);
        let bare = bare
            .figure("delivered", 80_000.0, Unit::PerSecond)
            .figure("server CPU a message", 5.0, Unit::Microseconds)
            .figure("send to Ack, p99", 8.0, Unit::Milliseconds)
            .figure("appended & synced", 100_000.0, Unit::PerSecond);
        let goals = [("delivered", Goal::ShareOfBare(0.75)), ("server CPU a message", Goal::Maximum(20.0))];
        let runs = [rim(44_000.0, 20.3), rim(40_000.0, 18.0), rim(42_000.0, 19.0)];
        Summary::of("chats", &runs, &[bare], &goals)
    }

    #[test]
    fn the_median_is_the_middle_of_the_runs() {
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(spread(&[4.0, 1.0]), Some(Spread { median: 2.5, min: 1.0, max: 4.0 }));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn rows_are_those_of_rim_and_then_those_that_only_the_bare_machine_has() {
        let summary = summary();
        let names: Vec<&str> = summary.rows.iter().map(|row| row.figure.as_str()).collect();
        assert_eq!(
            names,
            ["delivered", "server CPU a message", "send to Ack, p99", "lost", "appended & synced"]
        );
        assert_eq!((summary.rows[3].bare, summary.rows[4].rim), (None, None));
    }

    #[test]
    fn what_is_done_is_compared_and_latencies_are_not() {
        let summary = summary();
        assert_eq!(summary.rows[0].ratio(), Some(0.525));
        assert_eq!(summary.rows[2].ratio(), None);
    }

    #[test]
    fn goals_are_held_to_the_median() {
        let summary = summary();
        assert_eq!(summary.rows[0].judged(), Some(("at least 0.75 of bare".to_owned(), false)));
        assert_eq!(summary.rows[1].judged(), Some(("at most 20.0 µs".to_owned(), true)));
        assert_eq!(summary.rows[2].judged(), None);
    }

    #[test]
    fn a_goal_may_be_of_all_figures_that_end_so() {
        let report = Report::new("Readers")
            .figure("history: large by small", 1.1, Unit::Ratio)
            .figure("sync: large by small", 1.6, Unit::Ratio)
            .figure("sync: CPU", 50.0, Unit::Microseconds);
        let goals = [("*: large by small", Goal::Maximum(1.5))];
        let summary = Summary::of("readers", &[report], &[], &goals);
        let reached: Vec<Option<bool>> =
            summary.rows.iter().map(|row| row.judged().map(|(_, reached)| reached)).collect();
        assert_eq!(reached, [Some(true), Some(false), None]);
    }

    #[test]
    fn one_run_of_three_with_a_fault_is_one_too_many() {
        let lost = |count| Report::new("Single chats").fault("lost", count);
        let summary = Summary::of("chats", &[lost(0), lost(1), lost(0)], &[], &[]);
        assert_eq!(summary.rows[0].judged(), Some(("0".to_owned(), false)));
        assert_eq!(Summary::of("chats", &[lost(0)], &[], &[]).rows[0].judged(), None);
    }

    #[test]
    fn a_goal_of_a_figure_that_is_not_measured_is_an_error() {
        let report = Report::new("Single chats").figure("delivered", 1.0, Unit::PerSecond);
        assert!(check(&report, &[("delivered", Goal::Minimum(1.0))]).is_ok());
        let error = check(&report, &[("speed", Goal::Minimum(1.0))]).expect_err("no such figure");
        assert!(error.to_string().contains("\"speed\""), "{error}");
    }
}
