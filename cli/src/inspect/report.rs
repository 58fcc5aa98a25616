//! What `inspect` finds. Its JSON is described in `docs/inspect.schema.json`.

use init_data::describe::BoxText;
use init_data::outline::{Manifest, Mpd, Playlist};
use media::Protection;
use serde::Serialize;

/// Of the JSON. A new member does not change it; whoever reads it has to expect them.
const SCHEMA: u32 = 1;
/// More of anything that a file can have any number of says nothing new.
pub const MOST: usize = 10_000;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Container {
    Mp4,
    #[serde(rename = "webm")]
    WebM,
    MpegTs,
    PackedAudio,
    Dash,
    Hls,
    Smooth,
    Pssh,
    #[serde(rename = "keyids")]
    KeyIds,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub schema: u32,
    /// As it was given.
    pub file: String,
    /// Of the file; none for a pipe.
    pub bytes: Option<u64>,
    pub container: Container,
    /// Whether anything in it says that something is encrypted.
    pub encrypted: bool,
    /// All key ids, each once, in hexadecimal digits.
    pub key_ids: Vec<String>,
    pub tracks: Vec<Track>,
    pub pssh: Vec<Pssh>,
    pub mp4: Option<Mp4>,
    pub programs: Vec<Program>,
    pub packed_audio: Option<PackedAudio>,
    pub manifest: Option<ManifestText>,
    /// What could not be read.
    pub passed_over: Vec<PassedOver>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "format", rename_all = "lowercase")]
pub enum ManifestText {
    Dash(Mpd),
    Hls(Playlist),
    Smooth(Manifest),
}

#[derive(Debug, Default, Serialize)]
pub struct Mp4 {
    /// Major brand.
    pub brand: Option<String>,
    /// `moov` says that there may be fragments.
    pub is_fragmented: bool,
    /// `moof` boxes.
    pub fragments: u64,
}

#[derive(Debug, Default, Serialize)]
pub struct Track {
    pub id: u64,
    /// `video`, `audio`, `subtitles`, … or the handler's code.
    pub kind: Option<String>,
    pub entries: Vec<Entry>,
    /// What sample groups say (`seig`), each once.
    pub groups: Vec<Encryption>,
    /// Samples, or blocks of WebM.
    pub samples: u64,
    pub encrypted_samples: u64,
    /// Samples one after another with the same key.
    pub runs: Vec<Run>,
}

/// A sample entry.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// As it stands there, such as `encv`.
    pub format: String,
    /// What it is when decrypted, such as `avc1`.
    pub codec: String,
    /// The codec's name, if it is known here.
    pub name: Option<&'static str>,
    pub encryption: Option<Encryption>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Encryption {
    /// Its four-character code; `webm` in WebM.
    pub scheme: Option<String>,
    /// `AES-128-CTR`, `AES-128-CBC`, `SM4-CBC`.
    pub cipher: Option<&'static str>,
    pub is_protected: bool,
    pub pattern: Option<Pattern>,
    /// Bytes of each sample's IV; 0 with a constant one.
    pub iv_bytes: u8,
    pub constant_iv: Option<String>,
    /// Zeros where keys rotate.
    pub key_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pattern {
    pub encrypted: u32,
    pub clear: u32,
}

/// Samples one after another with the same key, or clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// From 1.
    pub first_sample: u64,
    pub samples: u64,
    /// None if they are clear.
    pub key_id: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Pssh {
    /// `moov`, `moof`, `file`, `PMT`.
    pub place: &'static str,
    /// Where it starts in the file, or where what it stands in does.
    pub offset: Option<u64>,
    #[serde(flatten)]
    pub text: BoxText,
}

/// A program of a transport stream.
#[derive(Debug, Serialize)]
pub struct Program {
    pub number: u16,
    /// Descriptors 0xC0 in its own loop.
    pub drm: Vec<Descriptor>,
    pub streams: Vec<Stream>,
}

#[derive(Debug, Serialize)]
pub struct Stream {
    pub pid: u16,
    pub stream_type: u8,
    pub codec: Option<&'static str>,
    /// The type is one of SAMPLE-AES.
    pub is_sample_aes: bool,
    pub drm: Vec<Descriptor>,
    /// Packets whose payload is scrambled as the transport's header says.
    pub scrambled_packets: u64,
    pub cei: Option<Cei>,
}

/// A descriptor with tag 0xC0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    pub video: &'static str,
    pub audio: &'static str,
    /// Bytes behind the algorithms.
    pub data_bytes: usize,
}

/// Content encryption information in a stream.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cei {
    /// How often it is there.
    pub units: u64,
    pub encrypted_units: u64,
    pub algorithm: Option<&'static str>,
    pub iv_bytes: Option<u8>,
    pub key_ids: Vec<String>,
    pub next_key_ids: Vec<String>,
}

/// Packed audio of HLS.
#[derive(Debug, Serialize)]
pub struct PackedAudio {
    pub codec: Option<&'static str>,
    pub frames: u64,
    /// Behind an ID3 tag that says SAMPLE-AES.
    pub encrypted_frames: u64,
}

#[derive(Debug, Serialize)]
pub struct PassedOver {
    pub offset: Option<u64>,
    pub reason: String,
}

impl Report {
    pub fn new(file: String, bytes: Option<u64>, container: Container) -> Self {
        Self {
            schema: SCHEMA,
            file,
            bytes,
            container,
            encrypted: false,
            key_ids: Vec::new(),
            tracks: Vec::new(),
            pssh: Vec::new(),
            mp4: None,
            programs: Vec::new(),
            packed_audio: None,
            manifest: None,
            passed_over: Vec::new(),
        }
    }

