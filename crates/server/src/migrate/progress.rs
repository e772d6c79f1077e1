//! How far it is, for the person who waits.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// How often a line on a terminal is written anew,
const ON_TERMINAL: Duration = Duration::from_secs(1);
/// and how often another is written elsewhere.
const IN_LOG: Duration = Duration::from_secs(30);

/// Lines on standard error.
pub struct Progress {
    out: Out,
    line: Line,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Out {
    Terminal,
    Log,
    Nowhere,
}

/// What is under way.
struct Line {
    what: String,
    total: u64,
    done: u64,
    /// Of them, those that were done before.
    before: u64,
    began: Instant,
    shown: Instant,
}

impl Progress {
    pub fn on_stderr() -> Self {
        Self::to(if stderr().is_terminal() { Out::Terminal } else { Out::Log })
    }

    /// Nobody waits.
    pub fn silent() -> Self {
        Self::to(Out::Nowhere)
    }

    fn to(out: Out) -> Self {
        Self { out, line: Line::new(String::new(), 0, 0) }
    }

    /// Begins with a table, of which some rows may be done.
    pub(super) fn begin(&mut self, doing: &str, table: &str, total: u64, done: u64) {
        self.line = Line::new(format!("{doing} {table}"), total, done);
        if self.out == Out::Terminal {
            self.show("");
        }
    }

    pub(super) fn advance(&mut self, rows: u64) {
        self.line.done += rows;
        let pause = if self.out == Out::Terminal { ON_TERMINAL } else { IN_LOG };
        if self.line.shown.elapsed() >= pause {
            self.line.shown = Instant::now();
            self.show(if self.out == Out::Terminal { "" } else { "\n" });
        }
    }

    /// The table is done.
    pub(super) fn end(&mut self) {
        self.show("\n");
    }

    /// Says what is done that has no rows to count.
    pub(super) fn note(&mut self, what: &str) {
        if self.out != Out::Nowhere {
            eprintln!("{what}");
        }
    }

    fn show(&self, end: &str) {
        let again = match self.out {
            Out::Terminal => "\r\x1b[K",
            Out::Log => "",
            Out::Nowhere => return,
        };
        // Whoever does not look misses nothing.
        let _ = write!(stderr(), "{again}{}{end}", self.line.text(self.line.began.elapsed()));
    }
}

impl Line {
    fn new(what: String, total: u64, done: u64) -> Self {
        let now = Instant::now();
        Self { what, total, done, before: done, began: now, shown: now }
    }

    fn text(&self, elapsed: Duration) -> String {
        let Self { what, total, done, before, .. } = self;
        let share = (done * 100).checked_div(*total).unwrap_or(100);
        let mut text = format!("{what:<24} {done} of {total} rows, {share} %");
        let new = done.saturating_sub(*before);
        if new > 0 && !elapsed.is_zero() {
            text.push_str(&format!(", {:.0} rows/s", new as f64 / elapsed.as_secs_f64()));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_is_done_and_how_fast() {
        let mut line = Line::new("copying messages".to_owned(), 1000, 200);
        assert_eq!(line.text(Duration::ZERO), "copying messages         200 of 1000 rows, 20 %");
        line.done += 300;
        let text = line.text(Duration::from_secs(3));
        assert_eq!(text, "copying messages         500 of 1000 rows, 50 %, 100 rows/s");
        let nothing = Line::new("comparing media".to_owned(), 0, 0);
        assert_eq!(nothing.text(Duration::from_secs(1)), "comparing media          0 of 0 rows, 100 %");
    }
}
