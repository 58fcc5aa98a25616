//! `multimedia/drm_framework/native_drm_common.h`: enums, structs and constants of the DRM kit.

use std::ffi::c_char;

use crate::glue::enums::c_enum_values;

/// Events that callbacks receive.
///
/// @since 11
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DRM_EventType {
    /// Base of the event numbers; not an event.
    EVENT_DRM_BASE = 200,
    /// A device certificate is needed. No info.
    EVENT_PROVISION_REQUIRED = 201,
    /// A license is needed. Info: the init data to pass to the next OH_MediaKeySession_GenerateMediaKeyRequest(): a pssh
    /// box, to be passed with mimeType "cenc" whatever the media's is; at com.clearplay.drm's first request for some init
    /// data: that init data as it was given, to be passed with the mimeType of that request.
    ///
    /// Where a decrypt has no key: once per key id until it arrives. A session remembers 4,096 needs and forgets the oldest;
    /// while events of 4 MiB wait for a callback, nothing is announced, and the next decrypt after that does it.
    EVENT_KEY_REQUIRED = 202,
    /// Keys expired or were cleared. Info: their key ids, 16 bytes each.
    EVENT_KEY_EXPIRED = 203,
    /// Defined by the key system, as is its info.
    EVENT_VENDOR_DEFINED = 204,
    /// The expiry changed or a license was restored. Info: milliseconds since 1970 as decimal text, "0" = never.
    EVENT_EXPIRATION_UPDATE = 206,
}

/// Content protection levels, lowest first.
///
/// @since 11
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DRM_ContentProtectionLevel {
    /// No level; not accepted as an argument.
    CONTENT_PROTECTION_LEVEL_UNKNOWN = 0,
    /// Cryptography in software. The highest level that this library really has.
    CONTENT_PROTECTION_LEVEL_SW_CRYPTO = 1,
    /// Cryptography in hardware.
    CONTENT_PROTECTION_LEVEL_HW_CRYPTO = 2,
    /// Cryptography and the whole media path in hardware.
    CONTENT_PROTECTION_LEVEL_ENHANCED_HW_CRYPTO = 3,
    /// One past the highest level; not accepted as an argument.
    CONTENT_PROTECTION_LEVEL_MAX = 4,
}

/// Whether a media key is stored.
///
/// @since 11
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DRM_MediaKeyType {
    /// A key that is stored and can be restored without a server.
    MEDIA_KEY_TYPE_OFFLINE = 0,
    /// A key that lives as long as its session.
    MEDIA_KEY_TYPE_ONLINE = 1,
}

/// Kinds of media key request.
///
/// @since 11
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DRM_MediaKeyRequestType {
    /// Unknown.
    MEDIA_KEY_REQUEST_TYPE_UNKNOWN = 0,
    /// Initial request for a license.
    MEDIA_KEY_REQUEST_TYPE_INITIAL = 1,
    /// Request to renew a license.
    MEDIA_KEY_REQUEST_TYPE_RENEWAL = 2,
    /// Request to release a license.
    MEDIA_KEY_REQUEST_TYPE_RELEASE = 3,
    /// No request is needed.
    MEDIA_KEY_REQUEST_TYPE_NONE = 4,
    /// Request to update a license.
    MEDIA_KEY_REQUEST_TYPE_UPDATE = 5,
}

/// States of a stored (offline) media key.
///
/// @since 11
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DRM_OfflineMediaKeyStatus {
    /// Unknown.
    OFFLINE_MEDIA_KEY_STATUS_UNKNOWN = 0,
    /// The key can be restored and used.
    OFFLINE_MEDIA_KEY_STATUS_USABLE = 1,
    /// The key has been released.
    OFFLINE_MEDIA_KEY_STATUS_INACTIVE = 2,
}

/// States of the device certificate.
///
/// @since 11
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DRM_CertificateStatus {
    /// The device has a valid certificate, or the key system needs none.
    CERT_STATUS_PROVISIONED = 0,
    /// The device has no certificate.
    CERT_STATUS_NOT_PROVISIONED = 1,
    /// The certificate has expired.
    CERT_STATUS_EXPIRED = 2,
    /// The certificate is not valid.
    CERT_STATUS_INVALID = 3,
    /// The status is not known.
    CERT_STATUS_UNAVAILABLE = 4,
}

c_enum_values! {
    EventTypeValue of DRM_EventType;
    ContentProtectionLevelValue of DRM_ContentProtectionLevel;
    MediaKeyTypeValue of DRM_MediaKeyType;
    MediaKeyRequestTypeValue of DRM_MediaKeyRequestType;
    OfflineMediaKeyStatusValue of DRM_OfflineMediaKeyStatus;
    CertificateStatusValue of DRM_CertificateStatus;
}

