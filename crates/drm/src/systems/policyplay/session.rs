//! The messages of one session.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::device::DeviceIdentity;
use crate::error::{Error, Result};
use crate::key_system::{
    Descriptor, License, LicenseKey, MediaKeyRequestInfo, MediaKeyType, Release, Request, RequestContext, RequestType,
    SessionModule,
};
use crate::platform::LICENSE_URL;
use crate::storage::StoredKey;
use crate::terms::{Arrival, HeldLicense, StoredLicense, Terms};
use base::log;
use base::sync::Mutex;
use init_data;
use license::policy::{Grant, KeyPermit, KeyRequirement};
use license::protocol::{self, Accepted, Ask, Bytes, Id, LicenseRef, SessionClient};

/// The request option that asks for a renewal before one is due; its value is `renewal`.
const OPTION_TYPE: &str = "requestType";

/// The key system's part of a session.
pub struct PolicySession {
    descriptor: &'static Descriptor,
    device: Arc<DeviceIdentity>,
    client: Mutex<SessionClient>,
}

impl PolicySession {
    /// A session that has asked for nothing yet.
    pub fn new(descriptor: &'static Descriptor, device: Arc<DeviceIdentity>) -> Result<Self> {
        Ok(Self { descriptor, device, client: Mutex::new(SessionClient::new()?) })
    }
}

impl SessionModule for PolicySession {
    fn media_key_request(&self, info: &MediaKeyRequestInfo, context: &RequestContext) -> Result<Request> {
        let own = self.descriptor.system_ids;
        let key_ids = info.key_ids(self.descriptor, |boxes| init_data::key_ids_for(own, boxes, true))?;
        let mut options = options(info)?;
        let wants_renewal = match options.remove(OPTION_TYPE).as_deref() {
            None | Some("license") => false,
            Some("renewal") => true,
            Some(_) => return Err(Error::Refused(format!("option {OPTION_TYPE} is license or renewal").into())),
        };
        let concerned = |held: &&HeldLicense| held.key_ids.iter().any(|id| key_ids.contains(id));
        let due = |held: &&HeldLicense| held.renewable && (held.renewal_due || wants_renewal);
        let renewed = context.held.iter().filter(concerned).find(due);
        if wants_renewal && renewed.is_none() {
            return Err(Error::Refused("no license of this session for these keys can be renewed".into()));
        }
        let token = renewed.and_then(|held| held.client_token.clone());
        let mut ask = Ask {
            key_ids,
            persistent: info.key_type == MediaKeyType::Offline,
            device_level: context.device.level,
            hdcp: context.device.hdcp,
            client_token: token,
            options,
        };
        let license_url = self.device.platform().default_url(LICENSE_URL);
        self.device.with_certificate(|client| {
            let mut session = self.client.lock();
            let Some(held) = renewed else {
                ask.client_token = self.device.client_token()?;
                let data = session.license_request(client, &ask)?;
                return Ok(Request { default_url: license_url, ..Request::initial(data) });
            };
            Ok(Request {
                request_type: RequestType::Renewal,
                data: session.renewal_request(client, reference(held)?, &ask)?,
                default_url: if held.renewal_url.is_empty() { license_url } else { held.renewal_url.clone() },
            })
        })
    }

    fn parse_license(&self, response: &[u8]) -> Result<License> {
        let checked = self.device.with(|client| Ok(self.client.lock().check(client, response)?))?;
        let (license, renewed) = match checked.accepted {
            Accepted::License(license) => (license, false),
            Accepted::Renewal(license) => (license, true),
            Accepted::Released(_) => {
                return Err(Error::Refused("the acknowledgement of a release, not a license".into()));
            }
        };
        let service_millis = license.issued;
        let arrival = if renewed {
            Arrival::Renewed { service_millis }
        } else {
            let grant = Grant {
                issued_at: license.issued.div_euclid(1000),
                first_issued_at: license.first_issued.div_euclid(1000),
                sequence: license.sequence,
            };
            Arrival::Issued { grant, service_millis }
        };
        Ok(translate(license, arrival, response, Some(checked.request)))
    }

