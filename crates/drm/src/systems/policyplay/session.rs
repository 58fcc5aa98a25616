//! The messages of one session.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::LICENSE_URL;
use super::device::DeviceIdentity;
use super::revocation::{News, check_restored};
use crate::error::{Error, Result};
use crate::key_info::KeyStatus;
use crate::key_system::{
    Acceptance, Descriptor, License, LicenseKey, MediaKeyRequestInfo, MediaKeyType, Release, Request, RequestContext,
    RequestType, SessionHost, SessionModule,
};
use crate::storage::StoredKey;
use crate::terms::{Arrival, HeldLicense, StoredLicense, Terms};
use base::log;
use base::sync::Mutex;
use init_data;
use license::policy::{Grant, KeyPermit, KeyRequirement, Reading};
use license::protocol::{self, Accepted, Ask, Bytes, Id, LicenseRef, SessionClient};

/// The request option that asks for a renewal before one is due; its value is `renewal`.
const OPTION_TYPE: &str = "requestType";

/// The key system's part of a session.
pub struct PolicySession {
    descriptor: Arc<Descriptor>,
    device: Arc<DeviceIdentity>,
    client: Arc<Mutex<SessionClient>>,
    host: Arc<dyn SessionHost>,
}

impl PolicySession {
    /// A session that has asked for nothing yet.
    pub fn new(descriptor: Arc<Descriptor>, device: Arc<DeviceIdentity>, host: Arc<dyn SessionHost>) -> Result<Self> {
        Ok(Self { descriptor, device, client: Arc::new(Mutex::new(SessionClient::new()?)), host })
    }
}

impl SessionModule for PolicySession {
    fn media_key_request(&self, info: &MediaKeyRequestInfo, context: &RequestContext) -> Result<Request> {
        let own = &self.descriptor.system_ids;
        let key_ids = info.key_ids(&self.descriptor, |boxes| init_data::key_ids_for(own, boxes, true))?;
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
        let token = renewed.and_then(|held| held.client_token.as_deref()).map(<[u8]>::to_vec);
        let mut ask = Ask {
            key_ids,
            persistent: info.key_type == MediaKeyType::Offline,
            device_level: context.device.level,
            hdcp: context.device.hdcp,
            client_token: token,
            options,
        };
        let license_url = self.device.host().configuration_string(LICENSE_URL).unwrap_or_default();
        // The session's client is not locked while the store is read: whoever takes a license needs it in time.
        self.device.with_certificate(|client| {
            let Some(held) = renewed else {
                ask.client_token = self.device.client_token()?;
                let data = self.client.lock().license_request(client, &ask)?;
                return Ok(Request { default_url: license_url, ..Request::initial(data) });
            };
            Ok(Request {
                request_type: RequestType::Renewal,
                data: self.client.lock().renewal_request(client, reference(held)?, &ask)?,
                default_url: if held.renewal_url.is_empty() { license_url } else { held.renewal_url.clone() },
            })
        })
    }

    fn parse_license(&self, response: &[u8]) -> Result<License> {
        let received = self.device.host().reading();
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
        let answer = Answer {
            device: Arc::clone(&self.device),
            client: Arc::clone(&self.client),
            request: checked.request,
            license_id: license.license_id,
            sequence: license.sequence,
            client_token: license.client_token.as_ref().map(|token| token.0.clone()),
            news: News::new(&self.device, &self.host, checked.revoked),
        };
        Ok(License { acceptance: Some(Box::new(answer)), ..translate(license, arrival, response, received) })
    }

    fn restore(&self, _: &[u8], stored: &StoredKey) -> Result<License> {
        let received = self.device.host().reading();
        let (StoredLicense { sealed, state }, license) = self.device.open_stored(stored)?;
        check_restored(&self.device, &license, state.revoked)?;
        let news = News::new(&self.device, &self.host, license.revoked.clone());
        let restored = translate(license, Arrival::Restored(state), &sealed.0, received);
        Ok(License { acceptance: Some(Box::new(news)), ..restored })
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
        let checked = self.device.with(|client| {
            let mut session = self.client.lock();
            let checked = session.check(client, response)?;
            match &checked.accepted {
                Accepted::Released(released) if released.0 == id => {}
                _ => return Err(Error::Refused("not the acknowledgement of this license's release".into())),
            }
            session.commit(&checked)?;
            Ok(checked)
        })?;
        let news = News::new(&self.device, &self.host, checked.revoked);
        news.tell();
        news.linger();
        Ok(Release::Delete)
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

/// A license that came in answer to a request, which it uses up.
struct Answer {
    device: Arc<DeviceIdentity>,
    client: Arc<Mutex<SessionClient>>,
    request: protocol::Hash,
    license_id: Id,
    sequence: u64,
    client_token: Option<Vec<u8>>,
    news: News,
}

impl Acceptance for Answer {
    fn prepare(&self) -> Result<()> {
        self.device.revoked().check(self.license_id)?;
        Ok(self.client.lock().check_open(self.request, self.license_id, self.sequence)?)
    }

    fn commit(&self) {
        if let Err(rejection) = self.client.lock().commit_license(self.request, self.license_id, self.sequence) {
            log::error!("a license was taken twice: {rejection}");
        }
        self.news.tell();
    }

    fn conclude(&self) {
        if let Some(token) = &self.client_token
            && let Err(error) = self.device.set_client_token(token)
        {
            log::error!("the provider's token is not stored: {error}");
        }
        self.news.linger();
    }
}

fn translate(license: protocol::License, arrival: Arrival, sealed: &[u8], received: Reading) -> License {
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
        received,
        sealed: sealed.to_vec(),
        session_token: license.session_token.map(|Bytes(token)| token.into()),
        client_token: license.client_token.map(|Bytes(token)| token.into()),
    };
    let persistent = license.persistent;
    // Its terms say what they may be used for.
    let status = KeyStatus::Usable;
    let key = |key: protocol::LicenseKey| LicenseKey { id: key.key_id.0, key: Some(key.key), persistent, status };
    License { terms: Some(terms), ..License::unlimited(license.keys.into_iter().map(key).collect()) }
}
