//! Files that other programs encrypt with random keys, where those programs are installed: FFmpeg, Shaka Packager (`packager`, or
//! what PACKAGER names), Bento4 (`mp4encrypt`, or what MP4ENCRYPT names) and mp4ff (`mp4ff-encrypt`, or what MP4FF_ENCRYPT names).
//! FFmpeg plays what comes out.

mod support;

use std::collections::BTreeMap;
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
fn packager_webm() {
    let Some(packager) = program("PACKAGER", "packager", "--version") else { return };
    let directory = tempfile::tempdir().unwrap();
    for (name, stream) in [("vp8", "video"), ("vp9", "video"), ("opus", "audio"), ("vorbis", "audio")] {
        let (id, key) = (random(), random());
        let clear = data().join(format!("vectors/player/{name}-clear.webm"));
        let out = directory.path().join(format!("{name}.webm"));
        let input = format!("in={},stream={stream},output={}", clear.display(), out.display());
        let keys = format!("label=:key_id={id}:key={key}");
        let arguments = ["--quiet", &input, "--enable_raw_key_encryption", "--keys", &keys, "--clear_lead", "0"];
        check(&packager, &arguments, &clear, &out, (&id, &key));
    }
}

/// Shaka Packager makes the keys of each period of the first one: id and key, rotated by so many bytes.
#[test]
fn packager_rotation() {
    let Some(packager) = program("PACKAGER", "packager", "--version") else { return };
    let directory = tempfile::tempdir().unwrap();
    let clear = data().join("media/clear.mp4");
    let wanted: Vec<_> = samples(&fs::read(&clear).unwrap()).into_values().collect();
    let rotated = |hexadecimal: &str, bytes: usize| [&hexadecimal[2 * bytes..], &hexadecimal[..2 * bytes]].concat();
    for scheme in ["cenc", "cbcs"] {
        let (id, key) = (random(), random());
        let out = directory.path().join(format!("{scheme}.mp4"));
        let input = format!("in={},stream=video,output={}", clear.display(), out.display());
        let keys = format!("label=:key_id={id}:key={key}");
        let of_keys = ["--enable_raw_key_encryption", "--keys", &keys, "--clear_lead", "0"];
        let of_periods = ["--crypto_period_duration", "1", "--segment_duration", "1", "--protection_scheme", scheme];
        let made = Command::new(&packager).args(["--quiet", &input]).args(of_keys).args(of_periods).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let periods: Vec<_> = (0..4).map(|at| format!("{}:{}", rotated(&id, at), rotated(&key, at))).collect();
        let decrypt = |keys: &[String]| {
            let keys = keys.iter().flat_map(|pair| ["--key", pair.as_str()]);
            run(&["decrypt", out.to_str().unwrap(), "-"].into_iter().chain(keys).collect::<Vec<_>>())
        };
        assert!(!decrypt(&periods[..1]).status.success(), "{scheme}: one key was enough");
        let done = decrypt(&periods);
        assert!(done.status.success(), "{scheme}: {}", String::from_utf8_lossy(&done.stderr));
        let found = samples(&done.stdout).into_values().next().unwrap();
        assert!(wanted.contains(&found), "{scheme}");
    }
}

/// SAMPLE-AES, whose keys, IV and segments are in a playlist: what FFmpeg decodes of it is what it decodes of the same without.
#[test]
fn packager_sample_aes() {
    let Some(packager) = program("PACKAGER", "packager", "--version") else { return };
    let Some(ffmpeg) = program("FFMPEG", "ffmpeg", "-version") else { return };
    let clear = data().join("media/clear.mp4");
    for (stream, extension) in [("video", "ts"), ("audio", "ts"), ("audio", "aac")] {
        let directory = tempfile::tempdir().unwrap();
        let (id, key, iv) = (random(), random(), random());
        let keys = format!("label=:key_id={id}:key={key}:iv={iv}");
        let of_keys =
            ["--enable_raw_key_encryption", "--keys", &keys, "--clear_lead", "0", "--protection_scheme", "cbcs"];
        let mut made = Vec::new();
        for (name, of_keys) in [("encrypted", &of_keys[..]), ("clear", &[])] {
            let parts = format!("segment_template={name}-$Number$.{extension},playlist_name={name}.m3u8");
            let done = Command::new(&packager)
                .current_dir(&directory)
                .args(["--quiet", "--segment_duration", "1", "--hls_master_playlist_output"])
                .args([format!("{name}-master.m3u8"), format!("in={},stream={stream},{parts}", clear.display())])
                .args(of_keys)
                .output()
                .unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            // A playlist without keys is read, too: its segments one behind the other.
            let list = directory.path().join(format!("{name}.m3u8"));
            let out = directory.path().join(format!("{name}.{extension}"));
            let [list, to] = [&list, &out].map(|path| path.to_str().unwrap());
            let done = run(&["decrypt", list, to, "--key", &format!("{id}:{key}")]);
            assert!(done.status.success(), "{list}: {}", String::from_utf8_lossy(&done.stderr));
            made.push(frames(&ffmpeg, &out));
        }
        assert!(made[0] == made[1], "{stream}.{extension}");
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

#[test]
fn mp4ff() {
    let Some(mp4ff) = program("MP4FF_ENCRYPT", "mp4ff-encrypt", "-version") else { return };
    let directory = tempfile::tempdir().unwrap();
    // It takes fragmented files of one track.
    for name in ["rotation-clear.mp4", "hevc-clear.mp4"] {
        let clear = data().join("vectors/player").join(name);
        for (scheme, iv) in [("cenc", 16), ("cenc", 32), ("cbcs", 32)] {
            let (id, key, counter) = (random(), random(), random());
            let out = directory.path().join(format!("{scheme}-{iv}-{name}"));
            let (from, to) = (clear.to_str().unwrap(), out.to_str().unwrap());
            let arguments = ["-scheme", scheme, "-kid", &id, "-key", &key, "-iv", &counter[..iv], from, to];
            check(&mp4ff, &arguments, &clear, &out, (&id, &key));
        }
    }
}

/// MD5 sums of the frames of each stream that FFmpeg decodes.
fn frames(ffmpeg: &Path, file: &Path) -> BTreeMap<String, Vec<String>> {
    let arguments = ["-v", "error", "-xerror", "-i", file.to_str().unwrap(), "-map", "0", "-f", "framemd5", "-"];
    let done = Command::new(ffmpeg).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&done.stderr));
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in String::from_utf8(done.stdout).unwrap().lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        found.entry(fields[0].to_owned()).or_default().push((*fields.last().unwrap()).to_owned());
    }
    assert!(!found.is_empty(), "{}: no frames", file.display());
    found
}

