//! Files that other programs encrypt with random keys, where those programs are installed: FFmpeg, Shaka Packager (`packager`, or
//! what PACKAGER names) and Bento4 (`mp4encrypt`, or what MP4ENCRYPT names).

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::{data, run, samples};

/// 16 random bytes in hexadecimal digits.
fn random() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    hex::encode(bytes)
}

/// The program, if it runs.
fn program(variable: &str, name: &str, version: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from);
    let started = Command::new(&path).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if started.is_err() {
        println!("{name} is not installed: its files are not tested");
        return None;
    }
    Some(path)
}

/// Encrypts a clear file and compares what it decrypts to.
fn check(program: &Path, arguments: &[&str], clear: &Path, encrypted: &Path, (id, key): (&str, &str)) {
    let made = Command::new(program).args(arguments).output().unwrap();
    assert!(made.status.success(), "{program:?} {arguments:?}: {}", String::from_utf8_lossy(&made.stderr));
    let pair = format!("{id}:{key}");
    let done = run(&["decrypt", encrypted.to_str().unwrap(), "-", "--key", &pair]);
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    assert!(fs::read(encrypted).unwrap() != done.stdout, "{arguments:?}: it was not encrypted");
    let wanted: Vec<_> = samples(&fs::read(clear).unwrap()).into_values().collect();
    let found = samples(&done.stdout);
    assert!(!found.is_empty());
    for (track, found) in found {
        assert!(wanted.contains(&found), "{arguments:?}, track {track}");
    }
}

#[test]
fn ffmpeg() {
    let Some(ffmpeg) = program("FFMPEG", "ffmpeg", "-version") else { return };
    let directory = tempfile::tempdir().unwrap();
    let clear = data().join("media/clear.mp4");
    // Its fragments have no IVs (5.1).
    for (name, flags) in [("progressive", "+faststart"), ("last", "0")] {
        let (id, key) = (random(), random());
        let out = directory.path().join(format!("{name}.mp4"));
        let (from, to) = (clear.to_str().unwrap(), out.to_str().unwrap());
        let arguments = [
            "-v",
            "error",
            "-i",
            from,
            "-map",
            "0",
            "-c",
            "copy",
            "-movflags",
            flags,
            "-encryption_scheme",
            "cenc-aes-ctr",
            "-encryption_key",
            &key,
            "-encryption_kid",
            &id,
            to,
        ];
        check(&ffmpeg, &arguments, &clear, &out, (&id, &key));
    }
}

#[test]
fn packager() {
    let Some(packager) = program("PACKAGER", "packager", "--version") else { return };
    let directory = tempfile::tempdir().unwrap();
    let clear = data().join("media/clear.mp4");
    for stream in ["video", "audio"] {
        for scheme in ["cenc", "cens", "cbc1", "cbcs"] {
            for (lead, iv) in [("0", 16), ("1", 32)] {
                let (id, key) = (random(), random());
                let out = directory.path().join(format!("{stream}-{scheme}-{iv}.mp4"));
                let input = format!("in={},stream={stream},output={}", clear.display(), out.display());
                let keys = format!("label=:key_id={id}:key={key}:iv={}", &random()[..iv]);
                let arguments = [
                    "--quiet",
                    &input,
                    "--enable_raw_key_encryption",
                    "--keys",
                    &keys,
                    "--protection_scheme",
                    scheme,
                    "--clear_lead",
                    lead,
                ];
                check(&packager, &arguments, &clear, &out, (&id, &key));
            }
        }
    }
}

#[test]
fn mp4encrypt() {
    let Some(mp4encrypt) = program("MP4ENCRYPT", "mp4encrypt", "--help") else { return };
    let directory = tempfile::tempdir().unwrap();
    // Its own fragments, of the samples of the clear file.
    let clear = data().join("media/clear.mp4");
    let tracks = samples(&fs::read(&clear).unwrap());
    for method in ["MPEG-CENC", "MPEG-CBC1", "MPEG-CBCS", "PIFF-CBC", "PIFF-CTR"] {
        let (id, key) = (random(), random());
        let out = directory.path().join(format!("{method}.mp4"));
        let mut arguments = vec!["--method".to_owned(), method.to_owned()];
        for track in tracks.keys() {
            let iv = if method.ends_with("CTR") || method == "MPEG-CENC" { &random()[..16] } else { &random() };
            arguments.extend(["--key".to_owned(), format!("{track}:{key}:{iv}")]);
            arguments.extend(["--property".to_owned(), format!("{track}:KID:{id}")]);
        }
        arguments.extend([clear.display().to_string(), out.display().to_string()]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        check(&mp4encrypt, &arguments, &clear, &out, (&id, &key));
    }
}
