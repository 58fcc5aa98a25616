//! `native-drm inspect`: what it says of the vectors is what is known of them.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{data, run, run_with};

/// Files and directories of vectors: the project's, and one that the variable names.
fn directories() -> Vec<PathBuf> {
    [Some(data().join("vectors")), std::env::var_os("NATIVE_DRM_TEST_VECTORS").map(PathBuf::from)]
        .into_iter()
        .flatten()
        .collect()
}

fn report(done: &std::process::Output) -> Value {
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    serde_json::from_slice(&done.stdout).unwrap()
}

fn inspect(path: &Path) -> Value {
    report(&run(&["inspect", "--json", path.to_str().unwrap()]))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Key ids of samples.
fn keys_of(report: &Value) -> Vec<&Value> {
    let runs = list(&report["tracks"]).iter().flat_map(|track| list(&track["runs"]));
    runs.map(|run| &run["key_id"]).filter(|key| !key.is_null()).collect()
}

/// The key id of each sample, from the runs.
fn keys_of_samples(track: &Value) -> Vec<Value> {
    let mut keys = Vec::new();
    for run in list(&track["runs"]) {
        assert_eq!(run["first_sample"], keys.len() + 1);
        keys.extend((0..run["samples"].as_u64().unwrap()).map(|_| run["key_id"].clone()));
    }
    keys
}

#[test]
fn the_vectors_are_what_their_manifests_say() {
    let (mut tracks, mut boxes, mut samples) = (0, 0, 0);
    for directory in directories() {
        let manifest: Value = serde_json::from_slice(&fs::read(directory.join("manifest.json")).unwrap()).unwrap();
        for vector in list(&manifest) {
            let (id, container) = (vector["id"].as_str().unwrap(), vector["container"].as_str().unwrap_or(""));
            if !matches!(container, "fmp4" | "mp4" | "webm") {
                continue;
            }
            let paths: Vec<_> =
                list(&vector["files"]).iter().map(|file| directory.join(file.as_str().unwrap())).collect();
            let bytes: Vec<u8> = paths.iter().flat_map(|path| fs::read(path).unwrap()).collect();
            let mut found = report(&run_with(&["inspect", "--json", "-"], &bytes));
            if let [path] = &paths[..] {
                let mut of_file = inspect(path);
                assert_eq!(of_file["bytes"], bytes.len());
                // The file's name and length are all that a pipe does not tell.
                (of_file["file"], of_file["bytes"]) = (found["file"].take(), found["bytes"].take());
                (found["file"], found["bytes"]) = (of_file["file"].clone(), of_file["bytes"].clone());
                assert_eq!(found, of_file, "{id}");
            }
            assert_eq!(found["schema"], 1);
            let is_clear = list(&vector["keys"]).is_empty();
            assert_eq!(found["encrypted"], !is_clear, "{id}");
            assert_eq!(found["passed_over"], Value::Array(Vec::new()), "{id}");

            let known: Vec<_> = list(&vector["keys"]).iter().map(|key| &key["kid"]).collect();
            // Boxes of other systems may name keys under other ids than the tracks do.
            let others = list(&found["pssh"]).iter();
            let elsewhere: Vec<_> = others.flat_map(|one| list(&one["details"]["key_ids"])).collect();
            let is_known = |id: &&Value| known.contains(id) || elsewhere.contains(id);
            let unknown: Vec<_> = list(&found["key_ids"]).iter().filter(|id| !is_known(id)).collect();
            assert!(unknown.is_empty(), "{id}: {unknown:?}");
            let wants = !keys_of(&found).is_empty() || !list(&found["key_ids"]).is_empty();
            assert!(is_clear || wants, "{id}");

            if container != "webm" {
                let expected = list(&vector["pssh"]);
                let found = list(&found["pssh"]);
                assert_eq!(found.len(), expected.len(), "{id}");
                for (found, expected) in found.iter().zip(expected) {
                    boxes += 1;
                    let pairs = [
                        ("version", "version"),
                        ("system_id", "system_id"),
                        ("key_ids", "kids"),
                        ("data_bytes", "data_size"),
                        ("place", "where"),
                    ];
                    for (name, known) in pairs {
                        assert_eq!(found[name], expected[known], "{id}: {name}");
                    }
                    let at = usize::try_from(found["offset"].as_u64().unwrap()).unwrap();
                    assert_eq!(&bytes[at + 4..at + 8], b"pssh", "{id}");
                }
            }
            for expected in list(&vector["tracks"]) {
                let track = list(&found["tracks"]).iter().find(|track| track["id"] == expected["id"]).unwrap();
                tracks += 1;
                if let Some(count) = expected["samples"].as_u64() {
                    assert_eq!(track["samples"], count, "{id}");
                }
                let encryption = list(&track["entries"]).iter().find_map(|entry| entry["encryption"].as_object());
                if container != "webm" {
                    let scheme = encryption.map_or(&Value::Null, |encryption| &encryption["scheme"]);
                    assert_eq!(scheme, &expected["scheme"], "{id}");
                }
            }
            let Some(file) = vector["samples_file"].as_str() else { continue };
            let file: Value = serde_json::from_slice(&fs::read(directory.join(file)).unwrap()).unwrap();
            for expected in list(&file["tracks"]) {
                let track = list(&found["tracks"]).iter().find(|track| track["id"] == expected["track"]).unwrap();
                let keys = keys_of_samples(track);
                let rows = list(&expected["samples"]);
                samples += rows.len();
                let expected: Vec<_> = rows.iter().map(|row| row[1].clone()).collect();
                assert_eq!(keys, expected, "{id}");
                let encrypted = expected.iter().filter(|key| !key.is_null()).count();
                assert_eq!(track["encrypted_samples"], encrypted, "{id}");
                check_layout(id, track, rows);
            }
        }
    }
    assert!(tracks >= 18 && boxes >= 10 && samples >= 1500, "{tracks} tracks, {boxes} boxes, {samples} samples");
}

/// IV and pattern of each sample are as some entry or group of its key says.
fn check_layout(id: &str, track: &Value, rows: &[Value]) {
    let entries = list(&track["entries"]).iter().map(|entry| &entry["encryption"]);
    let all: Vec<_> = entries.filter(|encryption| !encryption.is_null()).chain(list(&track["groups"])).collect();
    for row in rows.iter().filter(|row| !row[1].is_null()) {
        let iv = row[2].as_str().unwrap_or("");
        let fits = all.iter().any(|encryption| {
            let constant = encryption["constant_iv"].as_str();
            let iv_fits = match constant {
                // Vectors have it as it is used: with zeros up to 16 bytes.
                Some(constant) => iv.starts_with(constant) && iv[constant.len()..].bytes().all(|digit| digit == b'0'),
                None => {
                    let bytes = usize::try_from(encryption["iv_bytes"].as_u64().unwrap()).unwrap();
                    iv.len() >= 2 * bytes && iv[2 * bytes..].bytes().all(|digit| digit == b'0')
                }
            };
            let pattern = &encryption["pattern"];
            let pattern_fits = match list(&row[4]) {
                [crypt, skip] if crypt != 0 || skip != 0 => pattern["encrypted"] == *crypt && pattern["clear"] == *skip,
                _ => pattern.is_null(),
            };
            encryption["key_id"] == row[1] && iv_fits && pattern_fits
        });
        assert!(fits, "{id}: {row} is not as {all:?}");
    }
}

/// All files of the project's test data that can be looked at, by their names there.
fn committed() -> BTreeMap<String, PathBuf> {
    fn walk(root: &Path, directory: &Path, found: &mut BTreeMap<String, PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if let Some("mp4" | "m4s" | "webm" | "mpd" | "m3u8" | "ism" | "ts" | "bin" | "aac" | "ac3" | "ec3") =
                path.extension().and_then(|extension| extension.to_str())
            {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), path);
            }
        }
    }
    let mut found = BTreeMap::new();
    for part in ["media", "vectors", "streams/sample-aes"] {
        walk(&data(), &data().join(part), &mut found);
    }
    found
}