    /// Something cannot be read.
    pub fn pass_over(&mut self, offset: Option<u64>, reason: impl Into<String>) {
        if self.passed_over.len() < MOST {
            let reason = reason.into();
            if !self.passed_over.iter().any(|known| known.offset == offset && known.reason == reason) {
                self.passed_over.push(PassedOver { offset, reason });
            }
        }
    }

    /// As [`pass_over`](Self::pass_over).
    pub fn fault(&mut self, fault: &media::Error) {
        let offset = match fault {
            media::Error::Malformed { offset, .. }
            | media::Error::Ends { offset, .. }
            | media::Error::Read { offset, .. } => Some(*offset),
            _ => None,
        };
        self.pass_over(offset, fault.to_string());
    }

    /// As [`pass_over`](Self::pass_over), for what was read at `base`.
    pub fn init_data_faults(&mut self, base: u64, faults: &[init_data::Error]) {
        for fault in faults {
            match fault {
                init_data::Error::Malformed { what, offset, reason } => {
                    let offset = base.saturating_add(*offset as u64);
                    self.pass_over(Some(offset), format!("malformed {what} at byte {offset}: {reason}"));
                }
                init_data::Error::NotFound { .. } => self.pass_over(None, fault.to_string()),
            }
        }
    }

    /// Adds a key id; zeros are none.
    pub fn add_key_id(&mut self, id: &str) {
        if id.bytes().any(|digit| digit != b'0') && self.key_ids.len() < MOST && !self.key_ids.iter().any(|k| k == id) {
            self.key_ids.push(id.to_owned());
        }
    }

    /// Adds a box that was parsed.
    pub fn add_pssh(&mut self, place: &'static str, offset: Option<u64>, found: &init_data::pssh::PsshBox) {
        if self.pssh.len() < MOST {
            self.pssh.push(Pssh { place, offset, text: BoxText::of(found) });
        }
    }

    /// Why there is nothing to show, if nothing could be read. A playlist and a transport stream are known for sure; XML may be
    /// anything.
    pub fn is_nothing(&self) -> Option<String> {
        let has_content = match (&self.manifest, self.container) {
            (Some(ManifestText::Dash(manifest)), _) => *manifest != Mpd::default(),
            (Some(ManifestText::Smooth(manifest)), _) => *manifest != Manifest::default(),
            (_, Container::Mp4 | Container::WebM) => false,
            _ => true,
        };
        let has_boxes = self.mp4.as_ref().is_some_and(|mp4| mp4.brand.is_some() || mp4.fragments > 0);
        let has_parts = !(self.tracks.is_empty() && self.pssh.is_empty() && self.key_ids.is_empty());
        let first = self.passed_over.first().filter(|_| !has_content && !has_boxes && !has_parts);
        first.map(|first| first.reason.clone())
    }

    /// Gathers what follows from the parts.
    pub fn finish(&mut self) {
        let mut ids = Vec::new();
        for track in &self.tracks {
            let encryptions = track.entries.iter().filter_map(|entry| entry.encryption.as_ref()).chain(&track.groups);
            let protected = encryptions.filter(|one| one.is_protected);
            ids.extend(protected.map(|one| one.key_id.clone()));
            ids.extend(track.runs.iter().filter_map(|run| run.key_id.clone()));
        }
        ids.extend(self.pssh.iter().flat_map(|found| found.text.all_key_ids()).cloned());
        for id in &ids {
            self.add_key_id(id);
        }
        self.encrypted |= !self.key_ids.is_empty() || !self.pssh.is_empty();
        self.encrypted |= self
            .tracks
            .iter()
            .any(|track| track.encrypted_samples > 0 || track.entries.iter().any(|entry| entry.encryption.is_some()));
    }
}

impl Track {
    /// Counts a sample.
    pub fn add_sample(&mut self, key_id: Option<&[u8]>) {
        self.samples += 1;
        self.encrypted_samples += u64::from(key_id.is_some());
        let full = self.runs.len() >= MOST;
        match self.runs.last_mut() {
            Some(last) if same(last, key_id) => last.samples += 1,
            _ if full => {}
            _ => self.runs.push(Run { first_sample: self.samples, samples: 1, key_id: key_id.map(hex::encode) }),
        }
    }
}

fn same(run: &Run, key_id: Option<&[u8]>) -> bool {
    match (&run.key_id, key_id) {
        (None, None) => true,
        (Some(known), Some(id)) => {
            let mut digits = [0; 32];
            match hex::encode_to_slice(id, &mut digits) {
                Ok(()) => known.as_bytes() == digits,
                // WebM's may have any length.
                Err(_) => *known == hex::encode(id),
            }
        }
        _ => false,
    }
}

impl Encryption {
    pub fn of(protection: &Protection) -> Self {
        use cenc::{Cipher, Scheme};
        let cipher = protection.method.map(|(cipher, scheme)| match (cipher, scheme) {
            (Cipher::Sm4, _) => "SM4-CBC",
            (Cipher::Aes128, Scheme::Cenc | Scheme::Cens) => "AES-128-CTR",
            (Cipher::Aes128, Scheme::Cbc1 | Scheme::Cbcs) => "AES-128-CBC",
        });
        let pattern = protection.pattern;
        Self {
            scheme: Some(protection.scheme_type.code).filter(|code| code.0 != [0; 4]).map(|code| code.to_string()),
            cipher,
            is_protected: protection.is_protected,
            pattern: (pattern.crypt != 0 || pattern.skip != 0)
                .then_some(Pattern { encrypted: pattern.crypt, clear: pattern.skip }),
            iv_bytes: protection.iv_size,
            constant_iv: (!protection.constant_iv.is_empty()).then(|| hex::encode(&protection.constant_iv)),
            key_id: hex::encode(protection.key_id),
        }
    }
}
