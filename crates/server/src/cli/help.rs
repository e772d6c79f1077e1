//! The command line as `--help` shows it: `rim` and `rim serve` show all settings, every other command its own
//! options, and of the settings those that lead to the server.

use clap::Command;

/// Said below the options of a command.
const OTHERS: &str = "All other settings of the server are taken, too, and shown by `rim --help`.";

/// The command line, with what its help shows.
pub(super) fn shown_by(command: Command) -> Command {
    let settings: Vec<_> = command.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    command.mut_subcommands(|subcommand| {
        let shown: &[&str] = match subcommand.get_name() {
            "serve" => return subcommand,
            // It is told of two databases, and of no server.
            "migrate" => &[],
            "nodes" => &["config", "database"],
            _ => &["config", "data", "database"],
        };
        // What a subcommand has itself is not handed down to it; its own subcommands get it from there.
        let hidden = settings.iter().filter(|arg| !arg.get_long().is_some_and(|name| shown.contains(&name)));
        let subcommand = subcommand.args(hidden.map(|arg| arg.clone().hide(true)));
        let subcommand = subcommand.mut_subcommands(|own| own.after_help(OTHERS));
        subcommand.after_help(OTHERS)
    })
}
