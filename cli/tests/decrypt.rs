//! What a user sees of `native-drm decrypt`.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use support::{data, run, run_with, sentence};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn wrong_usage_is_status_2() {
    for arguments in [
        &[][..],
        &["decrypt"],
        &["decrypt", "in"],
        &["decrypt", "in", "out"],
        &["decrypt", "in", "out", "--key", "1"],
        &["decrypt", "in", "out", "--key", "11111111111111111111111111111111:2222"],
        &["decrypt", "in", "out", "--key", "1111111111111111111111111111111g:22222222222222222222222222222222"],
        &["decrypt", "in", "out", "--keys", "{}", "--track", "a"],
        &["encrypt"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
    assert!(run(&["--version"]).stdout.starts_with(b"native-drm "));
}

/// Keys in every form that is taken.
#[test]
fn keys() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.mp4");
    let media = data().join("media");
    let of = |keys: &[&str]| run(&[&["decrypt", text(&media.join("cenc.mp4")), text(&out)], keys].concat());
    let set = fs::read_to_string(media.join("keys.json")).unwrap();
    let file = text(&media.join("keys.json")).to_owned();
    assert!(of(&["--keys", &file]).status.success());
    let clear = fs::read(&out).unwrap();
    fs::remove_file(&out).unwrap();
    assert!(of(&["--keys", &set]).status.success());
    assert!(fs::read(&out).unwrap() == clear);
    for (keys, reason) in [
        ("{}", "--keys: not a JWK Set: missing field `keys` at line 1 column 2"),
        ("{\"keys\":[]}", "--keys: no key of type 'oct' is in the JWK Set"),
        ("{\"keys\":[{\"kty\":\"RSA\"}]}", "--keys: no key of type 'oct' is in the JWK Set"),
        ("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"AAAA\",\"k\":\"AAAA\"}]}", "--keys: key 0: kid has 3 bytes, not 16"),
        ("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"AAA*\"}]}", "--keys: key 0: malformed kid at byte"),
        ("/nowhere", "/nowhere: No such file or directory"),
    ] {
        let said = sentence(&of(&["--keys", keys]));
        assert!(said.starts_with(&format!("native-drm: {reason}")), "{said}");
    }
    // One that is given later takes the place of the former: the samples become other bytes.
    let ids: serde_json::Value = serde_json::from_str(&set).unwrap();
    let mut wrong = ids.clone();
    for key in wrong["keys"].as_array_mut().unwrap() {
        key["k"] = "AAAAAAAAAAAAAAAAAAAAAA".into();
    }
    assert!(of(&["--keys", &set, "--keys", &wrong.to_string()]).status.success());
    assert!(fs::read(&out).unwrap() != clear);
}

/// What is wrong with a key is said without the key.
#[test]
fn wrong_keys_are_not_repeated() {
    let secret = "5ec2e75ec2e75ec2e75ec2e75ec2e75e";
    for key in [
        format!("{secret}{secret}"),
        format!("1111:{secret}"),
        format!("{secret}:{secret}0"),
        format!("{secret}:{}g", &secret[1..]),
    ] {
        let output = run(&["decrypt", "in", "out", "--key", &key]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains("--key: ") && !said.contains(&secret[..8]), "{said}");
    }
    // Either option will do; one must be there.
    let said = String::from_utf8(run(&["decrypt", "in", "out"]).stderr).unwrap();
    assert!(said.contains("--key <KID:KEY>|--keys <JWKSET>"), "{said}");
    assert_eq!(run(&["decrypt", "in", "out", "--keys", ""]).status.code(), Some(2));
    // Something that has no end.
    assert!(sentence(&run(&["decrypt", "in", "out", "--keys", "/dev/zero"])).ends_with("more than 1048576 bytes"));
}

