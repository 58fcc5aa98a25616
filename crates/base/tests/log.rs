//! Logging. The sink belongs to the whole process, so each test runs in a process of its own.

use std::process::Command;
use std::sync::{Arc, Mutex};

use base::log::{self, Level};

/// Runs a test of this file that is marked as ignored, and returns what it wrote to stderr.
fn in_own_process(test: &str, level: Option<&str>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]).env_remove("NATIVE_DRM_LOG");
    command.envs(level.map(|level| ("NATIVE_DRM_LOG", level)));
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}{stderr}");
    stderr
}

#[test]
#[ignore = "run by the_environment_sets_the_level"]
fn says_one_thing_per_level() {
    log::error!("nobody has read the environment yet");
    log::read_environment();
    log::error!("an {}", "error");
    log::warn!("a warning");
    log::info!("a fact");
    log::debug!("a detail");
}

#[test]
fn the_environment_sets_the_level() {
    let lines = ["native_drm error: an error\n", "native_drm warn: a warning\n", "native_drm info: a fact\n"];
    let all = lines.concat() + "native_drm debug: a detail\n";
    for (level, expected) in [
        (None, ""),
        (Some(""), ""),
        (Some("off"), ""),
        (Some("loud"), ""),
        (Some("error"), lines[0]),
        (Some("warn"), &lines[..2].concat()),
        (Some("INFO"), &lines.concat()),
        (Some("debug"), &all),
    ] {
        assert_eq!(in_own_process("says_one_thing_per_level", level), expected, "{level:?}");
    }
}

#[test]
#[ignore = "run by a_callback_takes_the_place_of_stderr"]
fn logs_through_callbacks() {
    type Heard = Arc<Mutex<Vec<String>>>;
    let heard = Heard::default();
    let sink = |heard: &Heard| {
        let heard = heard.clone();
        Some(Arc::new(move |level: Level, text: &str| {
            heard.lock().unwrap().push(format!("{level:?} {text}"));
            if text == "again" {
                // No lock is held here: the callback may log and even put another in its place.
                log::warn!("from inside");
                log::set_sink(None, Level::Off);
            }
        }) as log::Sink)
    };
    log::set_sink(sink(&heard), Level::Warn);
    let formatted = |log: fn(&dyn std::fmt::Display)| {
        struct Counts(std::cell::Cell<usize>);
        impl std::fmt::Display for Counts {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.set(self.0.get() + 1);
                f.write_str("text")
            }
        }
        let counts = Counts(std::cell::Cell::new(0));
        log(&counts);
        counts.0.get()
    };
    assert_eq!(formatted(|text| log::info!("{text}")), 0, "not even formatted");
    assert_eq!(formatted(|text| log::error!("{text}")), 1);
    assert!(log::enabled(Level::Warn) && !log::enabled(Level::Info) && !log::enabled(Level::Off));
    log::warn!("again");
    log::error!("to nobody");
    assert_eq!(*heard.lock().unwrap(), ["Error text", "Warn again", "Warn from inside"]);
    assert_eq!(Arc::strong_count(&heard), 1, "the former sink is given back");

    log::set_sink(None, Level::Info);
    log::info!("to stderr");
}

#[test]
fn a_callback_takes_the_place_of_stderr() {
    assert_eq!(in_own_process("logs_through_callbacks", Some("debug")), "native_drm info: to stderr\n");
}
