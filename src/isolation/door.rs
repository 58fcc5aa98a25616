//! Instances and sessions, here or in a host process. The functions of the C layer ask these, and need not know.

use std::sync::Arc;
use std::time::Duration;

use super::{RemoteSession, RemoteSystem};
use crate::glue::error::{Error, Result};
use crate::glue::translate;
use drm::events::{CallbackSlot, Listener};
use drm::key_system::{CertificateStatus, Descriptor, MediaKeyRequestInfo, ProtectionLevel, Request as ServerRequest};
use drm::session::MediaKeySession;
use drm::storage::StoredStatus;
use drm::system::MediaKeySystem;
use isolation::message::{Request, SessionRequest};

/// An instance.
pub(crate) enum System {
    /// In this process.
    Here(Arc<MediaKeySystem>),
    /// In a host process.
    Apart(Arc<RemoteSystem>),
}

/// A session.
pub(crate) enum Session {
    /// In this process.
    Here(Arc<MediaKeySession>),
    /// In a host process.
    Apart(Arc<RemoteSession>),
}

use Session::Apart as SessionApart;
use Session::Here as SessionHere;
use System::{Apart, Here};

impl System {
    pub(crate) fn listen(&self, slot: CallbackSlot, listener: Option<Arc<dyn Listener>>) -> Result<()> {
        match self {
            Here(system) => system.events().set(slot, listener),
            Apart(system) => system.listen(slot, listener)?,
        }
        Ok(())
    }

    pub(crate) fn set_configuration_string(&self, name: String, value: String) -> Result<()> {
        match self {
            Here(system) => Ok(system.set_configuration_string(name, value)?),
            Apart(system) => system.done(&Request::SetString(&name, &value)),
        }
    }

    pub(crate) fn configuration_string(&self, name: &str) -> Result<String> {
        match self {
            Here(system) => Ok(system.configuration_string(name)?),
            Apart(system) => system.text(&Request::GetString(name)),
        }
    }

    pub(crate) fn set_configuration_bytes(&self, name: String, value: Vec<u8>) -> Result<()> {
        match self {
            Here(system) => Ok(system.set_configuration_bytes(name, value)?),
            Apart(system) => system.done(&Request::SetBytes(&name, &value)),
        }
    }

    pub(crate) fn configuration_bytes(&self, name: &str) -> Result<Vec<u8>> {
        match self {
            Here(system) => Ok(system.configuration_bytes(name)?),
            Apart(system) => system.bytes(&Request::GetBytes(name)),
        }
    }

    pub(crate) fn statistics(&self) -> Result<Vec<(String, String)>> {
        match self {
            Here(system) => Ok(system.statistics()?),
            Apart(system) => system.rows(&Request::Statistics),
        }
    }

    pub(crate) fn maximum_level(&self) -> Result<ProtectionLevel> {
        match self {
            Here(system) => Ok(system.maximum_level()?),
            Apart(system) => system.maximum_level(),
        }
    }

    pub(crate) fn generate_key_system_request(&self) -> Result<ServerRequest> {
        match self {
            Here(system) => Ok(system.generate_key_system_request()?),
            Apart(system) => system.key_system_request(),
        }
    }

