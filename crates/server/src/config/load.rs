//! From what was given to what holds.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::file::File;
use super::setting::{SettingError, allowed, id, names, setting, variable};
use super::value::without_passwords;
use super::{Config, Settings};
use crate::open_files;

/// Where the value of a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingSource {
    Flag,
    Environment,
    /// The file's path.
    File(String),
    Default,
}

/// What [`load`] and [`load_command`] found.
#[derive(Debug)]
pub struct Loaded {
    /// All arguments, among them the subcommand.
    pub matches: ArgMatches,
    pub config: Config,
    /// Every setting with its value as it was written and where that comes from, in the order of the docs.
    pub effective: Vec<(String, String, SettingSource)>,
}

/// Why a command line was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Setting(SettingError),
    /// A mistake in the use of the command, or a wish for help or the version: clap knows what to print.
    #[error(transparent)]
    Usage(clap::Error),
}

/// Reads the settings from flags, the environment and the file. `args` begins with the program's name and
/// has no subcommand.
///
/// # Errors
/// The first setting that cannot be, or an argument that is none.
pub fn load<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Result<Loaded, LoadError> {
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    load_command(Settings::augment_args(Command::new("rim")), &args)
}

/// Reads the settings of `command`, which may have subcommands, from flags, the environment and the file.
///
/// # Errors
/// The first setting that cannot be, or a command line that is no use of `command`.
pub fn load_command(command: Command, args: &[OsString]) -> Result<Loaded, LoadError> {
    let settings = names(&command);
    let file = File::find(named_file(&command, args).as_deref(), &command).map_err(LoadError::Setting)?;

    // The file's values become the defaults, so that clap checks them, whichever way they came.
    let command = file
        .values
        .iter()
        .fold(command, |command, (name, given)| with_default(command, name, given.flag.as_deref()));
    let matches = command.clone().try_get_matches_from(args).map_err(|error| {
        explain(&error, &command, args, &file).map_or(LoadError::Usage(error), LoadError::Setting)
    })?;

    let given = Settings::from_arg_matches(&matches).map_err(LoadError::Usage)?;
    let config = Config::resolve(given, open_files::limit()).map_err(LoadError::Setting)?;
    let effective = settings
        .iter()
        .map(|name| {
            let value = raw(&matches, name).unwrap_or_else(|| unset(name, &config));
            (name.clone(), value, source(&matches, name, &file))
        })
        .collect();
    Ok(Loaded { matches, config, effective })
}

/// The command, and each of its subcommands that has the setting for itself, with another default.
fn with_default(command: Command, name: &str, value: Option<&str>) -> Command {
    if setting(&command, name).is_none() {
        return command;
    }
    let command = command.mut_arg(id(name), |arg| match value {
        // A list begins with nothing in it.
        None if arg.get_value_delimiter().is_some() => arg,
        value => arg.default_value(value.unwrap_or_default().to_owned()),
    });
    command.mut_subcommands(|subcommand| with_default(subcommand, name, value))
}

/// The file that `--config` or `RIM_CONFIG` names. Everything else that may be wrong is left to the second
/// reading, which knows the file.
fn named_file(command: &Command, args: &[OsString]) -> Option<std::path::PathBuf> {
    let matches = command.clone().ignore_errors(true).try_get_matches_from(args).ok()?;
    matches.get_one("config").cloned()
}

fn raw(matches: &ArgMatches, name: &str) -> Option<String> {
    let values = matches.get_raw(&id(name))?;
    let text = values.map(|value| value.to_string_lossy().into_owned()).collect::<Vec<_>>().join(",");
    Some(shown(name, &text))
}

/// A value as anybody may see it: of a secret there is nothing.
fn shown(name: &str, text: &str) -> String {
    if name == "s3-secret-key" { "…".to_owned() } else { without_passwords(text) }
}

