//! The settings as a table for the documents.

use std::fmt::Write;

use clap::{Arg, Args, Command};

use super::Settings;
use super::setting::variable;

/// A Markdown table of every setting, made from the settings themselves.
pub fn settings_table() -> String {
    table("| setting | what it is | allowed | default |", |_, help| help)
}

/// The table in another language: `describe` has the words for a setting, given those in English.
fn table(head: &str, describe: impl Fn(&str, String) -> String) -> String {
    let command = Settings::augment_args(Command::new("rim"));
    let mut table = format!("{head}\n|---|---|---|---|\n");
    for arg in command.get_arguments() {
        let name = arg.get_long().unwrap_or_default();
        let help = describe(name, arg.get_help().map(ToString::to_string).unwrap_or_default());
        writeln!(
            table,
            "| `{name}`<br>`{}` | {help} | {} | {} |",
            variable(name),
            allowed(arg),
            default(arg).unwrap_or_default()
        )
        .expect("a String takes everything");
    }
    table
}

fn allowed(arg: &Arg) -> String {
    let values = arg.get_possible_values();
    if values.is_empty() {
        let names: Vec<&str> = arg.get_value_names().unwrap_or_default().iter().map(AsRef::as_ref).collect();
        return format!("*{}*", names.join(" "));
    }
    values.iter().map(|value| format!("`{}`", value.get_name())).collect::<Vec<_>>().join(", ")
}

fn default(arg: &Arg) -> Option<String> {
    let default = arg.get_default_values().first()?;
    Some(format!("`{}`", default.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use crate::documented;

    #[test]
    fn the_documented_settings_are_the_ones_there_are() {
        documented::check("settings.md", "settings", &super::settings_table());
    }

    /// Its words are on the page, all else comes from the code: a setting that nobody has described there fails this.
    #[test]
    fn the_documented_settings_are_the_ones_there_are_in_chinese() {
        let page = documented::read("zh/settings.md");
        let words = |name: &str| {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{name}`")));
            row.and_then(|row| row.split(" | ").nth(1)).map(|words| words.trim().to_owned())
        };
        let table = super::table("| 配置项 | 说明 | 可取值 | 默认值 |", |name, _| {
            let missing =
                || panic!("docs/zh/settings.md: add a row \"| `{name}` | what it is, in Chinese | | |\"");
            words(name).filter(|words| !words.is_empty()).unwrap_or_else(missing)
        });
        documented::check("zh/settings.md", "settings", &table);
    }
}
