//! The settings as a table for the documents.

use std::fmt::Write;

use clap::{Arg, Args, Command};

use super::Settings;
use super::load::variable;

/// A Markdown table of every setting, made from the settings themselves.
pub fn settings_table() -> String {
    let command = Settings::augment_args(Command::new("rim"));
    let mut table = "| setting | what it is | allowed | default |\n|---|---|---|---|\n".to_owned();
    for arg in command.get_arguments() {
        let name = arg.get_long().unwrap_or_default();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
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
}
