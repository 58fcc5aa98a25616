//! Protection in DASH manifests (ISO/IEC 23009-1, section 5.8.4.1, with the elements of ISO/IEC 23001-7, section 11.2).

use super::error::Result;
use super::protection::{Protection, Reading};
use super::system_data::{self, PLAYREADY_SYSTEM_ID};
use super::xml::{self, Item};

pub(super) const WHAT: &str = "DASH MPD";

/// Reads the `pssh` elements and `default_KID` attributes of an MPD, wherever they stand, and `mspr:pro` elements (a
/// PlayReady Object) where no `pssh` element holds the same data. What cannot be read is passed over and said in the log.
///
/// # Errors
/// [`Error::Malformed`](super::Error::Malformed) with the offset in `bytes` of the first fault, if nothing was found: for text that is not UTF-8 or
/// not well-formed XML, has a document type declaration or another root than `MPD`, and for a `pssh` or `default_KID`
/// that does not parse.
pub fn parse(bytes: &[u8]) -> Result<Protection> {
    let mut reading = Reading::new(WHAT);
    let text = String::from_utf8_lossy(bytes);
    if let Err(fault) = std::str::from_utf8(bytes) {
        reading.pass_over(fault.valid_up_to(), "not UTF-8");
    }
    let mut objects = Vec::new();
    let mut roots = 0;
    xml::read(&text, &["pssh", "pro"], |offset, item| match item {
        Item::Start { element, depth } => {
            if depth == 0 {
                roots += 1;
                if roots > 1 || element.local_name().as_ref() != "MPD" {
                    reading.pass_over(offset, "the root element is not MPD");
                }
            }
            for word in xml::attribute(element, "default_KID").unwrap_or_default().split_ascii_whitespace() {
                reading.add_key_id_text(offset, word);
            }
        }
        Item::Text { name, text } => {
            let Some(data) = reading.base64(offset, text.as_bytes()) else { return };
            if name == "pssh" {
                reading.add_pssh(offset, &data);
            } else if system_data::is_playready_object(&data) {
                objects.push(data);
            } else {
                reading.pass_over(offset, "pro is not a PlayReady Object");
            }
        }
        Item::Fault(reason) => reading.pass_over(offset, reason),
    });
    if roots == 0 {
        reading.pass_over(bytes.len(), "the document is incomplete");
    }
    reading.add_data_of(&PLAYREADY_SYSTEM_ID, objects);
    reading.finish()
}
