//! Protection in DASH manifests (ISO/IEC 23009-1, section 5.8.4.1, with the elements of ISO/IEC 23001-7, section 11.2).
//!
//! Names are compared without their prefix: manifests bind the `cenc` namespace to whatever prefix they like, and some
//! misspell the namespaces.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::error::{Error, Result};
use super::manifest::{Protection, base64};
use base::base64::Variant;

const WHAT: &str = "DASH MPD";

/// Reads the `ContentProtection` elements of an MPD, wherever they stand: their `pssh` children and `default_KID`.
///
/// # Errors
/// [`Error::Malformed`] with the offset in `bytes` for text that is not UTF-8 or not well-formed XML, has a document type
/// declaration or another root than `MPD`, and for a `pssh` or `default_KID` that does not parse.
pub fn parse(bytes: &[u8]) -> Result<Protection> {
    let text = std::str::from_utf8(bytes).map_err(|fault| malformed(fault.valid_up_to(), "not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut state = State::default();
    loop {
        let offset = position(reader.buffer_position());
        let event =
            reader.read_event().map_err(|fault| malformed(position(reader.error_position()), fault.to_string()))?;
        match event {
            Event::Start(start) => {
                state.open(offset, &start)?;
                state.depth += 1;
            }
            Event::Empty(start) => {
                state.open(offset, &start)?;
                state.depth += 1;
                state.close()?;
            }
            Event::End(_) => state.close()?,
            Event::Text(part) => state.text(&part.into_inner()),
            Event::CData(part) => state.text(&part.into_inner()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => state.text(character.encode_utf8(&mut [0; 4])),
                // An entity is no part of base64; decoding will say so.
                _ => state.text("&"),
            },
            // Entities that the document defines itself could make it grow without bound.
            Event::DocType(_) => return Err(malformed(offset, "document type declarations are not accepted")),
            Event::Eof if state.depth == 0 && state.root_seen => return Ok(state.found),
            Event::Eof => return Err(malformed(bytes.len(), "the document is incomplete")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

#[derive(Default)]
struct State {
    depth: usize,
    root_seen: bool,
    /// Depth of the content of the innermost `ContentProtection`.
    protection: Option<usize>,
    /// Offset and base64 so far of an open `pssh` element.
    pssh: Option<(usize, Vec<u8>)>,
    found: Protection,
}

impl State {
    /// An element begins; `self.depth` is that of its parent's content.
    fn open(&mut self, offset: usize, start: &BytesStart) -> Result<()> {
        let name = start.local_name();
        if self.depth == 0 {
            if self.root_seen || name.as_ref() != "MPD" {
                return Err(malformed(offset, "the root element is not MPD"));
            }
            self.root_seen = true;
        }
        if self.pssh.is_some() {
            return Err(malformed(offset, "an element inside pssh"));
        }
        match name.as_ref() {
            "ContentProtection" if self.protection.is_none() => {
                self.protection = Some(self.depth + 1);
                self.default_key_ids(offset, start)
            }
            "pssh" if self.protection == Some(self.depth) => {
                self.pssh = Some((offset, Vec::new()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `default_KID`: UUIDs separated by white space.
    fn default_key_ids(&mut self, offset: usize, start: &BytesStart) -> Result<()> {
        // The crate's search for repeated names takes quadratic time.
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|fault| malformed(offset, fault.to_string()))?;
            if attribute.key.local_name().as_ref() != "default_KID" {
                continue;
            }
            for word in attribute.value.split_ascii_whitespace() {
                let id = uuid(word).ok_or_else(|| malformed(offset, "default_KID is not a UUID"))?;
                self.found.add_key_id(id);
            }
        }
        Ok(())
    }

    fn text(&mut self, part: &str) {
        if let Some((_, base64)) = &mut self.pssh {
            base64.extend(part.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }

    /// The innermost element ends.
    fn close(&mut self) -> Result<()> {
        if self.protection == Some(self.depth) {
            self.protection = None;
        }
        // The reader has checked that it matches a start.
        self.depth = self.depth.saturating_sub(1);
        if let Some((offset, text)) = self.pssh.take() {
            let boxes = base64(Variant::Standard, WHAT, offset, &text)?;
            self.found.add_pssh(WHAT, offset, &boxes)?;
        }
        Ok(())
    }
}

/// A UUID in its usual form, or without hyphens as some packagers write it.
pub(super) fn uuid(text: &str) -> Option<[u8; 16]> {
    let bytes = text.as_bytes();
    let digits = match bytes.len() {
        32 => text.to_owned(),
        36 if [8, 13, 18, 23].iter().all(|&at| bytes[at] == b'-') => text.replace('-', ""),
        _ => return None,
    };
    let mut id = [0; 16];
    hex::decode_to_slice(digits, &mut id).ok().map(|()| id)
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn malformed(offset: usize, reason: impl Into<base::text::Text>) -> Error {
    Error::malformed(WHAT, offset, reason)
}
