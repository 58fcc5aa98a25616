//! DASH manifests.

use quick_xml::events::BytesStart;
use serde::Serialize;

use super::{Faults, boxes};
use crate::dash::WHAT;
use crate::describe::{self, BoxText, PlayReady};
use crate::protection::{Reading, uuid};
use crate::system_data::is_playready_object;
use crate::xml::{self, Item};

/// A Media Presentation Description (ISO/IEC 23009-1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Mpd {
    /// `type`: `static` or `dynamic`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Protection of all periods.
    pub protections: Vec<ContentProtection>,
    /// The periods.
    pub periods: Vec<Period>,
}

/// A period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Period {
    /// `id`.
    pub id: Option<String>,
    /// Protection of the whole period.
    pub protections: Vec<ContentProtection>,
    /// Its adaptation sets.
    pub adaptation_sets: Vec<AdaptationSet>,
}

/// An adaptation set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AdaptationSet {
    /// `id`.
    pub id: Option<String>,
    /// `contentType`, or the MIME type's first part.
    pub content_type: Option<String>,
    /// `lang`.
    pub lang: Option<String>,
    /// `codecs`.
    pub codecs: Option<String>,
    /// Its protection.
    pub protections: Vec<ContentProtection>,
    /// Its representations.
    pub representations: Vec<Representation>,
}

/// A representation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Representation {
    /// `id`.
    pub id: Option<String>,
    /// `codecs`.
    pub codecs: Option<String>,
    /// `bandwidth`.
    pub bandwidth: Option<String>,
    /// Its own protection.
    pub protections: Vec<ContentProtection>,
}

/// A `ContentProtection` element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContentProtection {
    /// `schemeIdUri`.
    pub scheme_id_uri: Option<String>,
    /// The system's name, if that is the URN of one that is known here.
    pub system: Option<&'static str>,
    /// `value`: the scheme of common encryption, or the system's name in the packager's words.
    pub value: Option<String>,
    /// `default_KID`, in hexadecimal digits.
    pub default_key_ids: Vec<String>,
    /// `pssh` elements.
    pub pssh: Vec<BoxText>,
    /// `mspr:pro` elements.
    pub playready: Vec<PlayReady>,
    /// Where licenses are had (`Laurl`, `laurl`).
    pub license_urls: Vec<String>,
}

/// Which element is open.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Mpd,
    Period,
    AdaptationSet,
    Representation,
    Other,
}

