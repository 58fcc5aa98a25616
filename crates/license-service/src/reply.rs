//! Answers of the service.

use super::records::LicenseRecord;
use license::protocol::{Id, LicenseKey};
use license::template::Warning;

/// What an answer is, for a Content-Type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A message of the protocol.
    Message,
    /// JSON.
    Json,
}

/// What an answer is about, for logs: no secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The device.
    pub device: Option<Id>,
    /// The license.
    pub license: Option<Id>,
    /// Its sequence.
    pub sequence: Option<u64>,
    /// What the keys are for of a license that was issued or renewed: the best of its tracks.
    pub class: Option<&'static str>,
}

/// Classes of contents, the best first.
const CLASSES: [&str; 5] = ["UHD2", "UHD1", "HD", "SD", "AUDIO"];

/// The class of a license that carries these keys.
pub(super) fn class(keys: &[LicenseKey]) -> &'static str {
    let has = |class: &&str| keys.iter().any(|key| key.track_type == **class);
    CLASSES.into_iter().find(has).unwrap_or("other")
}

/// An answer to a device's request before it has a form.
pub(super) struct Answer {
    /// The message for the device.
    pub message: Vec<u8>,
    pub summary: Summary,
    /// The license that it brings, if any.
    pub license: Option<LicenseRecord>,
    /// What is doubtful about it.
    pub warnings: Vec<Warning>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it is.
    pub form: Form,
    /// Its bytes.
    pub body: Vec<u8>,
    /// What it is about.
    pub summary: Summary,
}

impl Reply {
    pub(super) fn message(body: Vec<u8>, summary: Summary) -> Self {
        Self { form: Form::Message, body, summary }
    }

    pub(super) fn json(body: &serde_json::Value, summary: Summary) -> Self {
        Self { form: Form::Json, body: body.to_string().into_bytes(), summary }
    }
}
