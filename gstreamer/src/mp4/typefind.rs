//! Finds the files that [`NativeDrmMp4`](super::NativeDrmMp4) is for, so that players plug it by themselves.

use gst::glib;
use gst::prelude::*;

use super::{NAME, protected_caps};

/// More boxes than this are not looked at.
const MOST_BOXES: usize = 1000;
/// Of a movie box, as much is looked at as is at hand, and no more than this.
const MOST_BYTES: u32 = 1 << 20;

/// Registers the typefinder.
///
/// # Errors
///
/// GStreamer's.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    let extensions = "mp4,m4v,m4a,m4s,mov,qt,ismv,isma,cmfv,cmfa,3gp";
    gst::TypeFind::register(
        Some(plugin),
        // Not the element's: features of all kinds share their names.
        "nativedrm-mp4",
        gst::Rank::PRIMARY + 1,
        Some(extensions),
        Some(&protected_caps()),
        |found| {
            let Some(movie) = movie(found) else { return };
            let systems = protected_by(&movie);
            if systems.is_some_and(|systems| is_wanted() && !others_take(&systems)) {
                found.suggest(gst::TypeFindProbability::Maximum, &protected_caps());
            }
        },
    )
}

/// What is at hand of the movie box's content.
fn movie(found: &mut gst::TypeFind) -> Option<Vec<u8>> {
    let mut at: i64 = 0;
    for _ in 0..MOST_BOXES {
        let header: [u8; 16] = match found.peek(at, 16) {
            Some(bytes) => bytes.try_into().ok()?,
            // The last box may be short.
            None => [found.peek(at, 8)?, &[0; 8]].concat().try_into().ok()?,
        };
        let kind: [u8; 4] = header[4..8].try_into().ok()?;
        if at == 0
            && !matches!(&kind, b"ftyp" | b"styp" | b"moov" | b"free" | b"skip" | b"wide" | b"pdin" | b"uuid" | b"mdat")
        {
            return None;
        }
        let (size, start) = match u32::from_be_bytes(header[..4].try_into().ok()?) {
            1 => (i64::try_from(u64::from_be_bytes(header[8..].try_into().ok()?)).ok()?, 16),
            small => (i64::from(small), 8),
        };
        if size < start {
            return None;
        }
        if &kind == b"moov" {
            return peek_most(found, at.checked_add(start)?, u32::try_from(size - start).unwrap_or(u32::MAX));
        }
        at = at.checked_add(size)?;
    }
    None
}

/// As many bytes as there are, by halves.
fn peek_most(found: &mut gst::TypeFind, at: i64, size: u32) -> Option<Vec<u8>> {
    let mut size = size.min(MOST_BYTES);
    while size >= 8 {
        if let Some(bytes) = found.peek(at, size) {
            return Some(bytes.to_vec());
        }
        size /= 2;
    }
    None
}

/// The system ids that a movie box names; none if nothing says that it is encrypted.
fn protected_by(movie: &[u8]) -> Option<Vec<String>> {
    let mut systems = Vec::new();
    let mut is_protected = false;
    walk(movie, &mut |kind, content| {
        match kind {
            b"pssh" => {
                is_protected = true;
                if let Some(id) = content.get(4..20) {
                    let hex = crate::drm::hex(id);
                    systems.push(format!(
                        "{}-{}-{}-{}-{}",
                        &hex[..8],
                        &hex[8..12],
                        &hex[12..16],
                        &hex[16..20],
                        &hex[20..]
                    ));
                }
            }
            // Behind version, flags and number of entries.
            b"stsd" => walk(content.get(8..).unwrap_or_default(), &mut |kind, _| {
                is_protected |=
                    matches!(kind, b"encv" | b"enca" | b"enct" | b"encs" | b"encm" | b"encu" | b"encf" | b"encp");
                false
            }),
            b"trak" | b"mdia" | b"minf" | b"stbl" => return true,
            _ => {}
        }
        false
    });
    is_protected.then_some(systems)
}

/// Calls `each` for every box, the last of which may not be complete; goes into those for which it says so.
fn walk(boxes: &[u8], each: &mut dyn FnMut(&[u8; 4], &[u8]) -> bool) {
    let mut at = 0;
    while let Some(header) = boxes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let kind = [header[4], header[5], header[6], header[7]];
        if size < 8 {
            return;
        }
        let end = at.saturating_add(size);
        let content = &boxes[at + 8..end.min(boxes.len())];
        if each(&kind, content) {
            walk(content, each);
        }
        at = end;
    }
}

/// Whether players may plug the element: its rank is the user's to change.
fn is_wanted() -> bool {
    gst::ElementFactory::find(NAME).is_some_and(|factory| factory.rank() >= gst::Rank::MARGINAL)
}

/// Whether a decryptor that is not ours names one of the systems, and would be plugged behind the demuxer.
fn others_take(systems: &[String]) -> bool {
    let decryptors = gst::ElementFactory::factories_with_type(gst::ElementFactoryType::DECRYPTOR, gst::Rank::MARGINAL);
    decryptors.iter().filter(|factory| factory.plugin_name().as_deref() != Some("nativedrm")).any(|factory| {
        let templates = factory.static_pad_templates();
        let sinks = templates.iter().filter(|template| template.direction() == gst::PadDirection::Sink);
        sinks.flat_map(|template| template.caps().iter().map(ToOwned::to_owned).collect::<Vec<_>>()).any(
            |structure: gst::Structure| {
                let named = structure.get::<&str>("protection-system");
                named.is_ok_and(|named| systems.iter().any(|system| named.eq_ignore_ascii_case(system)))
            },
        )
    })
}