/// Names and texts from files leave it one line, which steers no terminal.
#[test]
fn sentences_are_one_line() {
    for name in ["a\nb", "a\x1b[31mb", "a\rb"] {
        let said = sentence(&run(&["inspect", name]));
        assert_eq!(
            said,
            "native-drm: NAME: No such file or directory (os error 2)"
                .replace("NAME", &name.replace(['\n', '\x1b', '\r'], "\u{fffd}"))
        );
    }
    let said = sentence(&run_with(&["license", "check", "-"], br#"{"\u001b[2J\n":1}"#));
    assert!(said.contains("UNKNOWN_FIELD") && !said.contains('\x1b'), "{said}");
}

/// With hyphens or without, in any case.
#[test]
fn key_ids_with_hyphens() {
    let vector = data().join("vectors/mp4ff/cbcs-avc-cea608/cbcs.mp4");
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(data().join("vectors/manifest.json")).unwrap()).unwrap();
    let entry = manifest.as_array().unwrap().iter().find(|entry| entry["id"] == "mp4ff/cbcs-avc-cea608").unwrap();
    let key = &entry["keys"][0];
    let (id, key) = (key["kid"].as_str().unwrap(), key["key"].as_str().unwrap());
    let hyphens = |hex: &str| [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    let plain = run(&["decrypt", text(&vector), "-", "--key", &format!("{id}:{key}")]);
    let other = format!("{}:{}", hyphens(id).to_uppercase(), hyphens(key));
    let hyphened = run(&["decrypt", text(&vector), "-", "--key", &other]);
    assert!(plain.status.success() && !plain.stdout.is_empty() && plain.stdout == hyphened.stdout);
}

/// Nothing is left of an output that failed, and what was there before stays.
#[test]
fn failures_leave_no_output() {
    let directory = tempfile::tempdir().unwrap();
    let (from, out) = (directory.path().join("in.mp4"), directory.path().join("out.mp4"));
    let keys = data().join("media/keys.json");
    let decrypt = || run(&["decrypt", text(&from), text(&out), "--keys", text(&keys)]);
    let whole = fs::read(data().join("media/cbcs.mp4")).unwrap();
    for part in 0..50 {
        fs::write(&from, &whole[..whole.len() * part / 50]).unwrap();
        let said = sentence(&decrypt());
        assert!(said.contains("byte"), "{said}");
        assert_eq!(names(directory.path()), ["in.mp4"]);
    }
    fs::write(&out, "before").unwrap();
    decrypt();
    assert_eq!(fs::read(&out).unwrap(), b"before");
    assert_eq!(names(directory.path()).len(), 2);
    fs::write(&from, &whole).unwrap();
    assert!(decrypt().status.success());
    assert_eq!(fs::read(&out).unwrap().len(), whole.len());
    // A file onto itself.
    assert!(run(&["decrypt", text(&from), text(&from), "--keys", text(&keys)]).status.success());
    assert!(fs::read(&from).unwrap() == fs::read(&out).unwrap());
    for (from, out, reason) in [
        ("/nowhere", "out", "/nowhere: No such file or directory"),
        (text(directory.path()), "out", "this is a directory"),
        (text(&from), text(directory.path()), "this is a directory"),
        (text(&from), "/nowhere/out", "/nowhere/out: No such file or directory"),
    ] {
        let said = sentence(&run(&["decrypt", from, out, "--keys", text(&keys)]));
        assert!(said.contains(reason), "{said}");
    }
}

/// What an output is already: a link's file is replaced, a pipe is written to.
#[test]
fn links_and_named_pipes() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let keys = data().join("media/keys.json");
    let from = data().join("media/cbcs.mp4");
    let decrypt =
        |out: &Path| assert!(run(&["decrypt", text(&from), text(out), "--keys", text(&keys)]).status.success());
    fs::create_dir(path("below")).unwrap();
    fs::write(path("below/real"), "").unwrap();
    std::os::unix::fs::symlink("below/real", path("link")).unwrap();
    decrypt(&path("link"));
    assert!(path("link").is_symlink());
    let clear = fs::read(path("below/real")).unwrap();
    assert_eq!(clear.len(), fs::read(&from).unwrap().len());
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    let pipe = path("pipe");
    let reader = std::thread::spawn(move || fs::read(pipe).unwrap());
    decrypt(&path("pipe"));
    assert!(reader.join().unwrap() == clear);
    assert_eq!((names(directory.path()).len(), names(&path("below"))), (3, vec!["real".to_owned()]));
    // A link that leads to nothing yet, over another one: the file is made there, as the shell's > makes it.
    std::os::unix::fs::symlink("below/other", path("second")).unwrap();
    std::os::unix::fs::symlink(path("second"), path("first")).unwrap();
    decrypt(&path("first"));
    assert!(path("first").is_symlink() && path("second").is_symlink());
    assert!(fs::read(path("below/other")).unwrap() == clear);
    // Links that lead nowhere are failures, and stay.
    std::os::unix::fs::symlink("nowhere/out", path("lost")).unwrap();
    std::os::unix::fs::symlink("circle", path("circle")).unwrap();
    for (name, reason) in [("lost", "No such file or directory"), ("circle", "Too many levels of symbolic links")] {
        let said = sentence(&run(&["decrypt", text(&from), text(&path(name)), "--keys", text(&keys)]));
        assert!(said.contains(name) && said.contains(reason), "{said}");
        assert!(path(name).is_symlink());
    }
    assert_eq!((names(directory.path()).len(), names(&path("below")).len()), (7, 2));
}

/// A file's permissions stay when it is replaced, so that what is private stays so. A name may be as long as names can be.
#[test]
fn permissions_and_long_names() {
    let directory = tempfile::tempdir().unwrap();
    let keys = data().join("media/keys.json");
    let from = data().join("media/cbcs.mp4");
    let out = directory.path().join("x".repeat(255));
    let decrypt = || assert!(run(&["decrypt", text(&from), text(&out), "--keys", text(&keys)]).status.success());
    decrypt();
    for mode in [0o600, 0o640, 0o666, 0o777] {
        fs::set_permissions(&out, fs::Permissions::from_mode(mode)).unwrap();
        decrypt();
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o7777, mode);
    }
    let said = sentence(&run(&["decrypt", text(&from), "/nowhere/out", "--keys", text(&keys)]));
    assert_eq!(said, "native-drm: /nowhere/out: No such file or directory (os error 2)");
}

