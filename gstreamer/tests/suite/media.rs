//! Encrypted media of the project, and what is inside.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What the samples of a track are, one after another.
#[derive(Clone, Debug)]
pub enum Clear {
    /// Their SHA-256.
    Sha256(String),
    /// What the same demuxer makes of this file.
    Twin(PathBuf),
}

/// A file with known keys.
#[derive(Clone, Debug)]
pub struct Vector {
    pub id: String,
    pub files: Vec<PathBuf>,
    /// JWK Set.
    pub keys: String,
    /// `video` or `audio`, one of each at most.
    pub tracks: Vec<(&'static str, Clear)>,
}

pub fn tests_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests").canonicalize().expect("the project's tests")
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("the file")).expect("JSON")
}

/// The vectors of a manifest.
fn manifest(directory: &Path) -> Vec<Vector> {
    let json = read_json(&directory.join("manifest.json"));
    let entries = json.as_array().expect("a list");
    // Clear files and lists of samples have no license.
    let is_media = |entry: &&Value| {
        ["fmp4", "mp4", "webm"].contains(&entry["container"].as_str().unwrap_or(""))
            && entry["clearkey_license"].is_string()
    };
    let media = entries.iter().filter(is_media);
    media.map(|entry| vector(directory, entry)).collect()
}

fn vector(directory: &Path, entry: &Value) -> Vector {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let verified = entry["verified_tracks"].as_array();
    let track = |track: &Value| {
        let kind = match track["type"].as_str().or_else(|| track["codec"].as_str()).unwrap_or("") {
            "vide" => "video",
            "soun" => "audio",
            codec if codec.starts_with("V_") => "video",
            codec if codec.starts_with("A_") => "audio",
            _ => return None,
        };
        let is_verified = verified.is_none_or(|ids| ids.contains(&track["id"]));
        track["clear_sha256"].as_str().filter(|_| is_verified).map(|sha256| (kind, Clear::Sha256(sha256.to_owned())))
    };
    Vector {
        id: text(&entry["id"]),
        files: entry["files"].as_array().expect("files").iter().map(|file| directory.join(text(file))).collect(),
        keys: text(&entry["clearkey_license"]),
        tracks: entry["tracks"].as_array().expect("tracks").iter().filter_map(track).collect(),
    }
}

/// Files with a clear twin beside them.
fn twins(directory: &Path, names: &[(&str, &str, &[&'static str])]) -> Vec<Vector> {
    let keys = fs::read_to_string(directory.join("keys.json")).expect("keys");
    let last = directory.file_name().expect("a name").to_string_lossy().into_owned();
    let twin = |(name, clear, kinds): &(&str, &str, &[&'static str])| Vector {
        id: format!("{last}/{name}"),
        files: vec![directory.join(name)],
        keys: keys.clone(),
        tracks: kinds.iter().map(|kind| (*kind, Clear::Twin(directory.join(clear)))).collect(),
    };
    names.iter().map(twin).collect()
}

/// All vectors; those of another manifest as well, if `NATIVE_DRM_TEST_VECTORS` names its directory.
pub fn vectors() -> Vec<Vector> {
    let tests = tests_directory();
    let mut all = manifest(&tests.join("vectors"));
    let player = [
        ("ac3.mp4", "ac3-clear.mp4", &["audio"][..]),
        ("eac3.mp4", "eac3-clear.mp4", &["audio"]),
        ("mp3.mp4", "mp3-clear.mp4", &["audio"]),
        ("flac.mp4", "flac-clear.mp4", &["audio"]),
        ("opus.mp4", "opus-clear.mp4", &["audio"]),
        ("opus.webm", "opus-clear.webm", &["audio"]),
        ("vorbis.mp4", "vorbis-clear.mp4", &["audio"]),
        ("vorbis.webm", "vorbis-clear.webm", &["audio"]),
        ("vp8.webm", "vp8-clear.webm", &["video"]),
        ("vp9.webm", "vp9-clear.webm", &["video"]),
        ("vp9.mp4", "vp9-clear.mp4", &["video"]),
        ("hevc.mp4", "hevc-clear.mp4", &["video"]),
        ("av1.mp4", "av1-clear.mp4", &["video"]),
        ("rotation.mp4", "rotation-clear.mp4", &["video"]),
    ];
    all.extend(twins(&tests.join("vectors/player"), &player));
    let media =
        ["cenc.mp4", "cens.mp4", "cbc1.mp4", "cbcs.mp4"].map(|name| (name, "clear.mp4", &["video", "audio"][..]));
    all.extend(twins(&tests.join("media"), &media));
    if let Some(other) = std::env::var_os("NATIVE_DRM_TEST_VECTORS") {
        let more = manifest(Path::new(&other));
        let known: Vec<_> = all.iter().map(|vector| vector.id.clone()).collect();
        all.extend(more.into_iter().filter(|vector| !known.contains(&vector.id)));
    }
    all
}

pub fn find(id: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.id == id).unwrap_or_else(|| panic!("no vector {id}"))
}

/// A directory of this process and this test, removed at the end.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("native_drm-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

impl Vector {
    /// Its files as one.
    pub fn file(&self, directory: &Directory) -> PathBuf {
        if let [only] = &self.files[..] {
            return only.clone();
        }
        let path = directory.0.join(format!("{}.mp4", self.id.replace('/', "-")));
        let all: Vec<u8> = self.files.iter().flat_map(|file| fs::read(file).expect("the file")).collect();
        fs::write(&path, all).expect("written");
        path
    }
}
