//! Between the structs of C and the domain's types.

use std::ffi::c_char;

use serde::Serialize;

use crate::glue::args::{self, Plain};
use crate::glue::error::{Error, Result};
use crate::native_drm_common::{
    CertificateStatusValue, ContentProtectionLevelValue, DRM_CertificateStatus, DRM_KeysInfo, DRM_MediaKeyRequest,
    DRM_MediaKeyRequestInfo, DRM_MediaKeyRequestType, DRM_MediaKeyStatus, DRM_MediaKeySystemDescription,
    DRM_MediaKeySystemInfo, DRM_MediaKeyType, DRM_OfflineMediaKeyStatus, DRM_OfflineMediakeyIdArray, DRM_Statistics,
    EventTypeValue, MAX_INIT_DATA_LEN, MAX_MEDIA_KEY_REQUEST_OPTION_COUNT, MAX_PSSH_DATA_LEN, MAX_PSSH_INFO_COUNT,
    MediaKeyRequestTypeValue, OfflineMediaKeyStatusValue,
};
use base::base64::Variant;
use drm::events::EventKind;
use drm::key_info::{KeyInfo, fixed_id};
use drm::key_system::{
    CertificateStatus, Descriptor, MediaKeyRequestInfo, MediaKeyType, ProtectionLevel, Request, RequestType,
};
use drm::registry;
use drm::storage::StoredStatus;
use drm::terms::ExplainedLicense;
use license::policy::Explanation;

// SAFETY: integers only.
unsafe impl Plain for DRM_MediaKeyRequest {}
// SAFETY: integers only.
unsafe impl Plain for DRM_MediaKeyStatus {}
// SAFETY: integers only.
unsafe impl Plain for DRM_OfflineMediakeyIdArray {}
// SAFETY: integers only.
unsafe impl Plain for DRM_MediaKeySystemInfo {}
// SAFETY: integers only.
unsafe impl Plain for DRM_Statistics {}
// SAFETY: integers only.
unsafe impl Plain for DRM_MediaKeySystemDescription {}

/// Copies text into a zeroed array; cut so that a NUL remains.
fn fill(array: &mut [c_char], text: impl AsRef<[u8]>) {
    let room = array.len().saturating_sub(1);
    fill_all(&mut array[..room], text.as_ref());
}

fn fill_all(array: &mut [c_char], bytes: &[u8]) {
    for (target, &byte) in array.iter_mut().zip(bytes) {
        // c_char is i8 or u8, as the platform has it.
        *target = c_char::from_ne_bytes([byte]);
    }
}

/// A count for a C struct; all of them are bounded by the struct's arrays.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Name and system id of a key system.
pub fn description(descriptor: &Descriptor, target: &mut DRM_MediaKeySystemDescription) {
    fill(&mut target.name, &descriptor.name);
    target.uuid = *descriptor.uuid();
}

/// A protection level from C.
pub fn level(argument: &'static str, value: ContentProtectionLevelValue) -> Result<ProtectionLevel> {
    match value.0 {
        1 => Ok(ProtectionLevel::SwCrypto),
        2 => Ok(ProtectionLevel::HwCrypto),
        3 => Ok(ProtectionLevel::EnhancedHwCrypto),
        other => Err(Error::invalid(argument, format!("{other} is not a content protection level"))),
    }
}

/// A protection level for C.
pub fn level_value(level: ProtectionLevel) -> ContentProtectionLevelValue {
    ContentProtectionLevelValue(level as u32)
}

/// A certificate's status for C.
pub fn certificate_status(status: CertificateStatus) -> CertificateStatusValue {
    match status {
        CertificateStatus::Provisioned => DRM_CertificateStatus::CERT_STATUS_PROVISIONED,
        CertificateStatus::NotProvisioned => DRM_CertificateStatus::CERT_STATUS_NOT_PROVISIONED,
        CertificateStatus::Expired => DRM_CertificateStatus::CERT_STATUS_EXPIRED,
        CertificateStatus::Invalid => DRM_CertificateStatus::CERT_STATUS_INVALID,
    }
    .into()
}

/// A stored key's status for C.
pub fn stored_status(status: StoredStatus) -> OfflineMediaKeyStatusValue {
    match status {
        StoredStatus::Usable => DRM_OfflineMediaKeyStatus::OFFLINE_MEDIA_KEY_STATUS_USABLE,
        StoredStatus::Inactive => DRM_OfflineMediaKeyStatus::OFFLINE_MEDIA_KEY_STATUS_INACTIVE,
    }
    .into()
}

/// Statistics for C.
pub fn statistics(rows: &[(String, String)], target: &mut DRM_Statistics) {
    let names = target.statisticsName.iter_mut().zip(&mut target.statisticsDescription);
    for ((name, value), row) in names.zip(rows) {
        fill(name, &row.0);
        fill(value, &row.1);
    }
    target.statisticsCount = count(rows.len().min(target.statisticsName.len()));
}

