//! An instance and its sessions that a host process runs, as the player has them.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::heard::Heard;
use super::link::Link;
use super::one_line;
use crate::glue::error::{Error, Result};
use crate::glue::translate;
use crate::native_drm_common::{
    CertificateStatusValue, ContentProtectionLevelValue, EventTypeValue, MAX_OFFLINE_MEDIA_KEY_ID_COUNT,
    MAX_OFFLINE_MEDIA_KEY_ID_LEN, MediaKeyRequestTypeValue, OfflineMediaKeyStatusValue,
};
use crate::native_drm_err::Drm_ErrCode;
use base::log;
use base::sync::atomic::{AtomicBool, Ordering};
use base::sync::{Instant, Mutex, OnceCell};
use drm::events::{CallbackSlot, Event, EventSource, Listener};
use drm::host::Place;
use drm::key_info::{KeyInfo, KeyStatus};
use drm::key_system::{
    CertificateStatus, Descriptor, MediaKeyRequestInfo, MediaKeyType, ProtectionLevel, Request as ServerRequest,
};
use drm::storage::StoredStatus;
use isolation::message::{self, KeyRequest, Notice, Reply, Request, SessionRequest};

const NO_KEY: u32 = Drm_ErrCode::DRM_ERR_NO_KEY as u32;

/// An instance.
pub(crate) struct RemoteSystem {
    link: Arc<Link>,
    descriptor: Descriptor,
    events: Arc<EventSource>,
    heard: Heard,
    sessions: Mutex<Vec<Arc<RemoteSession>>>,
    /// Of sessions that are gone: callbacks destroyed them, which wait for no callback, and one of theirs may be running still.
    leaving: Mutex<Vec<Arc<EventSource>>>,
    closed: AtomicBool,
    place: Mutex<Option<Place>>,
}

/// A session.
pub(crate) struct RemoteSession {
    link: Arc<Link>,
    system: Weak<RemoteSystem>,
    /// What the host calls it.
    number: u64,
    events: Arc<EventSource>,
    heard: Heard,
    /// What the host was told last of the events that wait.
    full: AtomicBool,
    token: OnceCell<usize>,
}

