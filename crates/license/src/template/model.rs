//! The message as Rust types. Absent and zero are kept apart: every optional member is an `Option`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::overrides::PolicyOverrides;
use base::secret::SecretArray;

/// Which rules a message is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Every rule.
    #[default]
    Strict,
    /// What Azure's own samples send is accepted with warnings: both selectors, upper-case `HDCP`, null members, unknown
    /// fields that cannot restrict anything.
    Azure,
}

/// A license template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The client's license request.
    pub payload: Option<Vec<u8>>,
    /// Identifies the content; key ids and content keys are derived from it.
    pub content_id: Option<Vec<u8>>,
    /// Whose keys and policies.
    pub provider: Option<String>,
    /// A stored policy.
    pub policy_name: Option<String>,
    /// Which video keys the license carries; all if absent. It always carries AUDIO.
    pub allowed_track_types: Option<AllowedTrackTypes>,
    /// Finer choice of keys; a track that is not listed gets none.
    pub content_key_specs: Option<Vec<ContentKeySpec>>,
    /// Leaves stored policies aside.
    pub use_policy_overrides_exclusively: Option<bool>,
    /// What differs from the stored policy.
    pub policy_overrides: Option<PolicyOverrides>,
    /// Data passed through.
    pub session_init: Option<SessionInit>,
    /// Answer with what was understood; issue nothing.
    pub parse_only: Option<bool>,
}

/// Video keys that a license carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum AllowedTrackTypes {
    /// SD.
    #[serde(rename = "SD_ONLY")]
    SdOnly,
    /// SD and HD.
    #[serde(rename = "SD_HD")]
    SdHd,
}

impl AllowedTrackTypes {
    pub(super) const WORDS: &[(&str, Self)] = &[("SD_ONLY", Self::SdOnly), ("SD_HD", Self::SdHd)];

    /// Whether keys of a track type are carried: AUDIO always, of the others those that are named.
    pub fn carries(self, track_type: &str) -> bool {
        match track_type {
            "AUDIO" | "SD" => true,
            "HD" => self == Self::SdHd,
            _ => false,
        }
    }
}

/// What one key is for and what it demands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentKeySpec {
    /// AUDIO, SD, HD, UHD1, UHD2 or any other name.
    pub track_type: Option<String>,
    /// Demand on the device; 1 if absent.
    pub security_level: Option<SecurityLevel>,
    /// Demand on the output; HDCP_NONE if absent.
    pub hdcp: Option<Hdcp>,
    /// The content key, where it is not derived.
    pub key: Option<SecretArray<16>>,
    /// The key id, where it is not derived.
    pub key_id: Option<[u8; 16]>,
}

/// Data that a message passes through to the license. `Debug` leaves the tokens out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SessionInit {
    /// Comes back in the license and its renewals; does not outlive the session.
    pub provider_session_token: Option<Vec<u8>>,
    /// Comes back in the license and persists on the client.
    pub provider_client_token: Option<Vec<u8>>,
    /// Whether `provider_client_token` wins over a token in the request; false if absent.
    pub override_provider_client_token: Option<bool>,
}

impl fmt::Debug for SessionInit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionInit")
            .field("override_provider_client_token", &self.override_provider_client_token)
            .finish_non_exhaustive()
    }
}

impl SessionInit {
    /// The client token of the license, given that of the request.
    pub fn client_token<'a>(&'a self, requested: Option<&'a [u8]>) -> Option<&'a [u8]> {
        let own = self.provider_client_token.as_deref();
        if self.override_provider_client_token == Some(true) { own.or(requested) } else { requested.or(own) }
    }
}

/// Robustness that a key demands of the device, 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct SecurityLevel(u8);

impl SecurityLevel {
    /// Software cryptography; the least.
    pub const LEAST: Self = Self(1);

    /// A level; none outside 1 to 5.
    pub fn new(level: u8) -> Option<Self> {
        (1..=5).contains(&level).then_some(Self(level))
    }

