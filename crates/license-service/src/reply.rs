//! Answers of the service.

use super::records::LicenseRecord;
use license::protocol::Id;
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
