//! What a host answers to its player.

use std::cell::Cell;
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::Arc;

use super::area::{LARGEST_PART, outside};
use super::door::process_here;
use super::samples::read_state;
use crate::glue::boundary::{self, Code, DrmCode};
use crate::glue::error::{Error, Result};
use crate::glue::{media_keys, translate};
use crate::native_cencinfo::{CencAlgorithmValue, DrmSubsample};
use crate::native_drm_common::{self, ContentProtectionLevelValue, MAX_INIT_DATA_LEN, MediaKeySession, MediaKeySystem};
use crate::native_mediadecrypt::{
    DRM_AccessUnitInfo, DRM_AccessUnitState, DRM_Sample, DRM_SampleInfo, check_several_here, decrypt_here,
    decrypt_several_here, decrypt_unit_here,
};
use base::call::Call;
use base::log;
use base::shared_memory::SharedMemory;
use base::sync::Mutex;
use drm::events::{CallbackSlot, Event, Listener};
use drm::key_system::{MediaKeyRequestInfo, MediaKeyType, Request as ServerRequest};
use isolation::channel::Channel;
use isolation::message::{
    self, Block, Failure, KeyRequest, Notice, Place, Reply, Request, Sample, SessionRequest, Unit, UnitState,
};

/// The instance of this process.
pub(crate) struct Host {
    system: usize,
    memory: SharedMemory,
    notices: Arc<Notices>,
}

/// The way to the player for what it did not ask for.
pub(super) struct Notices(Mutex<Channel>);

impl Notices {
    pub(super) fn new(socket: UnixStream) -> std::io::Result<Self> {
        Ok(Self(Mutex::new(Channel::new(Arc::new(socket), None)?)))
    }

    pub(super) fn send(&self, notice: &Notice) {
        // Without a player, this process is about to end.
        let _ = self.0.lock().send(notice);
    }

    /// Sends log messages up to a level to the player.
    pub(super) fn take_log(self: &Arc<Self>, level: u8) {
        let levels = [log::Level::Error, log::Level::Warn, log::Level::Info, log::Level::Debug];
        let limit = levels.into_iter().find(|known| *known as u8 == level).unwrap_or(log::Level::Off);
        let notices = Arc::clone(self);
        let sink = move |level: log::Level, line: &str| {
            notices.send(&Notice::Log(level as u8, line.to_owned()));
            None
        };
        log::set_sink(Some(Arc::new(sink)), limit);
    }
}

/// Sends events of the instance (none) or of a session to the player.
struct Forward {
    notices: Arc<Notices>,
    session: Option<u64>,
}

impl Listener for Forward {
    fn call(&self, event: &Event) -> Option<Call> {
        let event = match event {
            Event::Occurred { kind, info, extra } => message::Event::Occurred(*kind as u32, info.clone(), *extra),
            Event::KeysChanged { keys, new_keys_available } => {
                let keys = keys.iter().map(|key| (key.id.clone(), key.status as u8)).collect();
                message::Event::KeysChanged(keys, *new_keys_available)
            }
        };
        self.notices.send(&Notice::Event(self.session, event));
        None
    }
}

/// As it is told to the player.
pub(super) fn failure(error: &Error) -> Failure {
    let needed = match error {
        Error::BufferTooSmall { needed, .. } => u32::try_from(*needed).ok(),
        _ => None,
    };
    Failure { code: DrmCode::failure(error).0, message: error.to_string(), index: None, needed }
}

impl Host {
    pub(super) fn new(system: *mut MediaKeySystem, memory: SharedMemory, notices: Arc<Notices>) -> Self {
        Self { system: system.addr(), memory, notices }
    }

    /// Does what is asked for.
    pub(crate) fn answer(&self, request: Request<'_>) -> Reply {
        let mut index = u32::MAX;
        let result = match request {
            Request::Session(number, request) => self.answer_about(number, request, &mut index),
            request => boundary::result(|| self.answer_for_system(&request)),
        };
        result.unwrap_or_else(|error| {
            Reply::Failed(Failure { index: (index != u32::MAX).then_some(index), ..failure(&error) })
        })
    }

