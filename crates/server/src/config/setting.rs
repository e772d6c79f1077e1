//! One setting: its names, what it may be, and what is wrong with it.

use clap::builder::PossibleValue;
use clap::{Arg, Command};

/// A setting that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct SettingError {
    /// Its name, as in `rim.toml`.
    pub setting: String,
    pub problem: String,
}

impl SettingError {
    pub(super) fn new(setting: &str, problem: impl Into<String>) -> Self {
        Self { setting: setting.to_owned(), problem: problem.into() }
    }
}

/// The settings of a command: its global arguments, in order.
pub(super) fn names(command: &Command) -> Vec<String> {
    command
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .filter_map(|arg| arg.get_long().map(str::to_owned))
        .collect()
}

/// A setting by its name.
pub(super) fn setting<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.is_global_set() && arg.get_long() == Some(name))
}

/// What a setting may be, in words.
pub(super) fn allowed(arg: &Arg) -> String {
    let values = arg.get_possible_values();
    let values: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
    if let [first @ .., last] = &*values {
        return format!("{} or {last}", first.join(", "));
    }
    // No parser takes an empty text, and each says what it takes instead.
    let nothing = format!("--{}=", arg.get_long().unwrap_or_default());
    let refusal = Command::new("rim").arg(arg.clone()).try_get_matches_from(["rim", &nothing]).err();
    let words = refusal.as_ref().and_then(std::error::Error::source).map(ToString::to_string);
    words.expect("a parser that says what is allowed")
}

/// The name of a setting in the environment.
pub(super) fn variable(name: &str) -> String {
    format!("RIM_{}", id(name).to_uppercase())
}

/// Clap's id of a setting: the name of the field.
pub(super) fn id(name: &str) -> String {
    name.replace('-', "_")
}
