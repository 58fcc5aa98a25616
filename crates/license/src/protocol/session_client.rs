//! The device's side in one session: it makes requests and accepts the answers to them.

use std::collections::{BTreeMap, VecDeque};

use super::client::{Client, MAX_OUTSTANDING, open_frame};
use super::crypto::{SealKey, hash, random};
use super::error::Result;
use super::frame::{Frame, Kind, is_message, message};
use super::license::{License, ReleaseAcknowledgement};
use super::rejection::Rejection;
use super::request::{Request, RequestType};
use super::revoked::Revoked;
use super::wire::{Bytes, Hash, Id, from_json, to_json};
use crate::template::{DeviceLevel, Hdcp};

/// What to ask for a license with.
#[derive(Clone)]
pub struct Ask {
    /// The keys that are needed.
    pub key_ids: Vec<Vec<u8>>,
    /// Whether to store the license. A renewal is stored where the license was.
    pub persistent: bool,
    /// What the device can protect.
    pub device_level: DeviceLevel,
    /// What its output can protect.
    pub hdcp: Hdcp,
    /// The provider's token from an earlier license.
    pub client_token: Option<Vec<u8>>,
    /// What the application adds.
    pub options: BTreeMap<String, String>,
}

/// The license that a renewal or release is about.
#[derive(Clone, Copy, Debug)]
pub struct LicenseRef {
    /// Its id.
    pub license_id: Id,
    /// Its highest sequence on this device.
    pub sequence: u64,
    /// Whether it is stored; its renewals then are, too.
    pub persistent: bool,
}

impl License {
    /// What a renewal or release of this license names.
    pub fn reference(&self) -> LicenseRef {
        LicenseRef { license_id: self.license_id, sequence: self.sequence, persistent: self.persistent }
    }
}

/// What an accepted answer was.
#[derive(Debug)]
pub enum Accepted {
    /// An answer to a license request.
    License(License),
    /// An answer to a renewal request: replaces the license with the same id.
    Renewal(License),
    /// The release of a license is acknowledged.
    Released(Id),
}

/// An answer that was found good.
#[derive(Debug)]
pub struct Checked {
    /// Hash of the request that it answers.
    pub request: Hash,
    /// What it is.
    pub accepted: Accepted,
    /// Licenses of the device that are over, whatever becomes of this answer: the service has signed that.
    pub revoked: Revoked,
}

struct Outstanding {
    hash: Hash,
    request_type: RequestType,
    license: Option<LicenseRef>,
    persistent: bool,
    key: SealKey,
}

/// One session: what it has asked, and the highest sequences of the licenses that it took last.
pub struct SessionClient {
    id: Id,
    outstanding: VecDeque<Outstanding>,
    /// Newest first.
    held: VecDeque<(Id, u64)>,
}

/// Licenses whose sequence a session remembers. A renewal of an older one still has to be newer than its request.
const MAX_HELD: usize = 16;

impl SessionClient {
    /// A session with a random id.
    ///
    /// # Errors
    /// [`Internal`](super::Error::Internal) where the system has no random numbers.
    pub fn new() -> Result<Self> {
        Ok(Self { id: random()?, outstanding: VecDeque::new(), held: VecDeque::new() })
    }

    /// The session's id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// A request for a new license.
    ///
    /// # Errors
    /// [`NotProvisioned`](super::Error::NotProvisioned); [`Internal`](super::Error::Internal) where the
    /// system has no random numbers.
    pub fn license_request(&mut self, client: &Client, ask: &Ask) -> Result<Vec<u8>> {
        self.request(client, RequestType::License, None, ask)
    }

    /// A request to renew a license, with the device as it is now.
    ///
    /// # Errors
    /// As [`SessionClient::license_request`].
    pub fn renewal_request(&mut self, client: &Client, license: LicenseRef, ask: &Ask) -> Result<Vec<u8>> {
        self.request(client, RequestType::Renewal, Some(license), ask)
    }

    /// A request to give a license back.
    ///
    /// # Errors
    /// As [`SessionClient::license_request`].
    pub fn release_request(&mut self, client: &Client, license: LicenseRef) -> Result<Vec<u8>> {
        let ask = Ask {
            key_ids: Vec::new(),
            persistent: false,
            device_level: DeviceLevel::SwCrypto,
            hdcp: Hdcp::None,
            client_token: None,
            options: BTreeMap::new(),
        };
        self.request(client, RequestType::Release, Some(license), &ask)
    }

    fn request(
        &mut self,
        client: &Client,
        request_type: RequestType,
        license: Option<LicenseRef>,
        ask: &Ask,
    ) -> Result<Vec<u8>> {
        let provisioned = client.provisioned()?;
        let key = SealKey::generate()?;
        let mut request = Request {
            request_type,
            nonce: random()?,
            session: self.id,
            certificate: provisioned.certificate.clone(),
            device_level: ask.device_level,
            hdcp: ask.hdcp,
            key_ids: ask.key_ids.iter().cloned().map(Bytes).collect(),
            ephemeral_key: key.public().clone(),
            persistent: license.map_or(ask.persistent, |license| license.persistent),
            license_id: license.map(|license| license.license_id),
            sequence: license.map_or(0, |license| license.sequence),
            client_token: ask.client_token.clone().map(Bytes),
            options: ask.options.clone(),
        };
        request.announce_revocations();
        let bytes = client.device.signing.with(|key| message(Kind::Request, &to_json(&request), key))??;
        let outstanding =
            Outstanding { hash: hash(&bytes), request_type, license, persistent: request.persistent, key };
        self.outstanding.truncate(MAX_OUTSTANDING - 1);
        self.outstanding.push_front(outstanding);
        Ok(bytes)
    }