impl RemoteSystem {
    pub(super) fn new(link: Arc<Link>, descriptor: Descriptor, place: Place) -> Self {
        Self {
            link,
            descriptor,
            events: Arc::default(),
            heard: Heard::default(),
            sessions: Mutex::default(),
            leaving: Mutex::default(),
            closed: AtomicBool::new(false),
            place: Mutex::new(Some(place)),
        }
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Sets a listener, or removes one. The host sends events while there is one.
    pub(crate) fn listen(&self, slot: CallbackSlot, listener: Option<Arc<dyn Listener>>) -> Result<()> {
        self.link.check()?;
        let tell = |listens| self.done(&Request::Listen(listens));
        self.heard.change(&self.events, slot, listener, tell)
    }

    pub(crate) fn done(&self, request: &Request<'_>) -> Result<()> {
        match self.link.call(request)? {
            Reply::Done => Ok(()),
            _ => Err(self.link.misunderstood()),
        }
    }

    pub(crate) fn text(&self, request: &Request<'_>) -> Result<String> {
        match self.link.call(request)? {
            Reply::Text(text) if !text.contains('\0') => Ok(text),
            _ => Err(self.link.misunderstood()),
        }
    }

    pub(crate) fn bytes(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        match self.link.call(request)? {
            Reply::Bytes(bytes) => Ok(bytes),
            _ => Err(self.link.misunderstood()),
        }
    }

    pub(crate) fn rows(&self, request: &Request<'_>) -> Result<Vec<(String, String)>> {
        rows(&self.link, request)
    }

    pub(crate) fn maximum_level(&self) -> Result<ProtectionLevel> {
        level(&self.link, &Request::MaximumLevel)
    }

    pub(crate) fn key_system_request(&self) -> Result<ServerRequest> {
        server_request(&self.link, &Request::KeySystemRequest)
    }

    pub(crate) fn certificate_status(&self) -> Result<CertificateStatus> {
        let number = number(&self.link, &Request::CertificateStatus)?;
        let status = translate::read_certificate_status(CertificateStatusValue(number));
        status.ok_or_else(|| self.link.misunderstood())
    }

    pub(crate) fn offline_key_ids(&self) -> Result<Vec<Vec<u8>>> {
        match self.link.call(&Request::OfflineIds)? {
            Reply::Ids(ids)
                if ids.len() <= MAX_OFFLINE_MEDIA_KEY_ID_COUNT
                    && ids.iter().all(|id| id.len() <= MAX_OFFLINE_MEDIA_KEY_ID_LEN) =>
            {
                Ok(ids)
            }
            _ => Err(self.link.misunderstood()),
        }
    }

    pub(crate) fn offline_key_status(&self, id: &[u8]) -> Result<StoredStatus> {
        let number = number(&self.link, &Request::OfflineStatus(id))?;
        let status = translate::read_stored_status(OfflineMediaKeyStatusValue(number));
        status.ok_or_else(|| self.link.misunderstood())
    }

    pub(crate) fn create_session(self: &Arc<Self>, level: ProtectionLevel) -> Result<Arc<RemoteSession>> {
        let Reply::Session(number) = self.link.call(&Request::CreateSession(level as u32))? else {
            return Err(self.link.misunderstood());
        };
        let session = Arc::new(RemoteSession {
            link: Arc::clone(&self.link),
            system: Arc::downgrade(self),
            number,
            events: Arc::default(),
            heard: Heard::default(),
            full: AtomicBool::new(false),
            token: OnceCell::new(),
        });
        let mut sessions = self.sessions.lock();
        if sessions.iter().any(|other| other.number == number) {
            drop(sessions);
            return Err(self.link.misunderstood());
        }
        sessions.push(Arc::clone(&session));
        drop(sessions);
        self.link.announce_arrival();
        Ok(session)
    }

    /// As [`drm::system::MediaKeySystem::find_session_by_key_id`]. The waiting is done here, so that it keeps no lane.
    pub(crate) fn find_session_by_key_id(
        &self,
        id: &[u8; 16],
        timeout: Option<Duration>,
    ) -> Result<Arc<RemoteSession>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let seen = self.link.arrivals();
            let missing = match self.link.call(&Request::FindSession(*id)) {
                Ok(Reply::Session(number)) => match self.session(number) {
                    Some(session) => return Ok(session),
                    // Another thread is about to have it, or has just destroyed it.
                    None => Error::Drm(drm::Error::NoKey { key_id: hex(id), reason: "no session has it".into() }),
                },
                Ok(_) => return Err(self.link.misunderstood()),
                Err(error @ Error::Remote { code: NO_KEY, .. }) => error,
                Err(error) => return Err(error),
            };
            if self.is_closed() {
                return Err(drm::Error::SystemDestroyed.into());
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(missing);
            }
            if !self.link.wait_for_arrival(seen, deadline) {
                return Err(missing);
            }
            if self.is_closed() {
                return Err(drm::Error::SystemDestroyed.into());
            }
        }
    }

    fn session(&self, number: u64) -> Option<Arc<RemoteSession>> {
        self.sessions.lock().iter().find(|session| session.number == number).cloned()
    }

    pub(crate) fn close_session(&self, session: &Arc<RemoteSession>) {
        // A host that has gone has no sessions.
        let _ = session.done(SessionRequest::Close);
        // On the list until then: whoever closes the instance meanwhile waits for the same.
        session.events.close();
        let mut leaving = self.leaving.lock();
        leaving.retain(|events| events.is_calling());
        if session.events.is_calling() {
            leaving.push(Arc::clone(&session.events));
        }
        drop(leaving);
        self.sessions.lock().retain(|other| !Arc::ptr_eq(other, session));
    }

    /// Closes the instance, and returns the sessions that were open.
    pub(crate) fn close(&self) -> Vec<Arc<RemoteSession>> {
        self.closed.store(true, Ordering::Release);
        self.link.announce_arrival();
        let _ = self.done(&Request::Close);
        let sessions = std::mem::take(&mut *self.sessions.lock());
        for session in &sessions {
            session.events.close();
        }
        for events in std::mem::take(&mut *self.leaving.lock()) {
            events.close();
        }
        self.events.close();
        self.place.lock().take();
        sessions
    }

    /// Takes what the host says unasked. What it logs before it answers that the instance is closed may come when the instance is gone
    /// here.
    pub(super) fn take(system: Option<&Self>, notice: Notice) {
        match (notice, system) {
            (Notice::Log(level, line), _) => write_log(level, line),
            (_, None) => {}
            (Notice::KeysArrived, Some(system)) => system.link.announce_arrival(),
            (Notice::Event(of_session, event), Some(system)) => {
                let Some(event) = read_event(event) else { return drop(system.link.misunderstood()) };
                match of_session {
                    None => system.events.post(event),
                    Some(number) => {
                        if let Some(session) = system.session(number) {
                            session.events.post(event);
                        }
                    }
                }
            }
        }
    }

    /// The host has gone: no callback of it runs any more.
    pub(super) fn fall_silent(&self) {
        let sessions = self.sessions.lock().clone();
        for session in sessions {
            session.events.close();
        }
        self.events.close();
    }
}

impl RemoteSession {
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    pub(crate) fn token(&self) -> &OnceCell<usize> {
        &self.token
    }

    pub(crate) fn system(&self) -> Result<Arc<RemoteSystem>> {
        self.system.upgrade().ok_or_else(|| drm::Error::OwnerDestroyed.into())
    }

    pub(crate) fn destroy(self: &Arc<Self>) {
        if let Some(system) = self.system.upgrade() {
            system.close_session(self);
        }
    }