/// Compares with a committed file, or writes it.
fn compare(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{} differs from line {:?} on; UPDATE_EXPECTED=1 writes it",
        path.display(),
        differs.map(|line| line + 1)
    );
}

#[test]
fn every_file_gives_what_is_expected() {
    let mut reports = BTreeMap::new();
    for (name, path) in committed() {
        let mut found = inspect(&path);
        found["file"] = name.clone().into();
        reports.insert(name, found);
    }
    assert!(reports.len() >= 80, "{}", reports.len());
    // A line for each.
    let lines: Vec<_> = reports.iter().map(|(name, report)| format!("\"{name}\": {report}")).collect();
    compare("inspect.json", &format!("{{\n{}\n}}\n", lines.join(",\n")));
}

#[test]
fn text_for_people() {
    for (name, path) in [
        ("rotation.txt", "vectors/player/rotation.mp4"),
        ("multi-drm.txt", "vectors/init_data/multi-drm.mpd"),
        ("three-systems.txt", "vectors/shaka-packager/v_frag-cenc-aux/bear-640x360-v_frag-cenc-aux.mp4"),
        ("segment.txt", "vectors/mp4ff/piff-senc-audio/segment-1.0001.m4s"),
        ("transport.txt", "vectors/reports/media/24-ts-pmt-program-clearplay.ts"),
    ] {
        let done = Command::new(env!("CARGO_BIN_EXE_native-drm"))
            .current_dir(data())
            .args(["inspect", path])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(done.status.success() && done.stderr.is_empty());
        let text = String::from_utf8(done.stdout).unwrap();
        assert!(!text.contains('\x1b'), "no colours where there is no terminal");
        compare(name, &text);
    }
}

/// The JSON is as its description says, and the description leaves nothing out.
#[test]
fn json_is_as_described() {
    const CHECK: &str = r#"
import json, sys
try:
    import jsonschema
except ImportError:
    print("no jsonschema"); sys.exit(0)
schema = json.load(open(sys.argv[1]))
def close(part):
    if isinstance(part, dict):
        if "properties" in part:
            part["additionalProperties"] = False
        for value in part.values(): close(value)
    elif isinstance(part, list):
        for value in part: close(value)
jsonschema.Draft202012Validator.check_schema(schema)
close(schema)
validator = jsonschema.Draft202012Validator(schema)
reports = json.load(open(sys.argv[2]))
for name, report in reports.items():
    for fault in validator.iter_errors(report):
        print(name, fault.json_path, fault.message[:300]); sys.exit(1)
wrong = dict(report, container="x")
assert not validator.is_valid(wrong) and not validator.is_valid(dict(report, more=1))
print(len(reports), "valid")
"#;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = [root.join("../docs/inspect.schema.json"), root.join("tests/expected/inspect.json")];
    let Ok(done) = Command::new("python3").arg("-c").arg(CHECK).args(files).output() else {
        eprintln!("skipped: there is no python3");
        return;
    };
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{text}{}", String::from_utf8_lossy(&done.stderr));
    if text.starts_with("no jsonschema") {
        eprintln!("skipped: python3 has no jsonschema");
    }
}