/// Options in one media key request.
pub const MAX_MEDIA_KEY_REQUEST_OPTION_COUNT: usize = 16;
/// Bytes of an option's name, including its NUL.
pub const MAX_MEDIA_KEY_REQUEST_OPTION_NAME_LEN: usize = 64;
/// Bytes of an option's data.
pub const MAX_MEDIA_KEY_REQUEST_OPTION_DATA_LEN: usize = 128;
/// Bytes of init data.
pub const MAX_INIT_DATA_LEN: usize = 2048;
/// Bytes of a MIME type, including its NUL.
pub const MAX_MIMETYPE_LEN: usize = 64;
/// Bytes of a media key request.
pub const MAX_MEDIA_KEY_REQUEST_DATA_LEN: usize = 8192;
/// Bytes of a default URL, including its NUL.
pub const MAX_DEFAULT_URL_LEN: usize = 2048;
/// Entries of DRM_Statistics.
pub const MAX_STATISTICS_COUNT: usize = 10;
/// Bytes of a statistic's name, including its NUL.
pub const MAX_STATISTICS_NAME_LEN: usize = 64;
/// Bytes of a statistic's value, including its NUL.
pub const MAX_STATISTICS_BUFFER_LEN: usize = 256;
/// Offline media keys in one store.
pub const MAX_OFFLINE_MEDIA_KEY_ID_COUNT: usize = 512;
/// Bytes of an offline media key id.
pub const MAX_OFFLINE_MEDIA_KEY_ID_LEN: usize = 64;
/// Keys in one key change.
pub const MAX_KEY_INFO_COUNT: usize = 64;
/// Bytes of a key id.
pub const MAX_KEY_ID_LEN: usize = 16;
/// Bytes of a key's status word, including its NUL.
pub const MAX_KEY_STATUS_VALUE_LEN: usize = 128;
/// Rows of DRM_MediaKeyStatus.
pub const MAX_MEDIA_KEY_STATUS_COUNT: usize = 64;
/// Bytes of a row's name, including its NUL.
pub const MAX_MEDIA_KEY_STATUS_NAME_LEN: usize = 64;
/// Bytes of a row's value, including its NUL.
pub const MAX_MEDIA_KEY_STATUS_VALUE_LEN: usize = 256;
/// Bytes of a DRM system id.
pub const DRM_UUID_LEN: usize = 16;
/// Bytes of one pssh box.
pub const MAX_PSSH_DATA_LEN: usize = 2048;
/// Boxes in DRM_MediaKeySystemInfo.
pub const MAX_PSSH_INFO_COUNT: usize = 8;
/// Bytes of a key system's name, including its NUL.
pub const MAX_MEDIA_KEY_SYSTEM_NAME_LEN: usize = 128;
/// Key systems that a program has to expect.
pub const MAX_MEDIA_KEY_SYSTEM_NUM: usize = 8;

/// What OH_MediaKeySession_GenerateMediaKeyRequest() needs.
///
/// @since 11
#[repr(C)]
pub struct DRM_MediaKeyRequestInfo {
    /// MEDIA_KEY_TYPE_ONLINE or MEDIA_KEY_TYPE_OFFLINE.
    pub r#type: MediaKeyTypeValue,
    /// Bytes used in initData, 1 to MAX_INIT_DATA_LEN.
    pub initDataLen: i32,
    /// Init data: concatenated pssh boxes, a WebM key id, or a "keyids" JSON text, as mimeType says.
    pub initData: [u8; MAX_INIT_DATA_LEN],
    /// MIME type of the media, such as "video/mp4", or the EME init data type "cenc", "webm" or "keyids";
    /// NUL-terminated.
    pub mimeType: [c_char; MAX_MIMETYPE_LEN],
    /// Options used, 0 to MAX_MEDIA_KEY_REQUEST_OPTION_COUNT.
    pub optionsCount: u32,
    /// Names of the options, NUL-terminated.
    pub optionName: [[c_char; MAX_MEDIA_KEY_REQUEST_OPTION_NAME_LEN]; MAX_MEDIA_KEY_REQUEST_OPTION_COUNT],
    /// Values of the options; a value that fills its array needs no NUL.
    pub optionData: [[c_char; MAX_MEDIA_KEY_REQUEST_OPTION_DATA_LEN]; MAX_MEDIA_KEY_REQUEST_OPTION_COUNT],
}

/// What OH_MediaKeySession_GenerateMediaKeyRequest() returns: the message for the license server.
///
/// @since 11
#[repr(C)]
pub struct DRM_MediaKeyRequest {
    /// Kind of request.
    pub r#type: MediaKeyRequestTypeValue,
    /// Bytes used in data.
    pub dataLen: i32,
    /// The message.
    pub data: [u8; MAX_MEDIA_KEY_REQUEST_DATA_LEN],
    /// Where to send it, NUL-terminated; empty if the key system does not know.
    pub defaultUrl: [c_char; MAX_DEFAULT_URL_LEN],
}