    fn forward(&self, listens: bool, session: Option<u64>) -> Option<Arc<dyn Listener>> {
        listens.then(|| Arc::new(Forward { notices: Arc::clone(&self.notices), session }) as Arc<dyn Listener>)
    }

    fn handle(&self) -> *const MediaKeySystem {
        ptr::without_provenance(self.system)
    }

    fn answer_for_system(&self, request: &Request<'_>) -> Result<Reply> {
        if matches!(request, Request::Close) {
            return media_keys::destroy_system(self.handle()).map(|()| Reply::Done);
        }
        let system = media_keys::system(self.handle())?;
        match *request {
            Request::SetString(name, value) => system.set_configuration_string(name.to_owned(), value.to_owned())?,
            Request::GetString(name) => return Ok(Reply::Text(system.configuration_string(name)?)),
            Request::SetBytes(name, value) => system.set_configuration_bytes(name.to_owned(), value.to_vec())?,
            Request::GetBytes(name) => return Ok(Reply::Bytes(system.configuration_bytes(name)?)),
            Request::Statistics => return Ok(Reply::Rows(system.statistics()?)),
            Request::MaximumLevel => return Ok(Reply::Number(system.maximum_level()? as u32)),
            Request::KeySystemRequest => return Ok(server_message(system.generate_key_system_request()?)),
            Request::AnnounceProvisioning => system.announce_provisioning_request(),
            Request::KeySystemResponse(response) => system.process_key_system_response(response)?,
            Request::CertificateStatus => {
                return Ok(Reply::Number(translate::certificate_status(system.certificate_status()?).0));
            }
            Request::OfflineIds => return Ok(Reply::Ids(system.offline_key_ids()?)),
            Request::OfflineStatus(id) => {
                return Ok(Reply::Number(translate::stored_status(system.offline_key_status(id)?).0));
            }
            Request::ClearOffline(id) => system.clear_offline_key(id)?,
            Request::CreateSession(level) => {
                let level = translate::level("level", ContentProtectionLevelValue(level))?;
                let session = system.create_session(level)?;
                return Ok(Reply::Session(media_keys::insert_session(&system, &session)?.addr() as u64));
            }
            Request::FindSession(id) => {
                let session = system.find_session_by_key_id(&id, Some(std::time::Duration::ZERO))?;
                return Ok(Reply::Session(media_keys::session_pointer(&session)?.addr() as u64));
            }
            Request::SetClock(unix_millis) => system.set_virtual_clock(unix_millis)?,
            Request::AdvanceClock(millis, asleep) => system.advance_virtual_clock(millis, asleep)?,
            Request::Listen(listens) => system.events().set(CallbackSlot::Plain, self.forward(listens, None)),
            Request::Close | Request::Session(..) => {}
        }
        Ok(Reply::Done)
    }

    fn answer_about(&self, number: u64, request: SessionRequest<'_>, index: &mut u32) -> Result<Reply> {
        let handle: *const MediaKeySession = ptr::without_provenance(usize::try_from(number).unwrap_or_default());
        match request {
            SessionRequest::Decrypt(sample) => self.decrypt(handle, &sample),
            SessionRequest::DecryptAll(samples, only_check) => {
                boundary::result(|| self.decrypt_all(handle, &samples, only_check, index))
            }
            SessionRequest::DecryptUnit(unit) => boundary::result(|| self.decrypt_unit(handle, &unit)),
            SessionRequest::Close => boundary::result(|| media_keys::destroy_session(handle)).map(|()| Reply::Done),
            request => boundary::result(|| self.answer_for_session(number, handle, request)),
        }
    }

