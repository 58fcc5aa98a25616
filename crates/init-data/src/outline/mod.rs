//! Manifests for people: what is encrypted, and where that is said. The readers are those of [`dash`](super::dash),
//! [`hls`](super::hls) and [`smooth`](super::smooth), which only collect boxes and key ids.
//!
//! What cannot be read is passed over; each function returns that, too.

mod dash;
mod hls;
mod smooth;

pub use dash::{AdaptationSet, ContentProtection, Mpd, Period, Representation, dash};
pub(super) use hls::key as hls_key;
pub use hls::{HlsKey, Playlist, hls};
pub use smooth::{Manifest, ProtectionHeader, StreamIndex, smooth};

use super::describe::BoxText;
use super::error::Error;
use super::protection::Reading;
use super::pssh;

/// Decodes the boxes in `text`, base64 that stands at `offset`.
fn boxes(reading: &mut Reading, offset: usize, text: &[u8]) -> Vec<BoxText> {
    let Some(data) = reading.base64(offset, text) else { return Vec::new() };
    boxes_in(reading, offset, &data)
}

fn boxes_in(reading: &mut Reading, offset: usize, data: &[u8]) -> Vec<BoxText> {
    match pssh::parse_all(data) {
        Ok(boxes) => boxes.iter().map(BoxText::of).collect(),
        Err(fault) => {
            reading.pass_over(offset, fault.to_string());
            Vec::new()
        }
    }
}

/// What was passed over.
type Faults = Vec<Error>;
