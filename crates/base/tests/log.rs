//! Logging. The sink belongs to the whole process, so each test runs in a process of its own.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use base::call::Call;
use base::dispatcher::{Job, Next, Outcome};
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
            None
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

#[test]
#[ignore = "run by lines_that_are_too_many_are_counted"]
fn logs_too_much() {
    log::read_environment();
    let scope = log::Scope::of_call();
    for number in 0..300 {
        log::warn!("line {number}");
    }
    drop(scope);
    log::warn!("the next");
}

#[test]
fn lines_that_are_too_many_are_counted() {
    let stderr = in_own_process("logs_too_much", Some("warn"));
    let lines: Vec<_> = stderr.lines().collect();
    let kept: Vec<_> = (0..256).map(|number| format!("native_drm warn: line {number}")).collect();
    assert_eq!(lines[..256], kept[..]);
    let rest = ["44 lines were lost: too many at once for whoever receives them", "the next"];
    assert_eq!(lines[256..], rest.map(|text| format!("native_drm warn: {text}")));
}

#[test]
#[ignore = "run by lines_that_nobody_takes_are_counted"]
fn gives_lines_to_nobody() {
    static TAKES: AtomicBool = AtomicBool::new(false);
    log::read_environment();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let of_sink = Arc::clone(&heard);
    log::set_sink(
        Some(Arc::new(move |_, text: &str| {
            of_sink.lock().unwrap().push(text.to_owned());
            None
        })),
        Level::Warn,
    );
    // Another thread that takes what it is given at once, or nothing at all.
    let say = |text: &str| {
        let _scope = log::Scope::of_thread(|_, job| {
            let takes = TAKES.load(Relaxed);
            if takes {
                job();
            }
            takes
        });
        log::warn!("{text}");
    };
    say("one");
    say("two");
    TAKES.store(true, Relaxed);
    say("three");
    say("four");
    let note = "2 lines were lost: too many at once for whoever receives them";
    assert_eq!(*heard.lock().unwrap(), [note, "three", "four"]);
}

#[test]
fn lines_that_nobody_takes_are_counted() {
    assert_eq!(in_own_process("gives_lines_to_nobody", None), "");
}

#[test]
#[ignore = "run by a_receiver_that_ends_its_thread_is_removed_and_no_other"]
fn ends_threads() {
    static JOBS: Mutex<Vec<Job>> = Mutex::new(Vec::new());
    static CALLED: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let sink = |name: &'static str| -> log::Sink {
        Arc::new(move |_, _| {
            CALLED.lock().unwrap().push(name);
            Some(Call::of(|| true))
        })
    };
    // What calls the program, and what comes after that.
    let say = || {
        let scope = log::Scope::of_thread(|_, job| {
            JOBS.lock().unwrap().push(job);
            true
        });
        log::warn!("a line");
        drop(scope);
        let job = JOBS.lock().unwrap().pop();
        match job.map(|job| job()) {
            Some(Next::Call(call, then)) => Some((call, then)),
            _ => None,
        }
    };
    for replaced in [false, true] {
        log::set_sink(Some(sink("first")), Level::Warn);
        let (call, then) = say().unwrap();
        assert!(call.make_here());
        if replaced {
            log::set_sink(Some(sink("second")), Level::Warn);
        }
        then(Outcome::Ended);
        assert_eq!(log::enabled(Level::Warn), replaced);
        assert_eq!(say().is_some(), replaced);
    }
    assert_eq!(*CALLED.lock().unwrap(), ["first", "first", "second"]);
}

#[test]
fn a_receiver_that_ends_its_thread_is_removed_and_no_other() {
    assert_eq!(in_own_process("ends_threads", None), "");
}
