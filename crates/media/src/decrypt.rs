//! Whole files.

use std::io::Write;

use crate::copy::Copier;
use crate::error::{Error, Result};
use crate::input::Input;
use crate::keys::Keys;
use crate::mp4;
use crate::packed;
use crate::ts;
use crate::webm;

/// What to decrypt.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The tracks to decrypt, by their numbers in the file; all if empty. Others stay as they are.
    pub tracks: Vec<u64>,
    /// Leave tracks encrypted whose key was not given, instead of failing.
    pub skip_missing: bool,
    /// The IV of SAMPLE-AES, which streams do not name: the playlist does.
    pub iv: Option<[u8; 16]>,
    /// The key id of SAMPLE-AES, which streams do not name either. It need not be told if there is only one key.
    pub key_id: Option<[u8; 16]>,
}

/// A container format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// ISO base media file format.
    Mp4,
    /// WebM, Matroska.
    WebM,
    /// MPEG transport stream.
    MpegTs,
    /// Packed audio of HLS (RFC 8216 section 3.4).
    PackedAudio,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Encrypted samples that were decrypted.
    pub samples: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Encrypted tracks that were left as they are.
    pub left: Vec<u64>,
}

/// Copies the file `input` to `output`, decrypting its samples. `progress` is told how far it has come, in bytes of the file.
///
/// # Errors
/// Whatever is wrong with the file, or is missing. What was written by then is of no use.
pub fn decrypt(
    input: &mut dyn Input,
    output: &mut dyn Write,
    keys: &Keys,
    options: &Options,
    progress: &mut dyn FnMut(u64),
) -> Result<Report> {
    let mut bytes = [0; START];
    let start = start(input, &mut bytes)?;
    let copier = Copier::new(input, output, progress);
    match (Container::of(start), ts::layout(start)) {
        (Some(Container::Mp4), _) => mp4::decrypt(copier, keys, options),
        (Some(Container::WebM), _) => webm::decrypt(copier, keys, options),
        (Some(Container::PackedAudio), _) => packed::decrypt(copier, keys, options),
        (_, Some(layout)) => ts::decrypt(copier, layout, keys, options),
        _ => Err(Error::Unsupported(
            "this is neither an MP4 nor a WebM file, a transport stream nor packed audio".to_owned(),
        )),
    }
}

/// Bytes that tell what a file is.
const START: usize = 1024;

/// The first bytes of a file, as many as there are and are needed.
pub(crate) fn start<'a>(input: &mut dyn Input, bytes: &'a mut [u8; START]) -> Result<&'a [u8]> {
    let count = input.start(bytes).map_err(|fault| Error::Read { offset: 0, fault })?;
    if count < 8 {
        return Err(Error::Unsupported("the file has fewer than 8 bytes".to_owned()));
    }
    Ok(&bytes[..count])
}

impl std::fmt::Display for Container {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Mp4 => "MP4",
            Self::WebM => "WebM",
            Self::MpegTs => "a transport stream",
            Self::PackedAudio => "packed audio",
        })
    }
}

impl Container {
    /// What a file is that starts so; the first 1024 bytes are enough.
    pub fn of(start: &[u8]) -> Option<Self> {
        match () {
            () if start.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) => Some(Self::WebM),
            () if is_mp4(start) => Some(Self::Mp4),
            () if packed::is_likely(start) => Some(Self::PackedAudio),
            () => ts::layout(start).map(|_| Self::MpegTs),
        }
    }
}

fn is_mp4(start: &[u8]) -> bool {
    start.get(4..).and_then(<[u8]>::first_chunk).is_some_and(|&kind| may_start_with(kind))
}

/// Whether an MP4 file, or a part of it, may start with such a box.
pub(crate) fn may_start_with(kind: [u8; 4]) -> bool {
    let known = [
        b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pdin", b"sidx", b"uuid", b"prft",
        b"emsg", b"pssh",
    ];
    known.contains(&&kind)
}