/// Ids of stored keys for C.
pub fn offline_key_ids(ids: &[Vec<u8>], target: &mut DRM_OfflineMediakeyIdArray) {
    for ((slot, length), id) in target.ids.iter_mut().zip(&mut target.idsLen).zip(ids) {
        let bytes = id.len().min(slot.len());
        slot[..bytes].copy_from_slice(&id[..bytes]);
        *length = i32::try_from(bytes).unwrap_or(0);
    }
    target.idsCount = count(ids.len().min(target.ids.len()));
}

/// Keys and their status words for C.
pub fn keys_info(keys: &[KeyInfo], target: &mut DRM_KeysInfo) {
    for ((id, word), key) in target.keyId.iter_mut().zip(&mut target.statusValue).zip(keys) {
        *id = fixed_id(&key.id);
        fill(word, key.status.word());
    }
    target.keysInfoCount = count(keys.len().min(target.keyId.len()));
}

/// Status rows for C.
pub fn status_rows(rows: &[(String, String)], target: &mut DRM_MediaKeyStatus) {
    for ((name, value), row) in target.statusName.iter_mut().zip(&mut target.statusValue).zip(rows) {
        fill(name, &row.0);
        fill(value, &row.1);
    }
    target.statusCount = count(rows.len().min(target.statusName.len()));
}

/// What a media key request asks for, checked.
pub fn request_info(info: &DRM_MediaKeyRequestInfo, descriptor: &Descriptor) -> Result<MediaKeyRequestInfo> {
    const OFFLINE: u32 = DRM_MediaKeyType::MEDIA_KEY_TYPE_OFFLINE as u32;
    const ONLINE: u32 = DRM_MediaKeyType::MEDIA_KEY_TYPE_ONLINE as u32;
    let key_type = args::member("type", info.r#type, |number| match number {
        OFFLINE => Some(MediaKeyType::Offline),
        ONLINE => Some(MediaKeyType::Online),
        _ => None,
    })?;
    let length = args::length("initDataLen", info.initDataLen, 1, MAX_INIT_DATA_LEN)?;
    let mime_type = match descriptor.mime_type_in(&bytes(&info.mimeType)) {
        Some(mime_type) => mime_type,
        None => args::fixed_string("mimeType", &info.mimeType)?,
    };
    let options = info.optionsCount as usize;
    if options > MAX_MEDIA_KEY_REQUEST_OPTION_COUNT {
        return Err(Error::invalid("optionsCount", "greater than MAX_MEDIA_KEY_REQUEST_OPTION_COUNT"));
    }
    let options = info.optionName[..options]
        .iter()
        .zip(&info.optionData)
        .map(|(name, data)| Ok((option_name(name)?, until_nul(data))))
        .collect::<Result<_>>()?;
    Ok(MediaKeyRequestInfo { key_type, init_data: info.initData[..length].to_vec(), mime_type, options })
}

/// An option's name, which may be any bytes but none.
fn option_name(name: &[c_char]) -> Result<Vec<u8>> {
    let name = until_nul(name);
    if name.is_empty() { Err(Error::invalid("optionName", "empty")) } else { Ok(name) }
}

fn bytes(array: &[c_char]) -> Vec<u8> {
    array.iter().flat_map(|byte| byte.to_ne_bytes()).collect()
}