    fn check_unused(&self, license: &License) -> Result<()> {
        match of(license) {
            Some((request, id, sequence)) => Ok(self.client.lock().check_open(request, id, sequence)?),
            None => Ok(()),
        }
    }

    fn applied(&self, license: &License) {
        if let Some((request, id, sequence)) = of(license)
            && let Err(rejection) = self.client.lock().commit_license(request, id, sequence)
        {
            log::error!("a license was taken twice: {rejection}");
        }
    }

    fn remember(&self, license: &License) {
        if let Some(token) = license.terms.as_ref().and_then(|terms| terms.client_token.as_deref())
            && let Err(error) = self.device.set_client_token(token)
        {
            log::error!("the provider's token is not stored: {error}");
        }
    }

    fn restore(&self, _: &[u8], stored: &StoredKey) -> Result<License> {
        let (StoredLicense { sealed, state }, license) = self.device.open_stored(stored)?;
        Ok(translate(license, Arrival::Restored(state), &sealed.0, None))
    }

    fn release_request(&self, id: &[u8], stored: Option<&StoredKey>) -> Result<Vec<u8>> {
        let stored = stored.ok_or_else(|| Error::no_offline_key(id))?;
        let StoredLicense { sealed, state } = StoredLicense::from_stored(stored)?;
        self.device.with_certificate(|client| {
            let license = client.restore(&sealed.0)?;
            let reference = LicenseRef { sequence: license.sequence.max(state.sequence), ..license.reference() };
            Ok(self.client.lock().release_request(client, reference)?)
        })
    }

    fn process_release_response(&self, id: &[u8], response: &[u8]) -> Result<Release> {
        self.device.with(|client| {
            let mut session = self.client.lock();
            let checked = session.check(client, response)?;
            match &checked.accepted {
                Accepted::Released(released) if released.0 == id => {}
                _ => return Err(Error::Refused("not the acknowledgement of this license's release".into())),
            }
            session.commit(&checked)?;
            Ok(Release::Delete)
        })
    }
}

fn options(info: &MediaKeyRequestInfo) -> Result<BTreeMap<String, String>> {
    let text = |(name, value): &(Vec<u8>, Vec<u8>)| {
        let is_no_text = |_| Error::Refused(format!("option {} is not UTF-8", name.escape_ascii()).into());
        let as_text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(is_no_text);
        Ok((as_text(name)?, as_text(value)?))
    };
    info.options.iter().map(text).collect()
}

fn reference(held: &HeldLicense) -> Result<LicenseRef> {
    let id =
        Id::from_slice(&held.license_id).ok_or_else(|| Error::Internal("a license id of another length".into()))?;
    Ok(LicenseRef { license_id: id, sequence: held.sequence, persistent: held.persistent })
}

/// Request, id and sequence of a license that came in answer to a request.
fn of(license: &License) -> Option<(protocol::Hash, Id, u64)> {
    let terms = license.terms.as_ref()?;
    Some((terms.request?, Id::from_slice(&terms.license_id)?, terms.sequence))
}

fn translate(license: protocol::License, arrival: Arrival, sealed: &[u8], request: Option<protocol::Hash>) -> License {
    let permit = |key: &protocol::LicenseKey| KeyPermit {
        key_id: key.key_id.0.clone(),
        track_type: Some(key.track_type.clone()).filter(|track| !track.is_empty()),
        requirement: KeyRequirement { security_level: key.security_level, hdcp: key.hdcp },
    };
    let terms = Terms {
        license_id: license.license_id.0.to_vec(),
        sequence: license.sequence,
        policy: license.policy,
        permits: license.keys.iter().map(permit).collect(),
        arrival,
        sealed: sealed.to_vec(),
        request,
        session_token: license.session_token.map(|Bytes(token)| token),
        client_token: license.client_token.map(|Bytes(token)| token),
    };
    let persistent = license.persistent;
    let keys = license.keys.into_iter().map(|key| LicenseKey { id: key.key_id.0, key: key.key, persistent }).collect();
    License { keys, terms: Some(terms) }
}
