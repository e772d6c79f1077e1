//! What a run has found: for people as text, for machines as JSON.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::latency::Latencies;
use crate::ledger::Faults;
use crate::process::Spent;

/// The figures of one run of a scenario, and under which conditions they were measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// The subcommand.
    pub(crate) scenario: String,
    pub(crate) title: String,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) figures: Vec<Figure>,
}

/// What was the same during the whole run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Condition {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// One thing that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: Unit,
    /// Whether anything but 0 is a fault of the server.
    pub(crate) fault: bool,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    PerSecond,
    Microseconds,
    Milliseconds,
    Seconds,
    Bytes,
    BytesPerSecond,
    Count,
    Ratio,
    Percent,
}

impl Report {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        let title = title.into();
        Self { scenario: String::new(), title, conditions: Vec::new(), figures: Vec::new() }
    }

    /// The same as that of a subcommand.
    #[must_use]
    pub(crate) fn of(self, scenario: &str) -> Self {
        Self { scenario: scenario.to_owned(), ..self }
    }

    #[must_use]
    pub(crate) fn condition(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.conditions.push(Condition { name: name.to_owned(), value: value.to_string() });
        self
    }

    #[must_use]
    pub(crate) fn figure(mut self, name: &str, value: impl Number, unit: Unit) -> Self {
        self.figures.push(Figure { name: name.to_owned(), value: value.into_f64(), unit, fault: false });
        self
    }

    /// A number of things that must never happen.
    #[must_use]
    pub(crate) fn fault(mut self, name: &str, count: u64) -> Self {
        let value = count.into_f64();
        self.figures.push(Figure { name: name.to_owned(), value, unit: Unit::Count, fault: true });
        self
    }

    /// What a ledger found.
    #[must_use]
    pub(crate) fn faults(self, faults: Faults) -> Self {
        self.fault("lost", faults.lost)
            .fault("duplicated", faults.duplicated)
            .fault("out of order", faults.out_of_order)
    }

    /// The percentiles of `latencies`, in milliseconds.
    #[must_use]
    pub(crate) fn latencies(self, name: &str, latencies: &Latencies) -> Self {
        let milliseconds = |latency: Duration| latency.as_secs_f64() * 1e3;
        let at = |percent| milliseconds(latencies.percentile(percent));
        self.figure(&format!("{name}, p50"), at(50.0), Unit::Milliseconds)
            .figure(&format!("{name}, p99"), at(99.0), Unit::Milliseconds)
            .figure(&format!("{name}, p99.9"), at(99.9), Unit::Milliseconds)
            .figure(&format!("{name}, max"), milliseconds(latencies.max()), Unit::Milliseconds)
    }

    /// What one of `count` cost those that work beside the server.
    #[must_use]
    pub(crate) fn beside(self, spent: &Spent, count: u64, what: &str) -> Self {
        spent.cpu_beside.iter().fold(self, |report, (name, cpu)| {
            let each = cpu.as_secs_f64() * 1e6 / count.max(1) as f64;
            report.figure(&format!("{name} CPU {what}"), each, Unit::Microseconds)
        })
    }

    /// How busy the server and the bench were: whoever was near 100 % was the limit.
    #[must_use]
    pub(crate) fn busy(self, spent: &Spent) -> Self {
        self.figure("server, busy", spent.busy(), Unit::Percent).figure(
            "bench, busy",
            spent.own_busy(),
            Unit::Percent,
        )
    }

    /// Whether nothing happened that must never happen.
    pub(crate) fn is_sound(&self) -> bool {
        self.figures.iter().all(|figure| !figure.fault || figure.value == 0.0)
    }

    /// The figure of that name.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for Condition { name, value } in &self.conditions {
            writeln!(f, "  {name:<38} {value}")?;
        }
        writeln!(f)?;
        for Figure { name, value, unit, fault } in &self.figures {
            let alarm = if *fault && *value != 0.0 { "  <- must be 0" } else { "" };
            writeln!(f, "  {name:<38} {}{alarm}", unit.show(*value))?;
        }
        Ok(())
    }
}

