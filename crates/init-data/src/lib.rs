//! Initialisation data: `pssh` boxes (ISO/IEC 23001-7), the containers that carry them, and lists of key ids.
//!
//! Everything that can be read is read: what cannot (a box, a line, an element, one id) is passed over and said in the log,
//! and a function fails only where nothing is left.
//!
//! Everything here is a pure function of the bytes given: no panic, whatever they are, and work and memory proportional
//! to their number.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]

mod boxes;
pub mod dash;
pub mod describe;
mod detect;
mod error;
pub mod hls;
pub mod key_ids;
pub mod mp4;
pub mod mpeg_ts;
pub mod outline;
pub mod playlist;
mod protection;
pub mod pssh;
mod select;
pub mod smooth;
mod system_data;
pub mod webm;
mod xml;

pub use detect::{Kind, find_pssh, find_pssh_within, kind};
pub use error::{Error, Result};
pub use protection::Protection;
pub use select::{key_ids_for, key_ids_of_system, retain_fitting};

/// OpenHarmony's ClearPlay, `47a10ff0-ca3c-49c6-9c12-a764ffde091f`.
pub const CLEARPLAY_SYSTEM_ID: [u8; 16] = 0x47a1_0ff0_ca3c_49c6_9c12_a764_ffde_091f_u128.to_be_bytes();

/// The common system id of W3C EME, which Clear Key uses: `1077efec-c0b2-4d02-ace3-3c1e52e2fb4b` (W3C "cenc"
/// Initialization Data Format).
pub const W3C_CLEAR_KEY_SYSTEM_ID: [u8; 16] = 0x1077_efec_c0b2_4d02_ace3_3c1e_52e2_fb4b_u128.to_be_bytes();

/// DASH-IF's Clear Key, `e2719d58-a985-b3c9-781a-b030af78d30e`.
pub const DASHIF_CLEAR_KEY_SYSTEM_ID: [u8; 16] = 0xe271_9d58_a985_b3c9_781a_b030_af78_d30e_u128.to_be_bytes();

pub use system_data::{PLAYREADY_SYSTEM_ID, WIDEVINE_SYSTEM_ID};

/// `com.policyplay.drm`.
pub const POLICYPLAY_SYSTEM_ID: [u8; 16] = 0x3e0f_1006_ed99_4bfb_9e0a_d4f5_b998_3054_u128.to_be_bytes();

/// The system ids of the key systems of this library.
pub const OWN_SYSTEM_IDS: [[u8; 16]; 4] =
    [CLEARPLAY_SYSTEM_ID, W3C_CLEAR_KEY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID, POLICYPLAY_SYSTEM_ID];