/// What holds where a setting has neither a value nor a default of its own.
fn unset(name: &str, config: &Config) -> String {
    match name {
        "database" => config.database.to_string(),
        "bus" => config.bus.to_string(),
        "node-name" => config.node_name.clone(),
        _ => "none".to_owned(),
    }
}

fn source(matches: &ArgMatches, name: &str, file: &File) -> SettingSource {
    match matches.value_source(&id(name)) {
        Some(ValueSource::CommandLine) => SettingSource::Flag,
        Some(ValueSource::EnvVariable) => SettingSource::Environment,
        _ if file.values.contains_key(name) => SettingSource::File(file.path.display().to_string()),
        _ => SettingSource::Default,
    }
}

/// Says of a wrong value which setting it is of, where it was given, and what is allowed. `None` where the
/// mistake is not in a setting.
fn explain(error: &clap::Error, command: &Command, args: &[OsString], file: &File) -> Option<SettingError> {
    let (name, value) = match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let text = |kind| match error.get(kind) {
                Some(ContextValue::String(text)) => Some(text.clone()),
                _ => None,
            };
            // Clap names the argument as `--listen <ADDRESS:PORT>`.
            let name = text(ContextKind::InvalidArg)?.strip_prefix("--")?.split(' ').next()?.to_owned();
            (name, text(ContextKind::InvalidValue).unwrap_or_default())
        }
        // Of this one clap says nothing more.
        ErrorKind::InvalidUtf8 => names(command).into_iter().find_map(|name| {
            let value =
                given(&name, args).map(|(value, _)| value).filter(|value| value.to_str().is_none())?;
            Some((name, value.to_string_lossy().into_owned()))
        })?,
        _ => return None,
    };
    let arg = setting(command, &name)?;
    let (value, source) = match given(&name, args) {
        Some((_, source)) => (value, source),
        // As it stands there, not as its flag would be written.
        None => {
            let written = file.values.get(&name).map(|given| given.written.clone());
            (written.unwrap_or(value), format!("from {}", file.path.display()))
        }
    };
    let value = shown(&name, &value);
    let allowed = allowed(arg);
    Some(SettingError::new(&name, format!("{value:?} ({source}) is not allowed, it must be {allowed}")))
}

