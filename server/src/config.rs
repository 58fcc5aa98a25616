//! Options from a TOML file: each may be there under its name without the dashes in front.
//!
//! The command line counts most, then the environment, then the file: of options that exclude each other, too. A server that is
//! started with `--memory` uses no directory, whatever the environment says.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

const OPTION: &str = "--config";
/// No variable has this name.
const NONE: &str = "=";
const VARIABLE: &str = "NATIVE_DRM_SERVER_CONFIG";

/// The arguments with those of the file that `--config` names, if any, and the command that reads them: it does not look at
/// variables that do not count.
pub fn layered(arguments: Vec<OsString>, command: Command) -> Result<(Vec<OsString>, Command), String> {
    let is_given =
        |option: &Arg| option.get_long().is_some_and(|name| arguments.iter().any(|argument| is_option(argument, name)));
    let whole = built(&command);
    let given: Vec<&Arg> = command.get_arguments().filter(|option| is_given(option)).collect();
    let unset = command.get_arguments().filter(|option| {
        let value = option.get_env().and_then(std::env::var_os);
        let is_off = !option.get_action().takes_values() && value.as_deref() == Some(OsStr::new("false"));
        value.is_some() && (is_off || given.iter().any(|other| exclude(&whole, other, option)))
    });
    let unset: Vec<_> = unset.map(|option| option.get_id().clone()).collect();
    let arguments = with_file(arguments, &command)?;
    let unset = unset.into_iter();
    Ok((arguments, unset.fold(command, |command, id| command.mut_arg(id, |option| option.env(NONE).hide_env(true)))))
}

/// The command whose groups know their options.
fn built(command: &Command) -> Command {
    let mut command = command.clone();
    command.build();
    command
}

/// Whether only one of two options may be there.
fn exclude(command: &Command, one: &Arg, other: &Arg) -> bool {
    let conflict =
        |one: &Arg, other: &Arg| command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id());
    let are_both_in = |group: &clap::ArgGroup| {
        let ids = group.get_args().filter(|id| [one.get_id(), other.get_id()].contains(id)).count();
        ids == 2 && !group.clone().is_multiple()
    };
    one.get_id() != other.get_id()
        && (conflict(one, other) || conflict(other, one) || command.get_groups().any(are_both_in))
}