    fn answer_for_session(
        &self,
        number: u64,
        handle: *const MediaKeySession,
        request: SessionRequest<'_>,
    ) -> Result<Reply> {
        let session = media_keys::session(handle)?;
        match request {
            SessionRequest::KeyRequest(request) => {
                return Ok(server_message(session.generate_media_key_request(&key_request(&request)?)?));
            }
            SessionRequest::KeyResponse(response, room) => {
                let room = room.map(|room| room as usize);
                let id = process_here(&session, response, room, |needed| match room {
                    Some(available) if needed > available => {
                        Err(Error::BufferTooSmall { argument: "offlineMediaKeyId", needed, available, unit: "bytes" })
                    }
                    Some(_) => Ok(()),
                    None => Err(Error::invalid("offlineMediaKeyId", "its length is negative")),
                })?;
                return Ok(Reply::Bytes(id));
            }
            SessionRequest::Status => return Ok(Reply::Rows(session.status_rows()?)),
            SessionRequest::Clear => session.clear_media_keys()?,
            SessionRequest::ReleaseRequest(id) => {
                return Ok(Reply::Bytes(session.generate_offline_release_request(id)?));
            }
            SessionRequest::ReleaseResponse(id, response) => session.process_offline_release_response(id, response)?,
            SessionRequest::Restore(id) => session.restore_offline_key(id)?,
            SessionRequest::Level => return Ok(Reply::Number(session.level()? as u32)),
            SessionRequest::SecureDecoder(mime_type) => {
                return Ok(Reply::Flag(session.requires_secure_decoder(mime_type)?));
            }
            SessionRequest::Explain => return Ok(Reply::Text(translate::explanations(&session.explain()?)?)),
            SessionRequest::Full(full) => session.events().set_full_elsewhere(full),
            SessionRequest::Listen(listens) => {
                session.events().set(CallbackSlot::Plain, self.forward(listens, Some(number)));
            }
            // The caller has dealt with these.
            SessionRequest::Close
            | SessionRequest::Decrypt(_)
            | SessionRequest::DecryptAll(..)
            | SessionRequest::DecryptUnit(_) => {}
        }
        Ok(Reply::Done)
    }

    /// Where a sample is. The player may write there at any moment.
    fn place(&self, place: Place) -> Result<(*mut u8, usize)> {
        let offset = usize::try_from(place.offset).map_err(|_| outside())?;
        self.memory.pointer(offset, place.length as usize).map(|data| (data, offset)).ok_or_else(outside)
    }

    /// A copy that the player cannot change, for whoever looks at the bytes.
    fn copy(&self, place: Place) -> Result<(Vec<u8>, usize)> {
        let (_, offset) = self.place(place)?;
        let length = place.length as usize;
        if length > LARGEST_PART {
            return Err(outside());
        }
        let mut bytes = vec![0; length];
        if self.memory.read(offset, &mut bytes) { Ok((bytes, offset)) } else { Err(outside()) }
    }

    fn put_back(&self, bytes: &[u8], offset: usize) -> Result<()> {
        if self.memory.write(offset, bytes) { Ok(()) } else { Err(outside()) }
    }

    fn decrypt(&self, session: *const MediaKeySession, sample: &Sample) -> Result<Reply> {
        let subsamples = subsamples(sample);
        let info = sample_info(sample, &subsamples);
        let (data, _) = self.place(sample.place)?;
        // A cipher takes bytes as they come: whatever the player writes meanwhile is decrypted, or is not.
        let done = boundary::attempt_and_wipe(|| decrypt_here(session, &raw const info, data, sample.place.length));
        if done.is_some() {
            return Ok(Reply::Done);
        }
        boundary::result(|| {
            let (mut bytes, offset) = self.copy(sample.place)?;
            crate::native_mediadecrypt::decrypt_with_reasons(session, &info, &mut bytes)?;
            self.put_back(&bytes, offset)?;
            Ok(Reply::Done)
        })
    }