    pub(crate) fn announce_provisioning_request(&self) -> Result<()> {
        match self {
            Here(system) => system.announce_provisioning_request(),
            Apart(system) => {
                // Other errors: it was destroyed meanwhile, so that nobody listens.
                if let Err(error @ Error::HostDied(_)) = system.done(&Request::AnnounceProvisioning) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn process_key_system_response(&self, response: &[u8]) -> Result<()> {
        match self {
            Here(system) => Ok(system.process_key_system_response(response)?),
            Apart(system) => system.done(&Request::KeySystemResponse(response)),
        }
    }

    pub(crate) fn certificate_status(&self) -> Result<CertificateStatus> {
        match self {
            Here(system) => Ok(system.certificate_status()?),
            Apart(system) => system.certificate_status(),
        }
    }

    pub(crate) fn offline_key_ids(&self) -> Result<Vec<Vec<u8>>> {
        match self {
            Here(system) => Ok(system.offline_key_ids()?),
            Apart(system) => system.offline_key_ids(),
        }
    }

    pub(crate) fn offline_key_status(&self, id: &[u8]) -> Result<StoredStatus> {
        match self {
            Here(system) => Ok(system.offline_key_status(id)?),
            Apart(system) => system.offline_key_status(id),
        }
    }

    pub(crate) fn clear_offline_key(&self, id: &[u8]) -> Result<()> {
        match self {
            Here(system) => Ok(system.clear_offline_key(id)?),
            Apart(system) => system.done(&Request::ClearOffline(id)),
        }
    }

    pub(crate) fn create_session(&self, level: ProtectionLevel) -> Result<Session> {
        Ok(match self {
            Here(system) => SessionHere(system.create_session(level)?),
            Apart(system) => SessionApart(system.create_session(level)?),
        })
    }

    pub(crate) fn find_session_by_key_id(&self, id: &[u8; 16], timeout: Option<Duration>) -> Result<Session> {
        Ok(match self {
            Here(system) => SessionHere(system.find_session_by_key_id(id, timeout)?),
            Apart(system) => SessionApart(system.find_session_by_key_id(id, timeout)?),
        })
    }

    pub(crate) fn set_virtual_clock(&self, unix_millis: i64) -> Result<()> {
        match self {
            Here(system) => Ok(system.set_virtual_clock(unix_millis)?),
            Apart(system) => system.done(&Request::SetClock(unix_millis)),
        }
    }

    pub(crate) fn advance_virtual_clock(&self, millis: u64, asleep: bool) -> Result<()> {
        match self {
            Here(system) => Ok(system.advance_virtual_clock(millis, asleep)?),
            Apart(system) => system.done(&Request::AdvanceClock(millis, asleep)),
        }
    }
}

/// Room for a media key id as a program gives it; none = what it gives is no length.
pub(crate) type Room = Option<usize>;

impl Session {
    pub(crate) fn listen(&self, slot: CallbackSlot, listener: Option<Arc<dyn Listener>>) -> Result<()> {
        match self {
            SessionHere(session) => session.events().set(slot, listener),
            SessionApart(session) => session.listen(slot, listener)?,
        }
        Ok(())
    }

    /// Lets `read` see the facts about the key system.
    pub(crate) fn with_descriptor<T>(&self, read: impl FnOnce(&Descriptor) -> Result<T>) -> Result<T> {
        match self {
            SessionHere(session) => read(session.descriptor()),
            SessionApart(session) => {
                session.link().check()?;
                read(session.system()?.descriptor())
            }
        }
    }

    pub(crate) fn generate_media_key_request(&self, info: &MediaKeyRequestInfo) -> Result<ServerRequest> {
        match self {
            SessionHere(session) => Ok(session.generate_media_key_request(info)?),
            SessionApart(session) => session.generate_media_key_request(info),
        }
    }

    /// Takes a license, if its id fits, and returns the id. `fits` says whether so many bytes do.
    pub(crate) fn process_media_key_response(
        &self,
        response: &[u8],
        room: Room,
        fits: impl Fn(usize) -> Result<()>,
    ) -> Result<Vec<u8>> {
        match self {
            SessionHere(session) => process_here(session, response, room, fits),
            SessionApart(session) => {
                session.admit()?;
                let room = room.map(|room| u32::try_from(room).unwrap_or(u32::MAX));
                let id = session.bytes(SessionRequest::KeyResponse(response, room));
                if let Err(Error::Remote { needed: Some(needed), .. }) = &id {
                    fits(*needed as usize)?;
                }
                let id = id?;
                // The host has had the room.
                if fits(id.len()).is_err() { Err(session.link().misunderstood()) } else { Ok(id) }
            }
        }
    }

    pub(crate) fn status_rows(&self) -> Result<Vec<(String, String)>> {
        match self {
            SessionHere(session) => Ok(session.status_rows()?),
            SessionApart(session) => session.rows(SessionRequest::Status),
        }
    }

    pub(crate) fn clear_media_keys(&self) -> Result<()> {
        match self {
            SessionHere(session) => Ok(session.clear_media_keys()?),
            SessionApart(session) => session.done(SessionRequest::Clear),
        }
    }

    pub(crate) fn generate_offline_release_request(&self, id: &[u8]) -> Result<Vec<u8>> {
        match self {
            SessionHere(session) => Ok(session.generate_offline_release_request(id)?),
            SessionApart(session) => session.bytes(SessionRequest::ReleaseRequest(id)),
        }
    }

    pub(crate) fn process_offline_release_response(&self, id: &[u8], response: &[u8]) -> Result<()> {
        match self {
            SessionHere(session) => Ok(session.process_offline_release_response(id, response)?),
            SessionApart(session) => session.done(SessionRequest::ReleaseResponse(id, response)),
        }
    }

    pub(crate) fn restore_offline_key(&self, id: &[u8]) -> Result<()> {
        match self {
            SessionHere(session) => Ok(session.restore_offline_key(id)?),
            SessionApart(session) => {
                session.admit()?;
                session.done(SessionRequest::Restore(id))
            }
        }
    }

    pub(crate) fn level(&self) -> Result<ProtectionLevel> {
        match self {
            SessionHere(session) => Ok(session.level()?),
            SessionApart(session) => session.level(),
        }
    }

    pub(crate) fn requires_secure_decoder(&self, mime_type: &str) -> Result<bool> {
        match self {
            SessionHere(session) => Ok(session.requires_secure_decoder(mime_type)?),
            SessionApart(session) => session.flag(SessionRequest::SecureDecoder(mime_type)),
        }
    }

    /// As JSON.
    pub(crate) fn explain(&self) -> Result<String> {
        match self {
            SessionHere(session) => translate::explanations(&session.explain()?),
            SessionApart(session) => session.text(SessionRequest::Explain),
        }
    }
}

/// [`Session::process_media_key_response`] in this process.
pub(super) fn process_here(
    session: &MediaKeySession,
    response: &[u8],
    room: Room,
    fits: impl Fn(usize) -> Result<()>,
) -> Result<Vec<u8>> {
    // So that a response is not used up in vain.
    if let Some(longest) = session.longest_media_key_id() {
        fits(longest)?;
    }
    let license = session.parse_media_key_response(response)?;
    let id = if room == Some(0) { license.stored_id() } else { license.media_key_id() };
    fits(id.len())?;
    session.apply_license(&license)?;
    Ok(id.to_vec())
}