    /// The number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The content protection level that a device needs: 1 and 2 software, 3 hardware, 4 and 5 enhanced hardware.
    pub fn device_level(self) -> DeviceLevel {
        match self.0 {
            ..=2 => DeviceLevel::SwCrypto,
            3 => DeviceLevel::HwCrypto,
            _ => DeviceLevel::EnhancedHwCrypto,
        }
    }
}

impl Default for SecurityLevel {
    fn default() -> Self {
        Self::LEAST
    }
}

impl TryFrom<u8> for SecurityLevel {
    type Error = String;

    fn try_from(level: u8) -> Result<Self, String> {
        Self::new(level).ok_or_else(|| format!("security level {level} is not in 1..=5"))
    }
}

impl From<SecurityLevel> for u8 {
    fn from(level: SecurityLevel) -> Self {
        level.0
    }
}

/// What a device can do, lowest first; the numbers are those of OpenHarmony's content protection levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DeviceLevel {
    /// Cryptography in software.
    #[default]
    #[serde(rename = "SW_CRYPTO")]
    SwCrypto = 1,
    /// Cryptography in hardware.
    #[serde(rename = "HW_CRYPTO")]
    HwCrypto = 2,
    /// Cryptography and the whole media path in hardware.
    #[serde(rename = "ENHANCED_HW_CRYPTO")]
    EnhancedHwCrypto = 3,
}

impl DeviceLevel {
    /// The name, such as SW_CRYPTO.
    pub fn word(self) -> &'static str {
        match self {
            Self::SwCrypto => "SW_CRYPTO",
            Self::HwCrypto => "HW_CRYPTO",
            Self::EnhancedHwCrypto => "ENHANCED_HW_CRYPTO",
        }
    }

    /// The level of that name.
    pub fn by_word(word: &str) -> Option<Self> {
        [Self::SwCrypto, Self::HwCrypto, Self::EnhancedHwCrypto].into_iter().find(|level| level.word() == word)
    }
}

/// Protection of the output, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Hdcp {
    /// None.
    #[default]
    #[serde(rename = "HDCP_NONE")]
    None,
    /// HDCP 1.x.
    #[serde(rename = "HDCP_V1")]
    V1,
    /// HDCP 2.x.
    #[serde(rename = "HDCP_V2")]
    V2,
}

impl Hdcp {
    pub(super) const WORDS: &[(&str, Self)] =
        &[(Self::None.word(), Self::None), (Self::V1.word(), Self::V1), (Self::V2.word(), Self::V2)];

    /// The name, such as HDCP_V1.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "HDCP_NONE",
            Self::V1 => "HDCP_V1",
            Self::V2 => "HDCP_V2",
        }
    }

    /// The protection of that name.
    pub fn by_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(own, _)| *own == word).map(|(_, hdcp)| *hdcp)
    }
}

/// What a key demands of device and output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRequirement {
    /// Demand on the device.
    pub security_level: SecurityLevel,
    /// Demand on the output.
    pub hdcp: Hdcp,
}

impl ContentKeySpec {
    /// What the key demands.
    pub fn requirement(&self) -> KeyRequirement {
        KeyRequirement { security_level: self.security_level.unwrap_or_default(), hdcp: self.hdcp.unwrap_or_default() }
    }
}

impl Template {
    /// What the key of a track demands; none if the license carries no key for that track.
    ///
    /// With `allowed_track_types` that selects; with `content_key_specs` a track that they do not list gets no key; with
    /// both (profile azure) the first selects and the second sets demands.
    pub fn key_requirement(&self, track_type: &str) -> Option<KeyRequirement> {
        let specs = self.content_key_specs.as_deref();
        let spec = specs.unwrap_or_default().iter().find(|spec| spec.track_type.as_deref() == Some(track_type));
        let listed = spec.map(ContentKeySpec::requirement);
        match self.allowed_track_types {
            Some(allowed) => allowed.carries(track_type).then(|| listed.unwrap_or_default()),
            None if specs.is_some() => listed,
            None => Some(KeyRequirement::default()),
        }
    }

    /// Elements that bring a key for no track: they have key and key id and are carried always.
    pub fn keys_without_track(&self) -> impl Iterator<Item = &ContentKeySpec> {
        self.content_key_specs.iter().flatten().filter(|spec| spec.track_type.is_none())
    }
}