/// Names and values of statistics.
///
/// @since 11
#[repr(C)]
pub struct DRM_Statistics {
    /// Entries used.
    pub statisticsCount: u32,
    /// Names, NUL-terminated.
    pub statisticsName: [[c_char; MAX_STATISTICS_NAME_LEN]; MAX_STATISTICS_COUNT],
    /// Values as text, NUL-terminated.
    pub statisticsDescription: [[c_char; MAX_STATISTICS_BUFFER_LEN]; MAX_STATISTICS_COUNT],
}

/// Ids of stored (offline) media keys.
///
/// @since 12
#[repr(C)]
pub struct DRM_OfflineMediakeyIdArray {
    /// Ids used.
    pub idsCount: u32,
    /// Bytes used in each id.
    pub idsLen: [i32; MAX_OFFLINE_MEDIA_KEY_ID_COUNT],
    /// The ids.
    pub ids: [[u8; MAX_OFFLINE_MEDIA_KEY_ID_LEN]; MAX_OFFLINE_MEDIA_KEY_ID_COUNT],
}

/// Keys of a session and their status words, as key-change callbacks receive them.
///
/// @since 11
#[repr(C)]
pub struct DRM_KeysInfo {
    /// Keys listed; a session's keys beyond MAX_KEY_INFO_COUNT are not listed.
    pub keysInfoCount: u32,
    /// Key ids; a shorter id is padded with zeros, a longer one is cut.
    pub keyId: [[u8; MAX_KEY_ID_LEN]; MAX_KEY_INFO_COUNT],
    /// Status words: USABLE EXPIRED OUTPUT_NOT_ALLOWED PENDING INTERNAL_ERROR USABLE_IN_FUTURE; NUL-terminated.
    pub statusValue: [[c_char; MAX_KEY_STATUS_VALUE_LEN]; MAX_KEY_INFO_COUNT],
}

/// Status rows of a session: one per key (name = lower-case hexadecimal key id, value = status word), then rows of the
/// license where it has a policy.
///
/// @since 11
#[repr(C)]
pub struct DRM_MediaKeyStatus {
    /// Rows used.
    pub statusCount: u32,
    /// Names, NUL-terminated.
    pub statusName: [[c_char; MAX_MEDIA_KEY_STATUS_NAME_LEN]; MAX_MEDIA_KEY_STATUS_COUNT],
    /// Values, NUL-terminated.
    pub statusValue: [[c_char; MAX_MEDIA_KEY_STATUS_VALUE_LEN]; MAX_MEDIA_KEY_STATUS_COUNT],
}

/// One pssh box (ISO/IEC 23001-7 section 8.1).
///
/// @since 11
#[repr(C)]
pub struct DRM_PsshInfo {
    /// DRM system id.
    pub uuid: [u8; DRM_UUID_LEN],
    /// Bytes used in data.
    pub dataLen: i32,
    /// The complete box, ready to be used as init data.
    pub data: [u8; MAX_PSSH_DATA_LEN],
}

/// The pssh boxes of a stream.
///
/// @since 11
#[repr(C)]
pub struct DRM_MediaKeySystemInfo {
    /// Boxes used.
    pub psshCount: u32,
    /// The boxes.
    pub psshInfo: [DRM_PsshInfo; MAX_PSSH_INFO_COUNT],
}

/// Receives the pssh boxes of a stream from a player. The library declares the type for players and calls no such callback:
/// on which thread it is called is the player's to say. OH_Drm_ParseMediaKeySystemInfo() fills what it receives.
///
/// native_drm_common.h says what it must not do.
///
/// @param mediaKeySystemInfo the boxes; valid during the call
/// @since 11
pub type DRM_MediaKeySystemInfoCallback =
    Option<unsafe extern "C-unwind" fn(mediaKeySystemInfo: *mut DRM_MediaKeySystemInfo)>;

/// An instance of a key system. A handle: never dereferenced, safe to pass after destruction (DRM_ERR_INVALID_VAL).
///
/// @since 11
pub struct MediaKeySystem {
    _handle: (),
}

/// A session that holds media keys. A handle: never dereferenced, safe to pass after destruction
/// (DRM_ERR_INVALID_VAL).
///
/// @since 11
pub struct MediaKeySession {
    _handle: (),
}

/// Name and system id of a key system.
///
/// @since 12
#[repr(C)]
pub struct DRM_MediaKeySystemDescription {
    /// Name, NUL-terminated.
    pub name: [c_char; MAX_MEDIA_KEY_SYSTEM_NAME_LEN],
    /// System id as in pssh boxes.
    pub uuid: [u8; DRM_UUID_LEN],
}

impl DRM_KeysInfo {
    pub(crate) const ZERO: Self = Self {
        keysInfoCount: 0,
        keyId: [[0; MAX_KEY_ID_LEN]; MAX_KEY_INFO_COUNT],
        statusValue: [[0; MAX_KEY_STATUS_VALUE_LEN]; MAX_KEY_INFO_COUNT],
    };
}
