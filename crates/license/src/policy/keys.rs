//! Whether a key may be used with the device's protection level and output.

use serde::Serialize;

use super::state::State;
use super::{DeviceLevel, Hdcp, KeyRequirement};

/// A key of a license and what it demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPermit {
    /// The key id.
    pub key_id: Vec<u8>,
    /// AUDIO, SD, HD, UHD1, UHD2 or any other name; none for a key that was given for no track.
    pub track_type: Option<String>,
    /// What it demands.
    pub requirement: KeyRequirement,
}

/// What device and output offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The device's protection level.
    pub level: DeviceLevel,
    /// The output's protection.
    pub hdcp: Hdcp,
}

/// The status of a key as OpenHarmony names it: in key-change callbacks and in `CheckMediaKeyStatus` alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyStatus {
    /// Decrypts.
    Usable = 0,
    /// Its license is over.
    Expired = 1,
    /// The output does not meet the license's requirement.
    OutputNotAllowed = 2,
    /// Not known yet.
    Pending = 3,
    /// Cannot decrypt: not 16 bytes long, or the device is too weak for it.
    InternalError = 4,
    /// Its license has not begun, or the clock was set back.
    UsableInFuture = 5,
}

impl KeyStatus {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Usable, Self::Expired, Self::OutputNotAllowed, Self::Pending, Self::InternalError, Self::UsableInFuture];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Usable => "USABLE",
            Self::Expired => "EXPIRED",
            Self::OutputNotAllowed => "OUTPUT_NOT_ALLOWED",
            Self::Pending => "PENDING",
            Self::InternalError => "INTERNAL_ERROR",
            Self::UsableInFuture => "USABLE_IN_FUTURE",
        }
    }
}

/// Whether a key may be used, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyVerdict {
    /// It may.
    Usable,
    /// The license is over.
    Expired,
    /// The policy does not allow to play.
    Blocked,
    /// The clock was set back.
    ClockLocked,
    /// The output lacks the protection that the key demands.
    OutputNotAllowed,
    /// The device lacks the protection level that the key demands.
    LevelInsufficient,
}

impl KeyVerdict {
    /// The status that a session shows.
    ///
    /// OpenHarmony has none for a policy that forbids playing (EXPIRED) and for a clock that was set back
    /// (USABLE_IN_FUTURE); a key that the device is too weak for cannot be used by it (INTERNAL_ERROR).
    pub fn status(self) -> KeyStatus {
        match self {
            Self::Usable => KeyStatus::Usable,
            Self::Expired | Self::Blocked => KeyStatus::Expired,
            Self::ClockLocked => KeyStatus::UsableInFuture,
            Self::OutputNotAllowed => KeyStatus::OutputNotAllowed,
            Self::LevelInsufficient => KeyStatus::InternalError,
        }
    }

    /// The verdict on a key of a license in a state.
    pub(super) fn on(state: State, requirement: KeyRequirement, device: Device) -> Self {
        match state {
            State::None | State::Expired => Self::Expired,
            State::Blocked => Self::Blocked,
            State::ClockLocked => Self::ClockLocked,
            State::Ready | State::Playing | State::Renewing => {
                if requirement.security_level.device_level() > device.level {
                    Self::LevelInsufficient
                } else if requirement.hdcp > device.hdcp {
                    Self::OutputNotAllowed
                } else {
                    Self::Usable
                }
            }
        }
    }
}