fn with_file(arguments: Vec<OsString>, command: &Command) -> Result<Vec<OsString>, String> {
    // Options of subcommands come after their names and are none of the server's.
    let below = |argument: &OsString| command.get_subcommands().any(|below| argument == below.get_name());
    let own = arguments.iter().position(below).unwrap_or(arguments.len());
    let Some(path) = named(&arguments[..own]).or_else(|| std::env::var_os(VARIABLE)) else { return Ok(arguments) };
    if own < arguments.len() {
        return Ok(arguments);
    }
    let words = |reason: String| format!("{}: {reason}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|fault| words(fault.to_string()))?;
    let table: Table = text.parse().map_err(|fault: toml::de::Error| {
        // Its own words show the line, which may hold a secret.
        words(format!("not TOML: {}", fault.message()))
    })?;
    let whole = built(command);
    // What the command line and the environment have.
    let counts_more = |option: &&Arg| {
        let name = option.get_long().unwrap_or_default();
        let value = option.get_env().and_then(std::env::var_os);
        let is_on = option.get_action().takes_values() || value.as_deref() != Some(OsStr::new("false"));
        arguments.iter().any(|argument| is_option(argument, name)) || value.is_some_and(|_| is_on)
    };
    let above: Vec<&Arg> = command.get_arguments().filter(counts_more).collect();
    let given = |name: &str| arguments.iter().any(|argument| is_option(argument, name));
    let mut more = Vec::new();
    for (name, value) in &table {
        let known = command.get_arguments().find(|known| known.get_long() == Some(name)).filter(|_| name != "config");
        let Some(known) = known else {
            let names = command.get_arguments().filter_map(|known| known.get_long());
            let near = names.map(|known| (strsim::jaro_winkler(name, known), known)).max_by(|a, b| a.0.total_cmp(&b.0));
            let hint = near.filter(|(likeness, _)| *likeness > 0.8);
            let hint = hint.map_or(String::new(), |(_, near)| format!("; did you mean `{near}`?"));
            return Err(words(format!("there is no option `{name}`{hint}")));
        };
        let is_set = given(name) || known.get_env().is_some_and(|variable| std::env::var_os(variable).is_some());
        if is_set || above.iter().any(|other| exclude(&whole, other, known)) {
            continue;
        }
        let values = match value {
            Value::Array(values) if matches!(known.get_action(), ArgAction::Append) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        for value in values {
            let takes_value = known.get_action().takes_values();
            match value {
                Value::Boolean(true) if !takes_value => more.push(format!("--{name}")),
                Value::Boolean(false) if !takes_value => {}
                Value::String(text) if takes_value => more.push(format!("--{name}={text}")),
                Value::Integer(number) if takes_value => more.push(format!("--{name}={number}")),
                _ => return Err(words(format!("`{name}` has a value of another type"))),
            }
        }
    }
    let mut arguments = arguments;
    arguments.splice(1..1, more.into_iter().map(OsString::from));
    Ok(arguments)
}

fn is_option(argument: &OsStr, name: &str) -> bool {
    let rest = argument.to_str().and_then(|text| text.strip_prefix("--")?.strip_prefix(name));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

fn named(arguments: &[OsString]) -> Option<OsString> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == OPTION {
            return arguments.next().cloned();
        }
        if let Some(path) = argument.to_str().and_then(|text| text.strip_prefix(OPTION)?.strip_prefix('=')) {
            return Some(path.into());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::options::Options;

    fn read(text: &str, arguments: &[&str]) -> Result<Vec<String>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.toml");
        std::fs::write(&path, text).unwrap();
        let config = format!("--config={}", path.display());
        let arguments = ["program", &config].iter().chain(arguments).map(OsString::from).collect();
        let all = with_file(arguments, &Options::command())?;
        Ok(all.into_iter().map(|argument| argument.into_string().unwrap()).filter(|one| *one != config).collect())
    }

    #[test]
    fn options_come_from_the_file_and_the_command_line_counts_more() {
        let text = "memory = true\nclear-key = false\nmax-body = 2048\nlog = \"warn\"\ntrusted-proxy = [\"127.0.0.1\", \"::1\"]\n";
        let mut all = read(text, &["--log", "info"]).unwrap();
        all.sort();
        let expected = [
            "--log",
            "--max-body=2048",
            "--memory",
            "--trusted-proxy=127.0.0.1",
            "--trusted-proxy=::1",
            "info",
            "program",
        ];
        assert_eq!(all, expected);
        assert!(!read(text, &["--log=info"]).unwrap().contains(&"--log=warn".to_owned()));
        // Of options that exclude each other the command line's counts, whatever the file has.
        assert_eq!(read("data = \"/x\"\ndatabase-ca = \"/y\"", &["--memory"]).unwrap(), ["program", "--memory"]);
        assert_eq!(read("memory = true", &["--data=/x"]).unwrap(), ["program", "--data=/x"]);
        // Subcommands have options of their own.
        assert_eq!(read(text, &["admin", "reload"]).unwrap(), ["program", "admin", "reload"]);
    }

    #[test]
    fn what_is_wrong_in_the_file_is_named() {
        for (text, words) in [
            ("memroy = true", "there is no option `memroy`; did you mean `memory`?"),
            ("memory = 1", "`memory` has a value of another type"),
            ("max-body = true", "`max-body` has a value"),
            ("max-body = [1024, 2048]", "`max-body` has a value"),
            ("config = \"other.toml\"", "there is no option `config`"),
            ("memory", "not TOML"),
        ] {
            let reason = read(text, &[]).unwrap_err();
            assert!(reason.contains(words), "{reason}");
        }
    }
}
