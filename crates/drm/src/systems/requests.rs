//! Media key requests: the key ids that init data asks for, and the JSON text that ClearPlay and W3C Clear Key send for them.

use serde::Serialize;

use crate::key_system::{Descriptor, InitDataType, MediaKeyRequestInfo, MediaKeyType};
use base::base64::Variant;
use base::error::{Error, Result};
use init_data::{key_ids, pssh};

#[derive(Serialize)]
struct LicenseRequest {
    kids: Vec<String>,
    #[serde(rename = "type")]
    session_type: &'static str,
}

/// The key ids that a request's init data names. `of_boxes` takes them from pssh boxes: key systems differ in whose boxes
/// they look at.
pub fn requested_key_ids(
    descriptor: &Descriptor,
    info: &MediaKeyRequestInfo,
    of_boxes: impl FnOnce(&[pssh::PsshBox<'_>]) -> Result<Vec<[u8; 16]>>,
) -> Result<Vec<Vec<u8>>> {
    let ids = match descriptor.init_data_type(&info.mime_type)? {
        InitDataType::Cenc => of_boxes(&pssh::parse_all(&info.init_data)?)?,
        InitDataType::WebM => vec![key_ids::parse_webm_init_data(&info.init_data)?],
        InitDataType::KeyIds => return key_ids::parse_keyids_init_data(&info.init_data),
    };
    Ok(ids.into_iter().map(Vec::from).collect())
}

/// `{"kids":["<base64>",…],"type":"temporary"|"persistent-license"}` (W3C EME section 9.1.3; ClearPlay writes another
/// base64).
pub fn license_request(key_ids: &[Vec<u8>], key_type: MediaKeyType, base64: Variant) -> Result<Vec<u8>> {
    let session_type = match key_type {
        MediaKeyType::Online => "temporary",
        MediaKeyType::Offline => "persistent-license",
    };
    to_json(&LicenseRequest { kids: key_ids.iter().map(|id| base64.encode(id)).collect(), session_type })
}

/// Serialises a message.
pub fn to_json(message: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(message).map_err(|error| Error::Internal(error.to_string().into()))
}