/// What a fixed array holds: up to its NUL or the whole array.
fn until_nul(array: &[c_char]) -> Vec<u8> {
    let mut bytes = bytes(array);
    bytes.truncate(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
    bytes
}

/// A media key request for C. The session has checked that it fits.
pub fn request(request: &Request, target: &mut DRM_MediaKeyRequest) {
    let length = request.data.len().min(target.data.len());
    target.data[..length].copy_from_slice(&request.data[..length]);
    target.dataLen = i32::try_from(length).unwrap_or(0);
    target.r#type = request_type(request.request_type);
    fill(&mut target.defaultUrl, &request.default_url);
}

/// The type of a request as C has it.
pub fn request_type(request_type: RequestType) -> MediaKeyRequestTypeValue {
    match request_type {
        RequestType::Initial => DRM_MediaKeyRequestType::MEDIA_KEY_REQUEST_TYPE_INITIAL,
        RequestType::Renewal => DRM_MediaKeyRequestType::MEDIA_KEY_REQUEST_TYPE_RENEWAL,
        RequestType::Release => DRM_MediaKeyRequestType::MEDIA_KEY_REQUEST_TYPE_RELEASE,
        RequestType::NotNeeded => DRM_MediaKeyRequestType::MEDIA_KEY_REQUEST_TYPE_NONE,
        RequestType::Update => DRM_MediaKeyRequestType::MEDIA_KEY_REQUEST_TYPE_UPDATE,
    }
    .into()
}

/// A kind of request from C; none if it is unknown.
pub fn read_request_type(value: MediaKeyRequestTypeValue) -> Option<RequestType> {
    Some(match value.0 {
        1 => RequestType::Initial,
        2 => RequestType::Renewal,
        3 => RequestType::Release,
        4 => RequestType::NotNeeded,
        5 => RequestType::Update,
        _ => return None,
    })
}

/// A certificate's status from C; none if it is unknown.
pub fn read_certificate_status(value: CertificateStatusValue) -> Option<CertificateStatus> {
    Some(match value.0 {
        0 => CertificateStatus::Provisioned,
        1 => CertificateStatus::NotProvisioned,
        2 => CertificateStatus::Expired,
        3 => CertificateStatus::Invalid,
        _ => return None,
    })
}

/// A stored key's status from C; none if it is unknown.
pub fn read_stored_status(value: OfflineMediaKeyStatusValue) -> Option<StoredStatus> {
    Some(match value.0 {
        1 => StoredStatus::Usable,
        2 => StoredStatus::Inactive,
        _ => return None,
    })
}

/// A kind of event from C.
pub fn event_kind(argument: &'static str, value: EventTypeValue) -> Result<EventKind> {
    Ok(match value.0 {
        201 => EventKind::ProvisionRequired,
        202 => EventKind::KeyRequired,
        203 => EventKind::KeyExpired,
        204 => EventKind::VendorDefined,
        206 => EventKind::ExpirationUpdate,
        other => return Err(Error::invalid(argument, format!("{other} is not an event"))),
    })
}

/// What a media key request asks for, for a plugin. It came from such a struct.
pub fn request_info_value(info: &MediaKeyRequestInfo, target: &mut DRM_MediaKeyRequestInfo) {
    target.r#type = match info.key_type {
        MediaKeyType::Offline => DRM_MediaKeyType::MEDIA_KEY_TYPE_OFFLINE,
        MediaKeyType::Online => DRM_MediaKeyType::MEDIA_KEY_TYPE_ONLINE,
    }
    .into();
    let length = info.init_data.len().min(target.initData.len());
    target.initData[..length].copy_from_slice(&info.init_data[..length]);
    target.initDataLen = i32::try_from(length).unwrap_or(0);
    fill(&mut target.mimeType, &info.mime_type);
    let options = target.optionName.iter_mut().zip(&mut target.optionData);
    for ((name, value), option) in options.zip(&info.options) {
        fill(name, &option.0);
        fill_all(value, &option.1);
    }
    target.optionsCount = count(info.options.len().min(target.optionName.len()));
}

/// The pssh boxes in some data that fit into a DRM_MediaKeySystemInfo.
pub fn fitting_pssh_boxes(data: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut boxes = init_data::find_pssh_within(data, MAX_PSSH_DATA_LEN)?;
    init_data::retain_fitting(&mut boxes, MAX_PSSH_INFO_COUNT, is_understood);
    Ok(boxes)
}

fn is_understood(system_id: &[u8; 16]) -> bool {
    registry::descriptors().iter().any(|descriptor| descriptor.system_ids.contains(system_id))
}

/// The system id of a well-formed box. Where it stands depends on the box's size field, which may have 64 bits.
pub fn system_id(pssh: &[u8]) -> [u8; 16] {
    init_data::pssh::parse(pssh).map(|parsed| parsed.system_id).unwrap_or_default()
}

/// Pssh boxes for C.
pub fn pssh_boxes(boxes: &[Vec<u8>], target: &mut DRM_MediaKeySystemInfo) {
    for (slot, found) in target.psshInfo.iter_mut().zip(boxes) {
        slot.uuid = system_id(found);
        slot.data[..found.len()].copy_from_slice(found);
        slot.dataLen = i32::try_from(found.len()).unwrap_or(0);
    }
    target.psshCount = count(boxes.len().min(target.psshInfo.len()));
}

/// Explanations of licenses as JSON.
pub fn explanations(explained: &[ExplainedLicense]) -> Result<String> {
    #[derive(Serialize)]
    struct Explained<'a> {
        license_id: &'a str,
        text: String,
        session_token: Option<String>,
        client_token: Option<String>,
        #[serde(flatten)]
        explanation: &'a Explanation,
    }
    fn base64(token: Option<&[u8]>) -> Option<String> {
        token.map(|token| Variant::Standard.encode(token))
    }
    fn explain(license: &ExplainedLicense) -> Explained<'_> {
        Explained {
            license_id: &license.license_id,
            text: license.explanation.to_string(),
            session_token: base64(license.session_token.as_deref()),
            client_token: base64(license.client_token.as_deref()),
            explanation: &license.explanation,
        }
    }
    let all: Vec<_> = explained.iter().map(explain).collect();
    serde_json::to_string(&all).map_err(|error| Error::Internal(error.to_string().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: the id was taken from a fixed place, which is another one behind a 64-bit size field.
    #[test]
    fn the_system_id_of_a_box_with_a_64_bit_size() {
        let parts = [&[0, 0, 0, 1][..], b"pssh", &52_u64.to_be_bytes(), &[0; 4], &[7; 16], &[0, 0, 0, 12], &[9; 12]];
        let bytes = parts.concat();
        let boxes = fitting_pssh_boxes(&bytes).unwrap();
        assert_eq!(boxes, std::slice::from_ref(&bytes));
        assert_eq!(system_id(&boxes[0]), [7; 16]);
    }
}
