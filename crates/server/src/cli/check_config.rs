//! `rim check-config`: what would hold, and whether it would work.

use anyhow::Result;

use crate::config::{Loaded, SettingSource};
use crate::data;
use crate::tls::Certificates;

/// Prints every setting with its value and where it comes from. Wrong ones were refused before.
pub(super) fn check(loaded: &Loaded) -> Result<()> {
    let width =
        |column: fn(&(String, String, SettingSource)) -> usize| loaded.effective.iter().map(column).max();
    let names = width(|(name, ..)| name.chars().count()).unwrap_or_default();
    let values = width(|(_, value, _)| value.chars().count()).unwrap_or_default();
    for (name, value, source) in &loaded.effective {
        let source = match source {
            SettingSource::Flag => "flag",
            SettingSource::Environment => "environment",
            SettingSource::File(path) => path,
            SettingSource::Default => "default",
        };
        println!("{name:names$}  {value:values$}  {source}");
    }
    for warning in loaded.config.warnings() {
        eprintln!("warning: {warning}");
    }
    data::check(&loaded.config.data)?;
    if let Some(files) = loaded.config.tls.clone() {
        Certificates::load(files)?;
    }
    Ok(())
}
