//! `rim.toml`: the same settings under the same names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Command;
use toml::Value;

use super::setting::{self, SettingError};
use crate::why;

/// Where the file is looked for when none is named.
const DEFAULT_FILE: &str = "rim.toml";

/// The settings that a file has.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) values: BTreeMap<String, Given>,
}

/// A value in the file.
#[derive(Debug)]
pub(super) struct Given {
    /// As the flag would have it; `None` for a list of nothing, which no flag has.
    pub(super) flag: Option<String>,
    /// As it stands there; a text without its quotes.
    pub(super) written: String,
}

impl File {
    /// Reads the file that was named, or else `./rim.toml` if there is one.
    ///
    /// `command` knows the settings that exist.
    pub(super) fn find(named: Option<&Path>, command: &Command) -> Result<Self, SettingError> {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text, command),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            Err(error) => {
                let problem = format!(
                    "cannot read {}: {}; it must be the path of a TOML file",
                    path.display(),
                    why::in_words(&error)
                );
                Err(SettingError::new("config", problem))
            }
        }
    }

    fn parse(path: &Path, text: &str, command: &Command) -> Result<Self, SettingError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let error = error.to_string();
            SettingError::new("config", format!("{} is not TOML: {}", path.display(), error.trim_end()))
        })?;
        let mut known = setting::names(command);
        known.retain(|name| name != "config");
        let mut values = BTreeMap::new();
        for (name, value) in table {
            let Some(known_setting) = setting::setting(command, &name).filter(|_| name != "config") else {
                return Err(SettingError::new(
                    &name,
                    format!(
                        "{} has a setting of this name, rim has none in a file{}",
                        path.display(),
                        nearest(&name, &known)
                    ),
                ));
            };
            let written = written(&value);
            let Some(flag) = flag_value(&value) else {
                let (source, allowed) = (path.display(), setting::allowed(known_setting));
                let problem = format!("{written:?} (from {source}) is not allowed, it must be {allowed}");
                return Err(SettingError::new(&name, problem));
            };
            let is_nothing = matches!(&value, Value::Array(values) if values.is_empty());
            values.insert(name, Given { flag: (!is_nothing).then_some(flag), written });
        }
        Ok(Self { path: path.to_owned(), values })
    }
}

/// The value as the flag would have it; `None` for what no setting is.
fn flag_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(true) => Some("on".to_owned()),
        Value::Boolean(false) => Some("off".to_owned()),
        Value::Array(values) => {
            let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// As a person finds it in the file.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Datetime(at) => at.to_string(),
        Value::Array(values) => format!("[{}]", values.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Table(_) => "a table".to_owned(),
    }
}

/// A hint for a misspelt name; empty where nothing is near.
fn nearest(name: &str, known: &[String]) -> String {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map_or_else(String::new, |(_, candidate)| format!("; did you mean {candidate}?"))
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;
    use crate::config::Settings;

    fn parse(text: &str) -> Result<File, SettingError> {
        File::parse(Path::new("rim.toml"), text, &Settings::augment_args(Command::new("rim")))
    }

    fn error(text: &str) -> String {
        parse(text).expect_err("wrong").to_string()
    }

    #[test]
    fn values_may_be_written_as_toml_has_them() {
        let file =
            parse("listen = '[::]:8000'\nlimits = false\nsession-days = 7\nallowed-origins = ['a', 'b']")
                .expect("right");
        let values: Vec<_> = file
            .values
            .iter()
            .map(|(name, given)| (name.as_str(), given.flag.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(
            values,
            [("allowed-origins", "a,b"), ("limits", "off"), ("listen", "[::]:8000"), ("session-days", "7")]
        );
    }

    #[test]
    fn an_unknown_name_is_named_with_its_neighbour() {
        let text = error("session_days = 7");
        assert!(text.contains("session_days") && text.contains("did you mean session-days?"), "{text}");
        let text = error("colour = 'red'");
        assert!(text.contains("colour") && !text.contains("did you mean"), "{text}");
    }

    #[test]
    fn a_table_is_no_setting_and_broken_toml_names_its_line() {
        assert!(error("[listen]\nport = 1").contains("listen"), "{}", error("[listen]\nport = 1"));
        assert!(error("listen =").contains("line 1"), "{}", error("listen ="));
    }
}
