//! `docs/BENCHMARKS.md`.

use std::fmt::{self, Write as _};

use crate::report::{Condition, Unit};
use crate::standard::summary::{Row, Spread, Summary};

/// The page: conditions first, then a table for each scenario.
pub(super) fn page(conditions: &[Condition], runs: usize, summaries: &[Summary]) -> String {
    let mut page = String::new();
    write(&mut page, conditions, runs, summaries).expect("a String takes everything");
    page
}

fn write(page: &mut String, conditions: &[Condition], runs: usize, summaries: &[Summary]) -> fmt::Result {
    let of_runs = if runs == 1 {
        "one run".to_owned()
    } else {
        format!(
            "the median of {runs} runs, with the least and most (`idle`, `readers`, `searches` and `upload` ran once)"
        )
    };
    writeln!(page, "# Benchmarks\n")?;
    writeln!(
        page,
        "`make bench` has measured this and written this page. Each figure is {of_runs}; every run has a"
    )?;
    writeln!(
        page,
        "server and a store of its own. The *bare machine* does the same without rim: a server that passes the"
    )?;
    writeln!(
        page,
        "same bytes to the same sockets and understands none of them, a file to which the same bytes are"
    )?;
    writeln!(
        page,
        "appended and synced, and a file server that asks nobody who they are. [performance.md](performance.md) tells what the figures mean.\n"
    )?;
    writeln!(page, "![rim beside the bare machine](images/benchmarks.svg)\n")?;
    writeln!(page, "| measured on | |\n|---|---|")?;
    for Condition { name, value } in conditions {
        writeln!(page, "| {} | {} |", escaped(name), escaped(value))?;
    }
    for summary in summaries {
        section(page, summary)?;
    }
    Ok(())
}

fn section(page: &mut String, summary: &Summary) -> fmt::Result {
    writeln!(page, "\n## {}\n", escaped(&summary.title))?;
    let list = |conditions: &[Condition]| {
        let items: Vec<String> =
            conditions.iter().map(|Condition { name, value }| format!("{name}: {value}")).collect();
        escaped(&items.join("; "))
    };
    writeln!(page, "`{}`. {}.", summary.name, list(&summary.conditions))?;
    // Mostly the bare machine has done the same.
    let own: Vec<Condition> =
        summary.bare_conditions.iter().filter(|other| !summary.conditions.contains(other)).cloned().collect();
    if !own.is_empty() {
        writeln!(page, "The bare machine: {}.", list(&own))?;
    }
    let bare = summary.rows.iter().any(|row| row.bare.is_some());
    let goals = summary.rows.iter().any(|row| row.judged().is_some());
    let mut head = vec!["figure", "rim"];
    head.extend(bare.then_some(["bare machine", "rim : bare"]).into_iter().flatten());
    head.extend(goals.then_some("goal"));
    writeln!(page, "\n| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()))?;
    for row in &summary.rows {
        let mut cells = vec![escaped(&row.figure), spread(row.rim, row.unit)];
        if bare {
            cells.push(spread(row.bare, row.unit));
            cells.push(row.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}")));
        }
        if goals {
            cells.push(goal(row));
        }
        writeln!(page, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

fn goal(row: &Row) -> String {
    match row.judged() {
        Some((goal, true)) => format!("{goal}: reached"),
        Some((goal, false)) => format!("{goal}: **missed**"),
        None => String::new(),
    }
}

/// The median, and the range where the runs differ as far as one sees.
fn spread(spread: Option<Spread>, unit: Unit) -> String {
    let Some(Spread { median, min, max }) = spread else { return String::new() };
    let ((number, name), (least, of_least), (most, of_most)) =
        (unit.split(median), unit.split(min), unit.split(max));
    if unit.show(min) == unit.show(max) {
        format!("{number}{name}")
    } else if [of_least, of_most] == [name; 2] {
        format!("{number} ({least} – {most}){name}")
    } else {
        format!("{number}{name} ({least}{of_least} – {most}{of_most})")
    }
}

/// Text in a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::summary::tests::summary;

    #[test]
    fn a_section_has_its_figures_the_bare_machine_and_the_goals() {
        let condition = Condition { name: "processor".to_owned(), value: "A | B".to_owned() };
        let page = page(&[condition], 3, &[summary()]);
        assert!(page.contains("| processor | A \\| B |\n"), "{page}");
        let section = "\n## Single chats\n\n\
            `chats`. chats: 50.\n\n\
            | figure | rim | bare machine | rim : bare | goal |\n\
            |---|---|---|---|---|\n\
            | delivered | 42,000 (40,000 – 44,000) a second | 80,000 a second | 0.53 | at least 0.75 of bare: **missed** |\n\
            | server CPU a message | 19.0 (18.0 – 20.3) µs | 5.00 µs | 3.80 | at most 20.0 µs: reached |\n\
            | send to Ack, p99 | 40.0 ms | 8.00 ms |  |  |\n\
            | lost | 0 |  |  |  |\n\
            | appended & synced |  | 100,000 a second |  |  |\n";
        assert!(page.ends_with(section), "{page}");
    }

    #[test]
    fn a_range_has_its_unit_once_if_it_has_one() {
        let shown = |unit, median, min, max| spread(Some(Spread { median, min, max }), unit);
        assert_eq!(shown(Unit::Milliseconds, 3.0, 3.001, 3.002), "3.00 ms");
        assert_eq!(shown(Unit::Milliseconds, 3.0, 2.0, 40.0), "3.00 (2.00 – 40.0) ms");
        assert_eq!(shown(Unit::Bytes, 9_000.0, 8_000.0, 20_480.0), "9,000 bytes (8,000 bytes – 20.0 KiB)");
        assert_eq!(spread(None, Unit::Count), "");
    }

    #[test]
    fn what_nothing_is_compared_with_has_two_columns() {
        let mut summary = summary();
        summary.rows.retain(|row| row.figure == "lost");
        let page = page(&[], 1, &[summary]);
        assert!(page.ends_with("\n| figure | rim |\n|---|---|\n| lost | 0 |\n"), "{page}");
        assert!(page.contains("Each figure is one run;"), "{page}");
    }
}
