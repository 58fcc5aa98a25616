//! `native-drm inspect`.

mod cei;
mod cursor;
mod mp4;
mod report;
mod text;
mod text_file;
mod transport;
mod webm;

use std::path::{Path, PathBuf};

use init_data::Kind;
use media::Input;

use report::{Container, PackedAudio, Report};

use crate::{decrypt, paint};

/// As much of a file as tells what it is.
const START: usize = 4096;

/// Show what is encrypted, and with which keys
///
/// Reads MP4 (with key rotation and PIFF 1.1), WebM, MPEG transport streams, packed audio, DASH, HLS and Smooth Streaming manifests, 'pssh' boxes
/// (as they are, in base64 or in hexadecimal digits) and W3C lists of key ids. What cannot be read is passed over, and said.
#[derive(clap::Args)]
pub struct Args {
    /// The file; - for standard input
    #[arg(value_name = "FILE")]
    input: PathBuf,
    /// Write JSON; docs/inspect.schema.json describes it
    #[arg(long)]
    json: bool,
}

/// Shows a file.
pub fn run(options: &Args) -> Result<(), String> {
    let name = options.input.display().to_string();
    let mut input = decrypt::open(&options.input)?;
    let report = inspect(input.as_mut(), &options.input).map_err(|fault| format!("{name}: {fault}"))?;
    if let Some(reason) = report.is_nothing() {
        return Err(format!("{name}: nothing can be read: {reason}"));
    }
    let written = if options.json {
        serde_json::to_string_pretty(&report).map_err(|fault| fault.to_string())? + "\n"
    } else {
        text::write(&report, paint::Paint::of_standard_output())
    };
    paint::write(&written)
}

fn inspect(input: &mut dyn Input, path: &Path) -> Result<Report, String> {
    let name = path.display().to_string();
    let mut start = [0; START];
    let bytes = input.start(&mut start).map_err(|fault| fault.to_string())?;
    if bytes == 0 {
        return Err("this is empty".to_owned());
    }
    let kind = init_data::kind(&start[..bytes]);
    if kind.is_none() && media::Container::of(&start[..bytes]) == Some(media::Container::PackedAudio) {
        return Ok(packed_audio(input, name));
    }
    let read = match kind {
        Some(Kind::Mp4) => mp4::read(input, name),
        Some(Kind::WebM) => webm::read(input, name),
        Some(Kind::MpegTs) => transport::read(input, name),
        _ => {
            let bytes = whole(input)?;
            return text_file::read(&bytes, kind, name).ok_or_else(|| {
                "this is neither MP4, WebM, MPEG-TS, packed audio, DASH, HLS nor Smooth Streaming, and holds no pssh box or list of key ids".to_owned()
            });
        }
    };
    read.map_err(|fault| fault.to_string())
}

fn packed_audio(input: &mut dyn Input, name: String) -> Report {
    let mut report = Report::new(name, input.length(), Container::PackedAudio);
    let (found, fault) = media::packed::describe(input);
    report.encrypted = found.encrypted_frames > 0;
    if let Some(fault) = &fault {
        report.fault(fault);
    }
    let media::packed::Description { codec, frames, encrypted_frames } = found;
    report.packed_audio = Some(PackedAudio { codec, frames, encrypted_frames });
    report.finish();
    report
}

fn whole(input: &mut dyn Input) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        match input.read(&mut piece).map_err(|fault| fault.to_string())? {
            0 => return Ok(bytes),
            read => bytes.extend_from_slice(&piece[..read]),
        }
        if bytes.len() > text_file::LARGEST {
            return Err(format!(
                "this is none of the files that are known here, and has more than {} MiB",
                text_file::LARGEST >> 20
            ));
        }
    }
}