    /// Takes the answer to an outstanding request of this session.
    ///
    /// # Errors
    /// A [`Rejection`]: everything stays as it was, the request still waits for its answer.
    pub fn accept(&mut self, client: &Client, response: &[u8]) -> Result<Accepted, Rejection> {
        let checked = self.check(client, response)?;
        self.commit(&checked)?;
        Ok(checked.accepted)
    }

    /// Checks the answer to an outstanding request and opens it, without taking it yet: [`SessionClient::commit`] does.
    ///
    /// # Errors
    /// As [`SessionClient::accept`].
    pub fn check(&self, client: &Client, response: &[u8]) -> Result<Checked, Rejection> {
        if is_message(response) && Frame::parse(response)?.kind == Kind::ReleaseAcknowledgement {
            return self.check_acknowledgement(client, response);
        }
        let sealed = client.check_license(response)?;
        let head = &sealed.head;
        let asked = self.find(head.request_hash)?;
        match (asked.request_type, asked.license) {
            (RequestType::License, _) => {}
            (RequestType::Renewal, Some(license)) if license.license_id == head.license_id => {
                if head.sequence <= license.sequence {
                    return Err(Rejection::StaleSequence { found: head.sequence, held: license.sequence });
                }
            }
            (RequestType::Renewal, Some(license)) => {
                return Err(Rejection::WrongLicense {
                    expected: license.license_id.hex(),
                    found: head.license_id.hex(),
                });
            }
            _ => return Err(Rejection::Malformed("a license in answer to a release".into())),
        }
        self.check_sequence(head.license_id, head.sequence)?;
        if head.persistent != asked.persistent {
            return Err(Rejection::Malformed("the license is not stored where the request said".into()));
        }
        let key = if head.persistent { &client.device.seal } else { &asked.key };
        let license = sealed.open(key)?;
        let revoked = license.revoked.clone();
        let renewal = asked.request_type == RequestType::Renewal;
        let accepted = if renewal { Accepted::Renewal(license) } else { Accepted::License(license) };
        Ok(Checked { request: head.request_hash, accepted, revoked })
    }

    fn check_sequence(&self, id: Id, sequence: u64) -> Result<(), Rejection> {
        match self.held.iter().find(|held| held.0 == id) {
            Some(&(_, held)) if sequence <= held => Err(Rejection::StaleSequence { found: sequence, held }),
            _ => Ok(()),
        }
    }

    fn check_acknowledgement(&self, client: &Client, response: &[u8]) -> Result<Checked, Rejection> {
        let frame = open_frame(response, Kind::ReleaseAcknowledgement)?;
        let body: ReleaseAcknowledgement = from_json(frame.body).map_err(Rejection::Malformed)?;
        client.check_signer(&frame, body.signer)?;
        let asked = self.find(body.request_hash)?;
        match asked.license {
            Some(license) if asked.request_type == RequestType::Release => {
                if license.license_id != body.license_id {
                    return Err(Rejection::WrongLicense {
                        expected: license.license_id.hex(),
                        found: body.license_id.hex(),
                    });
                }
            }
            _ => return Err(Rejection::Malformed("an acknowledgement of what was no release".into())),
        }
        Ok(Checked { request: body.request_hash, accepted: Accepted::Released(body.license_id), revoked: body.revoked })
    }

    /// Takes an answer that was checked: its request waits no more.
    ///
    /// # Errors
    /// A [`Rejection`] if another answer was taken since the check.
    pub fn commit(&mut self, checked: &Checked) -> Result<(), Rejection> {
        match &checked.accepted {
            Accepted::License(license) | Accepted::Renewal(license) => {
                self.commit_license(checked.request, license.license_id, license.sequence)
            }
            Accepted::Released(id) => {
                self.find(checked.request)?;
                self.outstanding.retain(|asked| asked.hash != checked.request);
                self.held.retain(|held| held.0 != *id);
                Ok(())
            }
        }
    }

    /// As [`SessionClient::commit`], for a license or renewal with that id and sequence.
    ///
    /// # Errors
    /// As [`SessionClient::commit`].
    pub fn commit_license(&mut self, request: Hash, id: Id, sequence: u64) -> Result<(), Rejection> {
        self.check_open(request, id, sequence)?;
        self.outstanding.retain(|asked| asked.hash != request);
        self.held.retain(|held| held.0 != id);
        self.held.truncate(MAX_HELD - 1);
        self.held.push_front((id, sequence));
        Ok(())
    }

    /// Whether [`SessionClient::commit_license`] would do it.
    ///
    /// # Errors
    /// As [`SessionClient::commit`].
    pub fn check_open(&self, request: Hash, id: Id, sequence: u64) -> Result<(), Rejection> {
        self.find(request)?;
        self.check_sequence(id, sequence)
    }

    fn find(&self, hash: Hash) -> Result<&Outstanding, Rejection> {
        self.outstanding.iter().find(|asked| asked.hash == hash).ok_or(Rejection::NotOutstanding)
    }

    /// Requests that wait for an answer.
    pub fn outstanding(&self) -> usize {
        self.outstanding.len()
    }
}