    fn decrypt_all(
        &self,
        session: *const MediaKeySession,
        samples: &[Sample],
        only_check: bool,
        index: &mut u32,
    ) -> Result<Reply> {
        let all: Vec<_> = samples.iter().map(subsamples).collect();
        let infos: Vec<_> = samples.iter().zip(&all).map(|(sample, all)| sample_info(sample, all)).collect();
        let describe = |(sample, info): (&Sample, &DRM_SampleInfo)| {
            let (data, _) = self.place(sample.place)?;
            Ok(DRM_Sample { info: ptr::from_ref(info), data, dataLen: sample.place.length, reserved: 0 })
        };
        let described: Vec<_> = samples.iter().zip(&infos).map(describe).collect::<Result<_>>()?;
        let blamed = Cell::new(u32::MAX);
        let blame = |failed: usize| blamed.set(u32::try_from(failed).unwrap_or(u32::MAX));
        if only_check {
            check_several_here(session, &described, blame).inspect_err(|_| *index = blamed.get())?;
            return Ok(Reply::Done);
        }
        let one_by_one = || {
            // The key system looks at the bytes.
            for (number, (sample, info)) in samples.iter().zip(&infos).enumerate() {
                blame(number);
                let (mut bytes, offset) = self.copy(sample.place)?;
                crate::native_mediadecrypt::decrypt_with_reasons(session, info, &mut bytes)?;
                self.put_back(&bytes, offset)?;
            }
            Ok(())
        };
        decrypt_several_here(session, &described, blame, one_by_one).inspect_err(|_| *index = blamed.get())?;
        Ok(Reply::Done)
    }

    fn decrypt_unit(&self, session: *const MediaKeySession, unit: &Unit) -> Result<Reply> {
        let (mut bytes, offset) = self.copy(unit.place)?;
        let info = DRM_AccessUnitInfo {
            structSize: u32::try_from(size_of::<DRM_AccessUnitInfo>()).unwrap_or(u32::MAX),
            format: unit.format,
            nalLengthSize: unit.nal_length_size,
            algorithm: unit.algorithm,
            keyId: unit.key_id.0,
            iv: unit.iv.0,
        };
        let (after, left) = decrypt_unit_here(session, &info, &read_state(&unit.state), &mut bytes)?;
        self.put_back(&bytes, offset)?;
        Ok(Reply::Unit(after.map(|after| write_state(&after)), left))
    }
}

fn server_message(request: ServerRequest) -> Reply {
    Reply::Message(translate::request_type(request.request_type).0, request.data, request.default_url)
}

fn key_request(request: &KeyRequest<'_>) -> Result<MediaKeyRequestInfo> {
    if request.init_data.len() > MAX_INIT_DATA_LEN {
        return Err(Error::invalid("initDataLen", "greater than MAX_INIT_DATA_LEN"));
    }
    if request.options.len() > native_drm_common::MAX_MEDIA_KEY_REQUEST_OPTION_COUNT {
        return Err(Error::invalid("optionsCount", "greater than MAX_MEDIA_KEY_REQUEST_OPTION_COUNT"));
    }
    Ok(MediaKeyRequestInfo {
        key_type: if request.offline { MediaKeyType::Offline } else { MediaKeyType::Online },
        init_data: request.init_data.to_vec(),
        mime_type: request.mime_type.to_owned(),
        options: request.options.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
    })
}

fn subsamples(sample: &Sample) -> Vec<DrmSubsample> {
    let one = |&(clear, protected): &(u32, u32)| DrmSubsample { clearHeaderLen: clear, payLoadLen: protected };
    sample.subsamples.iter().map(one).collect()
}

fn sample_info(sample: &Sample, subsamples: &[DrmSubsample]) -> DRM_SampleInfo {
    DRM_SampleInfo {
        structSize: u32::try_from(size_of::<DRM_SampleInfo>()).unwrap_or(u32::MAX),
        algorithm: CencAlgorithmValue(sample.algorithm),
        scheme: sample.scheme,
        ivLen: sample.iv_length,
        keyId: sample.key_id.0,
        iv: sample.iv.0,
        cryptByteBlock: sample.pattern.0,
        skipByteBlock: sample.pattern.1,
        subsampleCount: u32::try_from(subsamples.len()).unwrap_or(u32::MAX),
        reserved: 0,
        subsamples: subsamples.as_ptr(),
    }
}

fn write_state(state: &DRM_AccessUnitState) -> UnitState {
    UnitState {
        flags: state.flags,
        algorithm: state.algorithm,
        iv_length: state.ivLen,
        key_id: Block(state.keyId),
        next_key_id: Block(state.nextKeyId),
        iv: Block(state.iv),
    }
}
