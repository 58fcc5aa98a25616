//! Each kind of handle has a number of its own.

use std::collections::BTreeSet;

use crate::glue::handle::Kind;
use crate::glue::media_keys::{Sessions, Systems};
use crate::isolation::handles::{RemoteSessions, RemoteSystems};
use crate::native_avbuffer::object::AvBuffers;
use crate::native_avmetadata::{MetadataBuilders, Metadatas};
use crate::native_avplaybackstate::PlaybackStates;
use crate::native_avsession::registry::AvSessions;
use crate::native_cencinfo::object::CencInfos;
use crate::native_drm_license::object::LicenseTemplates;
#[cfg(feature = "license-service")]
use crate::native_drm_license_service::object::LicenseServices;
use crate::native_drm_plugin::{PluginSessions, PluginSystems};

#[test]
fn kinds_have_numbers_of_their_own() {
    let numbers = [
        Systems::NUMBER,
        Sessions::NUMBER,
        RemoteSystems::NUMBER,
        RemoteSessions::NUMBER,
        CencInfos::NUMBER,
        AvBuffers::NUMBER,
        AvSessions::NUMBER,
        MetadataBuilders::NUMBER,
        Metadatas::NUMBER,
        PlaybackStates::NUMBER,
        LicenseTemplates::NUMBER,
        PluginSystems::NUMBER,
        PluginSessions::NUMBER,
        #[cfg(feature = "license-service")]
        LicenseServices::NUMBER,
    ];
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
    // Four bits of the handle.
    assert!(numbers.iter().all(|number| (1..16).contains(number)));
}