/// Reads an MPD.
pub fn dash(bytes: &[u8]) -> (Mpd, Faults) {
    let mut reading = Reading::new(WHAT);
    let text = String::from_utf8_lossy(bytes);
    if let Err(fault) = std::str::from_utf8(bytes) {
        reading.pass_over(fault.valid_up_to(), "not UTF-8");
    }
    let mut mpd = Mpd::default();
    let mut open = Vec::new();
    let mut has_element = false;
    let with_text = ["pssh", "pro", "Laurl", "laurl", "LaURL"];
    xml::read(&text, &with_text, |offset, item| match item {
        Item::Start { element, depth } => {
            open.truncate(depth);
            has_element = true;
            let name = element.local_name();
            let get = |name| xml::attribute(element, name);
            let kind = match (name.as_ref(), open.last().copied()) {
                ("MPD", None) => {
                    mpd.kind = get("type");
                    Open::Mpd
                }
                ("Period", Some(Open::Mpd)) => {
                    mpd.periods.push(Period { id: get("id"), ..Period::default() });
                    Open::Period
                }
                ("AdaptationSet", Some(Open::Period)) => {
                    if let Some(period) = mpd.periods.last_mut() {
                        period.adaptation_sets.push(adaptation_set(element));
                    }
                    Open::AdaptationSet
                }
                ("Representation", Some(Open::AdaptationSet)) => {
                    if let Some(set) = mpd.last_set() {
                        let mime = get("mimeType").as_deref().and_then(first_part);
                        set.content_type = set.content_type.take().or(mime);
                        set.representations.push(Representation {
                            id: get("id"),
                            codecs: get("codecs"),
                            bandwidth: get("bandwidth"),
                            protections: Vec::new(),
                        });
                    }
                    Open::Representation
                }
                ("ContentProtection", Some(around)) => {
                    let found = content_protection(element, offset, &mut reading);
                    mpd.protections_of(around).push(found);
                    Open::Other
                }
                (_, None) => {
                    reading.pass_over(offset, "the root element is not MPD");
                    Open::Other
                }
                _ => Open::Other,
            };
            if name.as_ref() != "ContentProtection"
                && let Some(ids) = get("default_KID")
            {
                reading.pass_over(offset, format!("default_KID {ids} outside of ContentProtection"));
            }
            open.push(kind);
        }
        Item::Text { name, text } => {
            // What these elements stand in is the protection that was met last.
            let around = open.iter().rposition(|kind| *kind != Open::Other).map_or(Open::Mpd, |at| open[at]);
            let protections = mpd.protections_of(around);
            if protections.is_empty() {
                protections.push(ContentProtection::default());
            }
            let Some(protection) = protections.last_mut() else { return };
            match name {
                "pssh" => protection.pssh.extend(boxes(&mut reading, offset, text.as_bytes())),
                "pro" => match reading.base64(offset, text.as_bytes()) {
                    Some(data) if is_playready_object(&data) => {
                        protection.playready.push(describe::playready(&data));
                    }
                    Some(_) => reading.pass_over(offset, "pro is not a PlayReady Object"),
                    None => {}
                },
                _ if text.is_empty() => {}
                _ => protection.license_urls.push(text.to_owned()),
            }
        }
        Item::Fault(reason) => {
            has_element = true;
            reading.pass_over(offset, reason);
        }
    });
    if !has_element {
        reading.pass_over(0, "there is no element");
    }
    (mpd, reading.into_faults())
}

impl Mpd {
    fn last_set(&mut self) -> Option<&mut AdaptationSet> {
        self.periods.last_mut()?.adaptation_sets.last_mut()
    }

    fn protections_of(&mut self, around: Open) -> &mut Vec<ContentProtection> {
        if around == Open::Mpd || self.periods.is_empty() {
            return &mut self.protections;
        }
        let last = self.periods.len() - 1;
        let period = &mut self.periods[last];
        if around == Open::Period || period.adaptation_sets.is_empty() {
            return &mut period.protections;
        }
        let last = period.adaptation_sets.len() - 1;
        let set = &mut period.adaptation_sets[last];
        match set.representations.last_mut() {
            Some(representation) if around == Open::Representation => &mut representation.protections,
            _ => &mut set.protections,
        }
    }
}

fn first_part(mime: &str) -> Option<String> {
    mime.split('/').next().map(str::to_owned)
}

fn adaptation_set(element: &BytesStart) -> AdaptationSet {
    let get = |name| xml::attribute(element, name);
    AdaptationSet {
        id: get("id"),
        content_type: get("contentType").or_else(|| get("mimeType").as_deref().and_then(first_part)),
        lang: get("lang"),
        codecs: get("codecs"),
        ..AdaptationSet::default()
    }
}

fn content_protection(element: &BytesStart, offset: usize, reading: &mut Reading) -> ContentProtection {
    let mut found = ContentProtection {
        scheme_id_uri: xml::attribute(element, "schemeIdUri"),
        value: xml::attribute(element, "value"),
        ..ContentProtection::default()
    };
    let id = found.scheme_id_uri.as_deref().and_then(uuid);
    found.system = id.and_then(|id| describe::system_name(&id));
    found.license_urls.extend(xml::attribute(element, "licenseUrl"));
    for word in xml::attribute(element, "default_KID").unwrap_or_default().split_ascii_whitespace() {
        match uuid(word) {
            Some(id) => found.default_key_ids.push(hex::encode(id)),
            None => reading.pass_over(offset, format!("default_KID {} is not a UUID", base::text::shortened(word))),
        }
    }
    found
}
