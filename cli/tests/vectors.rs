//! Every sample of every vector comes out as what was encrypted.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use support::{data, run, run_with, samples};

fn sha256(parts: &[Vec<u8>]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Decrypts from a file to a file, and from a pipe to a pipe: both give the same.
fn decrypt(encrypted: &[u8], arguments: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let (from, to) = (directory.path().join("in"), directory.path().join("out"));
    fs::write(&from, encrypted).unwrap();
    let paths = ["decrypt", from.to_str().unwrap(), to.to_str().unwrap()];
    let done = run(&[&paths, arguments].concat());
    assert!(done.status.success() && done.stderr.is_empty() && done.stdout.is_empty(), "{done:?}");
    let clear = fs::read(&to).unwrap();
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
    let piped = run_with(&[&["decrypt", "-", "-"], arguments].concat(), encrypted);
    if !String::from_utf8_lossy(&piped.stderr).contains("this needs a file") {
        assert!(piped.status.success() && piped.stderr.is_empty(), "{:?}", piped.stderr);
        assert!(piped.stdout == clear);
    }
    // Nothing moved.
    assert_eq!(clear.len(), encrypted.len());
    clear
}

/// Directories of vectors: the project's, and one that the variable names.
fn directories() -> Vec<PathBuf> {
    [Some(data().join("vectors")), std::env::var_os("NATIVE_DRM_TEST_VECTORS").map(PathBuf::from)]
        .into_iter()
        .flatten()
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn every_sample_of_the_vectors() {
    let mut tracks = 0;
    for directory in directories() {
        let manifest: Value = serde_json::from_slice(&fs::read(directory.join("manifest.json")).unwrap()).unwrap();
        for vector in list(&manifest) {
            if matches!(vector["container"].as_str(), Some("fmp4" | "webm")) {
                tracks += check(&directory, vector);
            }
        }
    }
    assert!(tracks >= 19, "{tracks}");
}

fn check(directory: &Path, vector: &Value) -> usize {
    let id = text(&vector["id"]);
    let files = list(&vector["files"]).iter().map(|file| fs::read(directory.join(text(file))).unwrap());
    let encrypted = files.collect::<Vec<_>>().concat();
    let keys: Vec<String> = list(&vector["keys"])
        .iter()
        .flat_map(|key| ["--key".to_owned(), format!("{}:{}", text(&key["kid"]), text(&key["key"]))])
        .collect();
    let clear = decrypt(&encrypted, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    let found = samples(&clear);
    let verified = vector["verified_tracks"].as_array();
    let mut checked = 0;
    for track in list(&vector["tracks"]) {
        if verified.is_some_and(|verified| !verified.contains(&track["id"])) {
            continue;
        }
        let samples = &found[&track["id"].as_u64().unwrap()];
        let count = track["samples"].as_u64().or(track["n"].as_u64()).unwrap();
        assert_eq!(samples.len() as u64, count, "{id}");
        assert_eq!(sha256(samples), text(&track["clear_sha256"]), "{id}");
        checked += 1;
    }
    if let Some(path) = vector["samples_file"].as_str() {
        let described: Value = serde_json::from_slice(&fs::read(directory.join(path)).unwrap()).unwrap();
        for track in list(&described["tracks"]) {
            if verified.is_some_and(|verified| !verified.contains(&track["track"])) {
                continue;
            }
            let samples = &found[&track["track"].as_u64().unwrap()];
            for (index, (sample, wanted)) in samples.iter().zip(list(&track["samples"])).enumerate() {
                assert_eq!(sha256(std::slice::from_ref(sample))[..32], *text(&wanted[5]), "{id}, sample {index}");
            }
        }
    }
    checked
}

/// Files that stand beside their clear originals.
#[test]
fn files_with_clear_originals() {
    let keys = |path: &str| data().join(path).to_str().unwrap().to_owned();
    let (of_media, of_player) = (keys("media/keys.json"), keys("vectors/player/keys.json"));
    let mut checked = 0;
    let mut compare = |encrypted: &Path, clear: &Path, keys: &str| {
        let found = samples(&decrypt(&fs::read(encrypted).unwrap(), &["--keys", keys]));
        let wanted = samples(&fs::read(clear).unwrap());
        let lists = |of: BTreeMap<u64, Vec<Vec<u8>>>| of.into_values().collect::<Vec<_>>();
        assert!(lists(found) == lists(wanted), "{}", encrypted.display());
        checked += 1;
    };
    let media = data().join("media");
    for scheme in ["cenc", "cens", "cbc1", "cbcs"] {
        compare(&media.join(scheme).with_extension("mp4"), &media.join("clear.mp4"), &of_media);
    }
    for entry in fs::read_dir(data().join("vectors/player")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some((stem, extension)) = name.rsplit_once('.') else { continue };
        let clear = path.with_file_name(format!("{stem}-clear.{extension}"));
        if matches!(extension, "mp4" | "webm") && clear.exists() {
            compare(&path, &clear, &of_player);
        }
    }
    assert!(checked >= 15, "{checked}");
}
