//! `native-drm decrypt`.

mod local;
mod playlist;

use std::fs::File;
use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgGroup;
use clap::builder::NonEmptyStringValueParser;
use indicatif::{ProgressBar, ProgressStyle};
use media::{FileInput, Input, StreamInput};

use crate::keys::{self, Iv, Key, KeyParser};
use crate::output::Output;

/// Decrypt a whole file
///
/// Reads MP4, progressive and fragmented (schemes cenc, cens, cbc1 and cbcs, PIFF 1.1, ChinaDRM's sm4c and sm4s; key rotation),
/// WebM, and MPEG transport streams and packed audio of HLS with SAMPLE-AES or content encryption information (CEI). Sizes and offsets
/// stay what they are: boxes about encryption become 'free', elements 'Void', descriptors stuffing.
///
/// Reads playlists of HLS, too, with the segments that are files beside them: what comes out are the segments, clear and one behind the
/// other. Of a multivariant playlist it takes the variant with the greatest bandwidth.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("given").required(true).multiple(true).args(["keys", "sets"]))]
pub struct Args {
    /// The encrypted file, or a playlist of HLS; - for standard input
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where the clear file goes; - for standard output
    ///
    /// A file appears when it is complete, and not at all if anything fails. For a playlist it may be a directory: the variant and
    /// each of its audio renditions become a file in it.
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// A content key and its id, in hexadecimal digits with or without hyphens; can be repeated
    #[arg(long = "key", value_name = "KID:KEY", value_parser = KeyParser)]
    keys: Vec<Key>,
    /// A JWK Set of W3C EME, as a file or as the text itself; can be repeated
    #[arg(long = "keys", value_name = "JWKSET", value_parser = NonEmptyStringValueParser::new())]
    sets: Vec<String>,
    /// The IV of SAMPLE-AES, 32 hexadecimal digits: EXT-X-KEY of the playlist has it; with KID: in front of it, the key, too
    ///
    /// MPEG transport streams and packed audio with SAMPLE-AES name neither key id nor IV. The key id is not needed if a single
    /// key is given, and neither of both if IN is the playlist.
    #[arg(long, value_name = "[KID:]IV")]
    iv: Option<Iv>,
    /// Of a multivariant playlist, this variant: its number in the playlist, from 1
    #[arg(long, value_name = "NUMBER")]
    variant: Option<usize>,
    /// Of a multivariant playlist, this audio rendition of the variant instead of the variant: its NAME or LANGUAGE
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    rendition: Option<String>,
    /// Decrypt this track only, and leave others as they are; can be repeated
    #[arg(long = "track", value_name = "NUMBER")]
    tracks: Vec<u64>,
    /// Leave tracks encrypted whose key is not given, instead of failing
    #[arg(long)]
    skip_missing: bool,
    /// Show no progress, and no notes
    #[arg(short, long)]
    quiet: bool,
}

/// Decrypts a file, or what a playlist lists.
pub fn run(options: &Args) -> Result<(), String> {
    let keys = keys::all(&options.keys, &options.sets)?;
    let name = options.input.display();
    let mut input = open(&options.input)?;
    let mut start = [0; 10];
    let known = input.start(&mut start).map_err(|fault| format!("{name}: {fault}"))?;
    if init_data::playlist::is_playlist(&start[..known]) {
        return playlist::run(options, input.as_mut(), &keys);
    }
    if options.variant.is_some() || options.rendition.is_some() {
        return Err(format!("{name}: --variant and --rendition are for multivariant playlists, and this is none"));
    }
    let mut output = Output::create(&options.output)?;
    let progress = progress(options, input.length());
    let iv = options.iv.as_ref();
    let wanted = media::Options {
        tracks: options.tracks.clone(),
        skip_missing: options.skip_missing,
        iv: iv.map(|iv| iv.iv),
        key_id: iv.and_then(|iv| iv.key_id),
    };
    let done = media::decrypt(input.as_mut(), &mut output, &keys, &wanted, &mut |position| {
        progress.set_position(position);
    });
    progress.finish_and_clear();
    match done {
        Ok(_) => output.finish(),
        Err(fault @ media::Error::Write(_)) => Err(format!("{}: {fault}", options.output.display())),
        Err(fault @ media::Error::NoIv(_)) => Err(format!("{name}: {fault} (--iv)")),
        Err(fault) => Err(format!("{name}: {fault}")),
    }
}

/// Opens `path`; `-` is standard input. What is no regular file is read as a pipe is.
pub fn open(path: &Path) -> Result<Box<dyn Input>, String> {
    if path == Path::new("-") {
        return Ok(Box::new(StreamInput::new(stdin())));
    }
    let explain = |fault| format!("{}: {fault}", path.display());
    let file = File::open(path).map_err(explain)?;
    let kind = file.metadata().map_err(explain)?.file_type();
    if kind.is_dir() {
        return Err(format!("{}: this is a directory", path.display()));
    }
    if kind.is_file() {
        return Ok(Box::new(FileInput::new(file).map_err(explain)?));
    }
    Ok(Box::new(StreamInput::new(file)))
}

/// A bar on a terminal, nothing elsewhere.
fn progress(options: &Args, length: Option<u64>) -> ProgressBar {
    if options.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match length {
        Some(length) => (
            ProgressBar::new(length),
            "{bar:40} {percent:>3} %  {binary_bytes} of {binary_total_bytes}  {binary_bytes_per_sec}  {eta}",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {binary_bytes}  {binary_bytes_per_sec}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