/// The value that a setting was given by its flag, or else by the environment, and which of the two it was.
fn given(name: &str, args: &[OsString]) -> Option<(OsString, String)> {
    let flag = format!("--{name}");
    let of_flag = args.iter().enumerate().find_map(|(at, arg)| {
        let rest = arg.as_encoded_bytes().strip_prefix(flag.as_bytes())?;
        match rest {
            [] => Some(args.get(at + 1).cloned().unwrap_or_default()),
            [b'=', value @ ..] => Some(OsString::from_vec(value.to_vec())),
            _ => None,
        }
    });
    let variable = variable(name);
    let of_flag = of_flag.map(|value| (value, format!("from the flag {flag}")));
    of_flag.or_else(|| {
        let value = std::env::var_os(&variable)?;
        Some((value, format!("from {variable} in the environment")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Bus, Database};

    /// Loads with a file of `toml` and the flags, from an environment without `RIM_…`.
    fn load_with(toml: &str, flags: &[&str]) -> Result<Loaded, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rim.toml");
        std::fs::write(&path, toml).expect("written");
        let mut args: Vec<OsString> = vec!["rim".into(), "--config".into(), path.into()];
        args.extend(flags.iter().map(OsString::from));
        load(args).map_err(|error| error.to_string())
    }

    fn effective<'a>(loaded: &'a Loaded, name: &str) -> (&'a str, &'a SettingSource) {
        let found = loaded.effective.iter().find(|(setting, ..)| setting == name);
        found.map(|(_, value, source)| (value.as_str(), source)).expect("it has a value")
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let loaded = load_with("listen = '127.0.0.1:1'\nidle-timeout = '5m'", &["--listen", "127.0.0.1:2"])
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(loaded.config.listen.port(), 2);
        assert_eq!(effective(&loaded, "listen"), ("127.0.0.1:2", &SettingSource::Flag));
        assert_eq!(loaded.config.idle_timeout.as_secs(), 300);
        assert!(matches!(effective(&loaded, "idle-timeout"), ("5m", SettingSource::File(_))));
        assert_eq!(loaded.config.max_connections_per_user, 100);
        assert_eq!(effective(&loaded, "max-connections-per-user"), ("100", &SettingSource::Default));
    }

    #[test]
    fn the_defaults_are_what_the_documents_say() {
        let config = load_with("", &[]).unwrap_or_else(|error| panic!("{error}")).config;
        assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.ws_listen.map(|address| address.to_string()).as_deref(), Some("127.0.0.1:3012"));
        assert_eq!(config.database, Database::Sqlite("./data/rim.db".into()));
        assert_eq!(config.bus, Bus::Local);
        assert!(config.limits && config.registration && config.precise_login_errors);
        assert_eq!(config.max_body_bytes, rim_protocol::limits::DEFAULT_MAX_BODY_BYTES);
        assert_eq!(config.max_connections, open_files::limit() - 256);
    }

    #[test]
    fn a_wrong_value_is_named_with_its_source_and_what_is_allowed() {
        let wrong = |toml, flags: &[&str]| load_with(toml, flags).expect_err("refused");
        for (text, parts) in [
            (wrong("", &["--listen", "nowhere"]), ["listen", "--listen", "an IP address and a port"]),
            (wrong("listen = 'nowhere'", &[]), ["listen", "rim.toml", "an IP address and a port"]),
            (wrong("limits = 'perhaps'", &[]), ["limits", "rim.toml", "on or off"]),
            (wrong("session-days = 0", &[]), ["session-days", "rim.toml", "1 to 3650"]),
            (wrong("idle-timeout = 90", &[]), ["idle-timeout", "rim.toml", "30s"]),
            (wrong("database = 'mysql://x/y'", &[]), ["database", "rim.toml", "postgres://"]),
            (wrong("bus = 'nats://x'", &[]), ["bus", "SQLite", "postgres://"]),
            (wrong("bus = 'kafka://x'", &[]), ["bus", "rim.toml", "nats://"]),
            (wrong("tls-cert = 'cert.pem'", &[]), ["tls-key", "must be set", "tls-cert"]),
            (wrong("listne = 'x'", &[]), ["listne", "rim.toml", "did you mean listen?"]),
        ] {
            for part in parts {
                assert!(text.contains(part), "{part:?} is missing in {text:?}");
            }
        }
    }

    #[test]
    fn nodes_on_postgresql_have_its_bus_unless_they_are_told_of_another() {
        let database = "database = 'postgres://rim:secret@db/rim?sslmode=require'";
        let loaded = load_with(database, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(loaded.config.bus, Bus::Postgres);
        let shown = "postgres://rim:…@db/rim?sslmode=require";
        assert_eq!(effective(&loaded, "database").0, shown, "no password is shown");
        assert_eq!(loaded.config.database.to_string(), shown);

        let bus = "nats://a:4222,nats://user:secret@b:4222";
        let loaded = load_with(database, &["--bus", bus]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(loaded.config.bus, Bus::Nats(bus.to_owned()));
        assert_eq!(effective(&loaded, "bus").0, "nats://a:4222,nats://user:…@b:4222");
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let error = load(["rim", "--config", "/nowhere/rim.toml"]).expect_err("refused");
        assert!(matches!(error, LoadError::Setting(error) if error.setting == "config"));
    }

    #[test]
    fn every_variable_is_the_flag_in_capitals() {
        for arg in Settings::augment_args(Command::new("rim")).get_arguments() {
            let name = arg.get_long().expect("every setting is a flag");
            assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(variable(name).as_str()));
            assert_eq!(arg.get_id().as_str(), id(name));
            assert!(arg.is_global_set(), "{name} is taken before and after the subcommand");
        }
    }
}
