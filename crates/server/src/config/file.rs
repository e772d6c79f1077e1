//! `rim.toml`: the same settings under the same names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Value;

use super::load::SettingError;

/// Where the file is looked for when none is named.
const DEFAULT_FILE: &str = "rim.toml";

/// The settings that a file has, each as its flag would have it.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) values: BTreeMap<String, String>,
}

impl File {
    /// Reads the file that was named, or else `./rim.toml` if there is one.
    ///
    /// `known` are the settings that exist.
    pub(super) fn find(named: Option<&Path>, known: &[String]) -> Result<Self, SettingError> {
        match named {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    SettingError::new("config", format!("cannot read {}: {error}", path.display()))
                })?;
                Self::parse(path, &text, known)
            }
            None => match std::fs::read_to_string(DEFAULT_FILE) {
                Ok(text) => Self::parse(Path::new(DEFAULT_FILE), &text, known),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
                Err(error) => {
                    Err(SettingError::new("config", format!("cannot read {DEFAULT_FILE}: {error}")))
                }
            },
        }
    }

    fn parse(path: &Path, text: &str, known: &[String]) -> Result<Self, SettingError> {
        let table: toml::Table = text.parse().map_err(|error| {
            SettingError::new("config", format!("{} is not TOML: {error}", path.display()))
        })?;
        let mut values = BTreeMap::new();
        for (name, value) in table {
            if !known.contains(&name) {
                return Err(SettingError::new(
                    &name,
                    format!(
                        "{} has a setting of this name, rim has none{}",
                        path.display(),
                        nearest(&name, known)
                    ),
                ));
            }
            let value = flag_value(&value).ok_or_else(|| {
                let allowed = "must be a string, a number, true or false, or a list of strings";
                SettingError::new(&name, format!("{allowed}, in {}", path.display()))
            })?;
            values.insert(name, value);
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
    use super::*;

    fn parse(text: &str) -> Result<File, SettingError> {
        let known = ["listen", "limits", "session-days", "allowed-origins"].map(str::to_owned);
        File::parse(Path::new("rim.toml"), text, &known)
    }

    fn error(text: &str) -> String {
        parse(text).expect_err("wrong").to_string()
    }

    #[test]
    fn values_may_be_written_as_toml_has_them() {
        let file =
            parse("listen = '[::]:8000'\nlimits = false\nsession-days = 7\nallowed-origins = ['a', 'b']")
                .expect("right");
        let values: Vec<_> =
            file.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
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
