//! org.w3.clearkey: W3C Encrypted Media Extensions section 9.1, strict.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::eme_json::{license_request, malformed_json, parse_license, to_json};
use super::{ALGORITHMS, MIME_TYPES, VENDOR};
use crate::error::{Error, Result};
use crate::key_system::{
    Descriptor, KeySystem, License, MediaKeyRequestInfo, Release, Request, RequestContext, SessionModule, SystemModule,
};
use crate::platform::Platform;
use crate::storage::StoredKey;
use base::base64::Variant;
use base::json::Object;
use init_data;

/// The key system.
pub struct ClearKey;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "org.w3.clearkey",
    uuid: init_data::W3C_CLEAR_KEY_SYSTEM_ID,
    system_ids: &[init_data::W3C_CLEAR_KEY_SYSTEM_ID, init_data::DASHIF_CLEAR_KEY_SYSTEM_ID],
    vendor: VENDOR,
    description: "W3C Clear Key (EME section 9.1)",
    algorithms: ALGORITHMS,
    mime_types: MIME_TYPES,
    announces_requests: false,
    has_settable_defaults: false,
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseMessage {
    kids: Vec<String>,
}

impl KeySystem for ClearKey {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, _: &Arc<Platform>) -> Box<dyn SystemModule> {
        Box::new(Self)
    }
}

impl SystemModule for ClearKey {
    fn open_session(&self) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(Self))
    }
}

impl SessionModule for ClearKey {
    fn media_key_request(&self, info: &MediaKeyRequestInfo, _: &RequestContext) -> Result<Request> {
        let ids =
            info.key_ids(&DESCRIPTOR, |boxes| init_data::key_ids_of_system(DESCRIPTOR.system_ids, boxes, false))?;
        Ok(Request::initial(license_request(&ids, info.key_type, Variant::Url)?))
    }

    fn parse_license(&self, response: &[u8]) -> Result<License> {
        parse_license(response)
    }

    fn release_request(&self, key_id: &[u8], stored: Option<&StoredKey>) -> Result<Vec<u8>> {
        stored.ok_or_else(|| Error::no_offline_key(key_id))?;
        to_json(&ReleaseMessage { kids: vec![Variant::Url.encode(key_id)] })
    }

    fn process_release_response(&self, key_id: &[u8], response: &[u8]) -> Result<Release> {
        const WHAT: &str = "release acknowledgement";
        let Object::<ReleaseMessage>(message) =
            serde_json::from_slice(response).map_err(|error| malformed_json(WHAT, response, &error))?;
        if !message.kids.contains(&Variant::Url.encode(key_id)) {
            return Err(Error::malformed(WHAT, 0, "it does not name the key"));
        }
        Ok(Release::Delete)
    }
}