impl Unit {
    /// A value with its unit, in as many digits as are worth reading.
    pub(crate) fn show(self, value: f64) -> String {
        let (number, unit) = self.split(value);
        format!("{number}{unit}")
    }

    /// The same in two parts; the second begins with a blank where there is one.
    pub(crate) fn split(self, value: f64) -> (String, &'static str) {
        match self {
            Self::PerSecond => (grouped(value), " a second"),
            Self::Microseconds => (digits(value), " µs"),
            Self::Milliseconds => (digits(value), " ms"),
            Self::Seconds => (digits(value), " s"),
            Self::Bytes => bytes(value),
            Self::BytesPerSecond => (digits(value / 1024.0 / 1024.0), " MiB a second"),
            Self::Count => (grouped(value), ""),
            Self::Ratio => (format!("{value:.2}"), ""),
            Self::Percent => (format!("{value:.1}"), " %"),
        }
    }
}

/// Three digits, and all of those before the point.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => grouped(value),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn bytes(value: f64) -> (String, &'static str) {
    const KIB: f64 = 1024.0;
    match value.abs() {
        size if size >= KIB * KIB * KIB => (digits(value / KIB / KIB / KIB), " GiB"),
        size if size >= KIB * KIB => (digits(value / KIB / KIB), " MiB"),
        // Up to here a byte more or less can be meant.
        size if size >= 10.0 * KIB => (digits(value / KIB), " KiB"),
        _ => (grouped(value), " bytes"),
    }
}

/// A whole number with a comma at every thousand.
fn grouped(value: f64) -> String {
    let plain = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 { format!("-{text}") } else { text }
}

/// What a figure is made from.
pub(crate) trait Number {
    fn into_f64(self) -> f64;
}

impl Number for f64 {
    fn into_f64(self) -> f64 {
        self
    }
}

impl Number for u64 {
    fn into_f64(self) -> f64 {
        self as f64
    }
}

impl Number for usize {
    fn into_f64(self) -> f64 {
        self as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_one_reads_them() {
        for (unit, value, shown) in [
            (Unit::PerSecond, 44_079.6, "44,080 a second"),
            (Unit::Microseconds, 20.34, "20.3 µs"),
            (Unit::Milliseconds, 0.456, "0.46 ms"),
            (Unit::Milliseconds, 1_234.5, "1,234 ms"),
            (Unit::Seconds, 5.8, "5.80 s"),
            (Unit::Bytes, 1_050.0, "1,050 bytes"),
            (Unit::Bytes, -3_000.0, "-3,000 bytes"),
            (Unit::Bytes, 12.0 * 1024.0 * 1024.0, "12.0 MiB"),
            (Unit::Bytes, 20_480.0, "20.0 KiB"),
            (Unit::BytesPerSecond, 157_286_400.0, "150 MiB a second"),
            (Unit::Count, 1_000_000.0, "1,000,000"),
            (Unit::Count, 999.0, "999"),
            (Unit::Ratio, 0.754, "0.75"),
            (Unit::Percent, 99.94, "99.9 %"),
        ] {
            assert_eq!(unit.show(value), shown);
        }
    }

    #[test]
    fn a_report_reads_from_its_title_to_its_figures() {
        let report = Report::new("Single chats")
            .condition("chats", 50)
            .figure("delivered", 40_000_u64, Unit::PerSecond)
            .fault("lost", 0);
        assert_eq!(
            report.to_string(),
            "Single chats\n  \
             chats                                  50\n\n  \
             delivered                              40,000 a second\n  \
             lost                                   0\n"
        );
        assert!(report.is_sound());
    }

    #[test]
    fn a_fault_is_shown_and_makes_the_report_unsound() {
        let report = Report::new("Single chats").fault("lost", 2);
        assert!(!report.is_sound());
        assert!(report.to_string().contains("2  <- must be 0"), "{report}");
    }

    #[test]
    fn machines_read_units_by_name() {
        let report = Report::new("Single chats").figure("delivered", 1_u64, Unit::PerSecond);
        let json = serde_json::to_value(report).expect("plain data");
        assert_eq!(json["figures"][0]["unit"], "per_second");
        assert_eq!(json["figures"][0]["value"], 1.0);
    }
}
