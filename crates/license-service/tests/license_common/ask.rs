//! What a device asks for.

use license::protocol::Ask;
use license::template::{DeviceLevel, Hdcp};

/// A key of "movie".
pub const KEY_ID: [u8; 16] = [0xa0; 16];

/// For "movie", with a device that can do nothing special.
pub fn ask() -> Ask {
    Ask {
        key_ids: vec![KEY_ID.to_vec()],
        persistent: false,
        device_level: DeviceLevel::SwCrypto,
        hdcp: Hdcp::None,
        client_token: None,
        options: Default::default(),
    }
}