    pub(crate) fn listen(&self, slot: CallbackSlot, listener: Option<Arc<dyn Listener>>) -> Result<()> {
        self.link.check()?;
        let tell = |listens| self.done(SessionRequest::Listen(listens));
        self.heard.change(&self.events, slot, listener, tell)
    }

    /// Tells the host, when that changes, whether too many events wait here: then it has no more of missing keys.
    pub(super) fn tell_what_waits(&self) -> Result<()> {
        let full = !self.events.has_room();
        if self.full.swap(full, Ordering::Relaxed) == full { Ok(()) } else { self.done(SessionRequest::Full(full)) }
    }

    pub(super) fn about<'a>(&self, request: SessionRequest<'a>) -> Request<'a> {
        Request::Session(self.number, request)
    }

    pub(crate) fn done(&self, request: SessionRequest<'_>) -> Result<()> {
        match self.link.call(&self.about(request))? {
            Reply::Done => Ok(()),
            _ => Err(self.link.misunderstood()),
        }
    }

    pub(crate) fn bytes(&self, request: SessionRequest<'_>) -> Result<Vec<u8>> {
        match self.link.call(&self.about(request))? {
            Reply::Bytes(bytes) => Ok(bytes),
            _ => Err(self.link.misunderstood()),
        }
    }

    pub(crate) fn text(&self, request: SessionRequest<'_>) -> Result<String> {
        match self.link.call(&self.about(request))? {
            Reply::Text(text) if !text.contains('\0') => Ok(text),
            _ => Err(self.link.misunderstood()),
        }
    }

    pub(crate) fn flag(&self, request: SessionRequest<'_>) -> Result<bool> {
        match self.link.call(&self.about(request))? {
            Reply::Flag(flag) => Ok(flag),
            _ => Err(self.link.misunderstood()),
        }
    }

    pub(crate) fn rows(&self, request: SessionRequest<'_>) -> Result<Vec<(String, String)>> {
        rows(&self.link, &self.about(request))
    }

    pub(crate) fn level(&self) -> Result<ProtectionLevel> {
        level(&self.link, &self.about(SessionRequest::Level))
    }

    /// Whether events can be delivered: they wait in this process.
    pub(crate) fn admit(&self) -> Result<()> {
        self.link.check()?;
        Ok(self.events.admit()?)
    }

    pub(crate) fn generate_media_key_request(&self, info: &MediaKeyRequestInfo) -> Result<ServerRequest> {
        self.admit()?;
        let request = KeyRequest {
            offline: info.key_type == MediaKeyType::Offline,
            init_data: &info.init_data,
            mime_type: &info.mime_type,
            options: info.options.iter().map(|(name, value)| (&name[..], &value[..])).collect(),
        };
        server_request(&self.link, &self.about(SessionRequest::KeyRequest(request)))
    }
}

impl RemoteSystem {
    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }
}

fn number(link: &Link, request: &Request<'_>) -> Result<u32> {
    match link.call(request)? {
        Reply::Number(number) => Ok(number),
        _ => Err(link.misunderstood()),
    }
}

fn level(link: &Link, request: &Request<'_>) -> Result<ProtectionLevel> {
    let value = ContentProtectionLevelValue(number(link, request)?);
    translate::level("level", value).map_err(|_| link.misunderstood())
}

fn rows(link: &Link, request: &Request<'_>) -> Result<Vec<(String, String)>> {
    match link.call(request)? {
        Reply::Rows(rows) => Ok(rows),
        _ => Err(link.misunderstood()),
    }
}

fn server_request(link: &Link, request: &Request<'_>) -> Result<ServerRequest> {
    let Reply::Message(kind, data, default_url) = link.call(request)? else { return Err(link.misunderstood()) };
    let request_type = translate::read_request_type(MediaKeyRequestTypeValue(kind));
    match request_type.filter(|_| !default_url.contains('\0')) {
        Some(request_type) => Ok(ServerRequest { request_type, data, default_url }),
        None => Err(link.misunderstood()),
    }
}

fn read_event(event: message::Event) -> Option<Event> {
    Some(match event {
        message::Event::Occurred(kind, info, extra) => {
            Event::Occurred { kind: translate::event_kind("event", EventTypeValue(kind)).ok()?, info, extra }
        }
        message::Event::KeysChanged(keys, new_keys_available) => {
            let read = |(id, status): (Vec<u8>, u8)| {
                let status = *KeyStatus::ALL.get(usize::from(status))?;
                Some(KeyInfo { id, status })
            };
            Event::KeysChanged { keys: keys.into_iter().map(read).collect::<Option<_>>()?, new_keys_available }
        }
    })
}

fn write_log(level: u8, line: String) {
    let levels = [log::Level::Error, log::Level::Warn, log::Level::Info, log::Level::Debug];
    let Some(&level) = levels.iter().find(|known| **known as u8 == level) else { return };
    if log::enabled(level) {
        log::write(level, format_args!("host: {}", one_line(line)));
    }
}

fn hex(id: &[u8]) -> String {
    id.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