/// A limit on the length of files is a failure like any other.
#[test]
fn files_that_may_not_get_long() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.mp4");
    let done = Command::new("sh")
        .args(["-c", "ulimit -f 8; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_native-drm"), "decrypt"])
        .arg(data().join("media/cbcs.mp4"))
        .args([text(&out), "--keys", text(&data().join("media/keys.json"))])
        .output()
        .unwrap();
    let said = sentence(&done);
    assert!(said.contains("out.mp4: writing failed: File too large"), "{said}");
    assert_eq!(names(directory.path()), [""; 0]);
}

/// A file with more behind its media than a pipe holds: who has written all but its last byte knows that the program has read some of
/// it, and its output is there, and that it cannot be done.
fn longer_than_a_pipe() -> Vec<u8> {
    const FREE: u32 = 4 << 20;
    let mut file = fs::read(data().join("media/cbcs.mp4")).unwrap();
    file.extend(FREE.to_be_bytes());
    file.extend(b"free");
    file.resize(file.len() + FREE as usize - 8, 0);
    file
}

/// `decrypt - OUT`, started by a line of a shell, that waits for the last byte.
fn waiting(shell: &str, out: &Path, whole: &[u8]) -> (Child, ChildStdin) {
    let mut child = Command::new("sh")
        .args(["-c", shell, "sh", env!("CARGO_BIN_EXE_native-drm"), "decrypt", "-", text(out), "--keys"])
        .arg(data().join("media/keys.json"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&whole[..whole.len() - 1]).unwrap();
    assert_eq!(names(out.parent().unwrap()).len(), 1);
    (child, pipe)
}

fn send(signal: &str, to: &Child) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {}", to.id())]).status().unwrap();
    assert!(sent.success());
}

/// What was to be ignored when the program started stays so, as under nohup.
#[test]
fn ignored_signals_stay_ignored() {
    let whole = longer_than_a_pipe();
    for signal in ["INT", "TERM", "HUP"] {
        let directory = tempfile::tempdir().unwrap();
        let (mut child, mut pipe) =
            waiting(&format!("trap '' {signal}; exec \"$@\""), &directory.path().join("out.mp4"), &whole);
        send(signal, &child);
        pipe.write_all(&whole[whole.len() - 1..]).unwrap();
        drop(pipe);
        assert!(child.wait().unwrap().success(), "{signal}");
        assert_eq!(names(directory.path()), ["out.mp4"], "{signal}");
    }
}

/// A signal removes what was written.
#[test]
fn signals_leave_no_output() {
    let whole = longer_than_a_pipe();
    for signal in ["INT", "TERM", "HUP", "QUIT", "ALRM", "USR1", "USR2", "VTALRM", "PROF", "XCPU"] {
        let directory = tempfile::tempdir().unwrap();
        // Some of these signals would leave a core. Tests that were started in the background (`&`) ignore SIGINT and SIGQUIT, and so
        // would the program.
        let shell = "ulimit -c 0; exec env --default-signal \"$@\"";
        let (mut child, pipe) = waiting(shell, &directory.path().join("out.mp4"), &whole);
        send(signal, &child);
        assert!(!child.wait().unwrap().success(), "{signal}");
        assert_eq!(names(directory.path()), [""; 0], "{signal}");
        drop(pipe);
    }
}

/// A pipe cannot go back for `moov`.
#[test]
fn pipes_say_that_they_are_none() {
    let keys = data().join("media/keys.json");
    let clear = fs::read(data().join("media/clear.mp4")).unwrap();
    let moov = clear.windows(4).position(|kind| kind == b"moov").unwrap() - 4;
    let mdat = clear.windows(4).position(|kind| kind == b"mdat").unwrap() - 4;
    let start = moov.min(mdat);
    let data_first = [&clear[..start], &[0, 0, 0, 8], &b"mdat"[..], &clear[start..]].concat();
    let said = sentence(&run_with(&["decrypt", "-", "-", "--keys", text(&keys)], &data_first));
    assert!(said.contains("stands before moov: this needs a file, not a pipe"), "{said}");
}

/// An output that nobody reads any more is a failure, not a crash.
#[test]
fn closed_pipes() {
    let keys = data().join("media/keys.json");
    let mut child = Command::new(env!("CARGO_BIN_EXE_native-drm"))
        .args(["decrypt", "-", "-", "--keys", text(&keys)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let whole = fs::read(data().join("media/cbcs.mp4")).unwrap();
    let _ = child.stdin.take().unwrap().write_all(&whole);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(said.contains("writing failed: Broken pipe"), "{said}");
}