/// All schemes, WebM, key rotation, and codecs of either container.
#[test]
fn ffmpeg_plays_it() {
    let Some(ffmpeg) = program("FFMPEG", "ffmpeg", "-version") else { return };
    let directory = tempfile::tempdir().unwrap();
    let mut played = 0;
    let mut play = |encrypted: &Path, clear: &Path, keys: &Path| {
        let out = directory.path().join(encrypted.file_name().unwrap());
        let [from, to, keys] = [encrypted, &out, keys].map(|path| path.to_str().unwrap());
        let done = run(&["decrypt", from, to, "--keys", keys]);
        assert!(done.status.success(), "{from}: {}", String::from_utf8_lossy(&done.stderr));
        assert!(frames(&ffmpeg, &out) == frames(&ffmpeg, clear), "{from}");
        played += 1;
    };
    let (media, player) = (data().join("media"), data().join("vectors/player"));
    for scheme in ["cenc", "cens", "cbc1", "cbcs"] {
        let file = media.join(scheme).with_extension("mp4");
        play(&file, &media.join("clear.mp4"), &media.join("keys.json"));
    }
    for entry in fs::read_dir(&player).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some((stem, extension)) = name.rsplit_once('.') else { continue };
        let clear = path.with_file_name(format!("{stem}-clear.{extension}"));
        if matches!(extension, "mp4" | "webm") && clear.exists() {
            play(&path, &clear, &player.join("keys.json"));
        }
    }
    assert!(played >= 15, "{played}");
}

/// PIFF has no clear original: FFmpeg finds nothing wrong in what comes out, and something in what goes in.
#[test]
fn ffmpeg_plays_piff() {
    let Some(ffmpeg) = program("FFMPEG", "ffmpeg", "-version") else { return };
    let directory = tempfile::tempdir().unwrap();
    let vectors = data().join("vectors");
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(vectors.join("manifest.json")).unwrap()).unwrap();
    let entries = manifest.as_array().unwrap();
    let vector = entries.iter().find(|entry| entry["id"] == "mp4ff/piff-senc-audio").unwrap();
    let parts = vector["files"].as_array().unwrap().iter();
    let whole: Vec<u8> = parts.flat_map(|part| fs::read(vectors.join(part.as_str().unwrap())).unwrap()).collect();
    let (encrypted, clear) = (directory.path().join("piff.mp4"), directory.path().join("clear.mp4"));
    fs::write(&encrypted, whole).unwrap();
    let key = &vector["keys"][0];
    let pair = format!("{}:{}", key["kid"].as_str().unwrap(), key["key"].as_str().unwrap());
    let done = run(&["decrypt", encrypted.to_str().unwrap(), clear.to_str().unwrap(), "--key", &pair]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let samples = vector["tracks"][0]["samples"].as_u64().or(vector["tracks"][0]["n"].as_u64()).unwrap();
    let found = frames(&ffmpeg, &clear);
    assert_eq!(found.values().map(|frames| frames.len() as u64).collect::<Vec<_>>(), [samples]);
    let arguments = ["-v", "error", "-xerror", "-i", encrypted.to_str().unwrap(), "-f", "null", "-"];
    assert!(!Command::new(&ffmpeg).args(arguments).stdin(Stdio::null()).output().unwrap().status.success());
}
