//! Protection in Smooth Streaming manifests (\[MS-SSTR\], section 2.2.2.2).

use super::error::Result;
use super::protection::{Protection, Reading, uuid};
use super::pssh;
use super::xml::{self, Item};

pub(super) const WHAT: &str = "Smooth Streaming manifest";

/// Reads the `ProtectionHeader` elements: each gives a `pssh` box for the system that it names, with its data. What cannot
/// be read is passed over and said in the log.
///
/// The manifest is UTF-8, or UTF-16 with a byte order mark.
///
/// # Errors
/// [`Error::Malformed`](super::Error::Malformed) with the offset of the first fault (in the manifest as UTF-8), if nothing
/// was found.
pub fn parse(bytes: &[u8]) -> Result<Protection> {
    let mut reading = Reading::new(WHAT);
    let text = decode(bytes);
    let mut system = None;
    xml::read(&text, &["ProtectionHeader"], |offset, item| match item {
        Item::Start { element, .. } => {
            if element.local_name().as_ref() == "ProtectionHeader" {
                system = xml::attribute(element, "SystemID").as_deref().and_then(uuid);
            }
        }
        Item::Text { text, .. } => match (reading.base64(offset, text.as_bytes()), system) {
            // Some packagers put the whole box there.
            (Some(data), _) if pssh::parse(&data).is_ok() => reading.add_box(data),
            (Some(data), Some(system)) => reading.add_box(pssh::build(&system, &[], &data)),
            (Some(_), None) => reading.pass_over(offset, "a ProtectionHeader without a SystemID"),
            (None, _) => {}
        },
        Item::Fault(reason) => reading.pass_over(offset, reason),
    });
    reading.finish()
}

/// The text: UTF-8, or UTF-16 with a byte order mark.
pub(super) fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => xml::utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => xml::utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}
