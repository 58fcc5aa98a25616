//! org.w3.clearkey: W3C Encrypted Media Extensions section 9.1, strict.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::eme_json::{license_request, malformed_json, parse_license, to_json};
use crate::error::{Error, Result};
use crate::key_system::{
    Descriptor, KeySystem, License, MediaKeyRequestInfo, ProtectionLevel, Release, Request, RequestContext,
    SessionHost, SessionModule, SystemHost, SystemModule,
};
use crate::storage::StoredKey;
use base::base64::Variant;
use base::json::Object;
use init_data;
use once_cell::sync::Lazy;

/// The key system.
pub struct ClearKey;

static DESCRIPTOR: Lazy<Arc<Descriptor>> = Lazy::new(|| {
    Arc::new(super::descriptor(
        "org.w3.clearkey",
        &[init_data::W3C_CLEAR_KEY_SYSTEM_ID, init_data::DASHIF_CLEAR_KEY_SYSTEM_ID],
        "W3C Clear Key (EME section 9.1)",
    ))
});

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseMessage {
    kids: Vec<String>,
}

impl KeySystem for ClearKey {
    fn descriptor(&self) -> Arc<Descriptor> {
        Arc::clone(&DESCRIPTOR)
    }

    fn open(&self, _: Arc<dyn SystemHost>) -> Result<Box<dyn SystemModule>> {
        Ok(Box::new(Self))
    }
}

impl SystemModule for ClearKey {
    fn key_system_request(&self) -> Result<Request> {
        Ok(super::needless_provisioning())
    }

    fn process_key_system_response(&self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn open_session(&self, _: ProtectionLevel, _: Arc<dyn SessionHost>) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(Self))
    }
}

impl SessionModule for ClearKey {
    fn media_key_request(&self, info: &MediaKeyRequestInfo, _: &RequestContext) -> Result<Request> {
        let ids =
            info.key_ids(&DESCRIPTOR, |boxes| init_data::key_ids_of_system(&DESCRIPTOR.system_ids, boxes, false))?;
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
