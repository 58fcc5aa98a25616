//! Reading elements from XML documents that are not quite what they should be.

use quick_xml::Error as XmlError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// What is met in a document.
pub(super) enum Item<'a> {
    /// An element begins; the depth of the root is 0.
    Start {
        /// Its name and attributes.
        element: &'a BytesStart<'a>,
        /// How many elements are open around it.
        depth: usize,
    },
    /// The text of an element whose text was asked for: without white space, comments and markup.
    Text {
        /// Its local name.
        name: &'a str,
        /// Its content.
        text: &'a str,
    },
    /// Something is not as it should be, and is passed over.
    Fault(String),
}

/// The value of the attribute with a local name, in any case.
pub(super) fn attribute(element: &BytesStart, local_name: &str) -> Option<String> {
    // The crate's search for repeated names takes quadratic time.
    let mut attributes = element.attributes();
    let found = attributes
        .with_checks(false)
        .flatten()
        .find(|one| one.key.local_name().as_ref().eq_ignore_ascii_case(local_name));
    found.map(|found| found.value.into_owned())
}

/// Reads a document to its end or to where nothing can be made of it any more. Names are compared without their prefix:
/// manifests bind namespaces to whatever prefix they like, and some misspell them. `see` gets each item with its offset;
/// the text of elements with a local name in `with_text` is collected.
pub(super) fn read(text: &str, with_text: &[&str], mut see: impl FnMut(usize, Item)) {
    let mut reader = Reader::from_str(text);
    let mut open: Option<(usize, String, String)> = None;
    let mut depth = 0_usize;
    let mut progress = 0;
    loop {
        let offset = position(reader.buffer_position());
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(fault) => {
                see(position(reader.error_position()), Item::Fault(fault.to_string()));
                let after = position(reader.buffer_position());
                // An end tag without its start and its like spoil only themselves.
                if matches!(fault, XmlError::IllFormed(_)) && after > progress {
                    progress = after;
                    continue;
                }
                return;
            }
        };
        let empty = matches!(event, Event::Empty(_));
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                if let Some((_, name, _)) = open.take() {
                    see(offset, Item::Fault(format!("an element inside {name}")));
                }
                see(offset, Item::Start { element, depth });
                let name = element.local_name();
                if with_text.contains(&name.as_ref()) {
                    open = Some((offset, name.as_ref().to_owned(), String::new()));
                }
                depth += 1;
            }
            Event::Text(part) => collect(&mut open, part),
            Event::CData(part) => collect(&mut open, part),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => collect(&mut open, character.encode_utf8(&mut [0; 4])),
                // An entity is no part of base64; decoding will say so.
                _ => collect(&mut open, "&"),
            },
            // The entities that it may define are not resolved: they could make the document grow without bound.
            Event::DocType(_) => see(offset, Item::Fault("document type declarations are not accepted".to_owned())),
            Event::Eof => {
                if depth > 0 || progress > 0 {
                    see(text.len(), Item::Fault("the document is incomplete".to_owned()));
                }
                return;
            }
            Event::End(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
        if empty || matches!(event, Event::End(_)) {
            depth = depth.saturating_sub(1);
            if let Some((offset, name, text)) = open.take() {
                see(offset, Item::Text { name: &name, text: &text });
            }
        }
    }
}

fn collect(open: &mut Option<(usize, String, String)>, part: &str) {
    if let Some((_, _, text)) = open {
        text.extend(part.chars().filter(|character| !character.is_ascii_whitespace()));
    }
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Decodes UTF-16 in the byte order of `unit`; what is none becomes replacement characters.
pub(super) fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|&pair| unit(pair));
    char::decode_utf16(units).map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
