//! From C descriptions of access units to decryption.

use super::access_unit::{
    DRM_ACCESS_UNIT_CEI_AVS3, DRM_ACCESS_UNIT_CEI_H264, DRM_ACCESS_UNIT_CEI_H265, DRM_ACCESS_UNIT_ENCRYPTED,
    DRM_ACCESS_UNIT_HAS_ALGORITHM, DRM_ACCESS_UNIT_HAS_CEI, DRM_ACCESS_UNIT_HAS_NEXT_KEY_ID,
    DRM_ACCESS_UNIT_ONE_PREVENTION, DRM_ACCESS_UNIT_SAMPLE_AES_AAC, DRM_ACCESS_UNIT_SAMPLE_AES_AC3,
    DRM_ACCESS_UNIT_SAMPLE_AES_EAC3, DRM_ACCESS_UNIT_SAMPLE_AES_H264, DRM_AccessUnitInfo, DRM_AccessUnitState,
};
use super::sample;
use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::glue::media_keys::Sessions;
use crate::isolation::{self, handles};
use crate::native_drm_common::MediaKeySession;
use crate::native_drm_err::ErrCodeValue;
use cenc::access_unit::{
    AccessUnit, Algorithm, AudioCodec, Cei, Codec, Framing, LARGEST_UNIT, LengthSize, Stream, VideoCodec,
};

/// Decrypts a unit if there is nothing unusual about the call. If there is, nothing has happened yet, and [`look_into`] does it
/// all again, as it is with samples.
#[inline(always)]
pub fn decrypt_at_once(
    session: *const MediaKeySession,
    info: *const DRM_AccessUnitInfo,
    state: *mut DRM_AccessUnitState,
    data: *mut u8,
    length: *mut u32,
) -> Option<()> {
    let stream = stream(args::valid(info)?).ok()?;
    let before = cei(args::valid(state.cast_const())?).ok()?;
    let given = *args::valid(length.cast_const())?;
    if given == 0 || given as usize > LARGEST_UNIT {
        return None;
    }
    let data = args::valid_sample(data, given)?;
    let mut unit = AccessUnit::default();
    unit.read(&stream, before.as_ref(), data).ok()?;
    let pin = sample::pin();
    let left = Sessions::get_pinned(&pin, session)?.decrypt_unit_at_once(&pin, &unit, data)?;
    finish(&stream, &unit, state, length, left, given).ok()
}

/// Decrypts a unit, or tells why not.
#[cold]
#[inline(never)]
pub fn look_into(
    session: *const MediaKeySession,
    info: *const DRM_AccessUnitInfo,
    state: *mut DRM_AccessUnitState,
    data: *mut u8,
    length: *mut u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| decrypt(session, info, state, data, length))
}

/// Tells the caller what there is now.
#[inline(always)]
fn finish(
    stream: &Stream,
    unit: &AccessUnit,
    state: *mut DRM_AccessUnitState,
    length: *mut u32,
    left: usize,
    given: u32,
) -> Result<()> {
    if let Stream::Cei { .. } = stream {
        args::out("state", state)?.write(unit.state().map_or(NO_CEI, state_of));
    }
    // It never gets longer.
    args::out("dataLen", length)?.write(u32::try_from(left).unwrap_or(given));
    Ok(())
}

/// Decrypts a unit, or changes nothing.
fn decrypt(
    session: *const MediaKeySession,
    info: *const DRM_AccessUnitInfo,
    state: *mut DRM_AccessUnitState,
    data: *mut u8,
    length: *mut u32,
) -> Result<()> {
    let info = args::reference("info", info)?;
    let stream = stream(info)?;
    let given_state = args::read("state", state.cast_const())?;
    let before = cei(&given_state)?;
    let state = args::out("state", state)?;
    let given = args::read("dataLen", length.cast_const())?;
    let length = args::out("dataLen", length)?;
    if given as usize > LARGEST_UNIT {
        return Err(Error::invalid("dataLen", "greater than 268435456"));
    }
    let data = args::sample("data", data, given)?;
    let (after, left) = match handles::session_apart(session) {
        Some(session) => isolation::decrypt_unit(&session, info, &given_state, data)?,
        None => decrypt_parsed(session, &stream, before.as_ref(), data)?,
    };
    if let (Some(after), Stream::Cei { .. }) = (after, stream) {
        state.write(after);
    }
    length.write(left);
    Ok(())
}

/// Decrypts an access unit with a session of this process: the state after it, if its format has one, and how much is left.
pub fn decrypt_here(
    session: *const MediaKeySession,
    info: &DRM_AccessUnitInfo,
    state: &DRM_AccessUnitState,
    data: &mut [u8],
) -> Result<(Option<DRM_AccessUnitState>, u32)> {
    decrypt_parsed(session, &stream(info)?, cei(state)?.as_ref(), data)
}

fn decrypt_parsed(
    session: *const MediaKeySession,
    stream: &Stream,
    before: Option<&Cei>,
    data: &mut [u8],
) -> Result<(Option<DRM_AccessUnitState>, u32)> {
    let unit = AccessUnit::parse(stream, before, data).map_err(|error| malformed(session, error))?;
    let key_id = unit.protection().map(|protection| protection.key_id).unwrap_or_default();
    let left = sample::run_with(session, &key_id, |session, pin| session.decrypt_access_unit(pin, &unit, data))?;
    let after = matches!(stream, Stream::Cei { .. }).then(|| unit.state().map_or(NO_CEI, state_of));
    // It never gets longer.
    Ok((after, u32::try_from(left).unwrap_or(u32::MAX)))
}

/// Counts a unit that is refused for what it is, as samples are.
#[cold]
fn malformed(session: *const MediaKeySession, error: cenc::access_unit::Error) -> Error {
    let pin = sample::pin();
    match Sessions::get_pinned(&pin, session) {
        Some(session) => {
            session.count_error(&pin);
            Error::invalid("data", error.to_string())
        }
        None => Sessions::not_a_handle("mediaKeySession"),
    }
}

fn stream(info: &DRM_AccessUnitInfo) -> Result<Stream> {
    if info.structSize as usize != size_of::<DRM_AccessUnitInfo>() {
        return Err(Error::invalid("structSize", "not sizeof(DRM_AccessUnitInfo)"));
    }
    let framing = match info.nalLengthSize {
        0 => Framing::StartCodes,
        1 => Framing::Lengths(LengthSize::One),
        2 => Framing::Lengths(LengthSize::Two),
        4 => Framing::Lengths(LengthSize::Four),
        _ => return Err(Error::invalid("nalLengthSize", "not 0, 1, 2 or 4")),
    };
    let stream = match info.format {
        DRM_ACCESS_UNIT_CEI_H264 => cei_stream(VideoCodec::H264(framing), info)?,
        DRM_ACCESS_UNIT_CEI_H265 => cei_stream(VideoCodec::H265(framing), info)?,
        DRM_ACCESS_UNIT_CEI_AVS3 => cei_stream(VideoCodec::Avs3, info)?,
        DRM_ACCESS_UNIT_SAMPLE_AES_H264 => sample_aes_stream(Codec::H264(framing), info)?,
        DRM_ACCESS_UNIT_SAMPLE_AES_AAC => sample_aes_stream(Codec::Audio(AudioCodec::Aac), info)?,
        DRM_ACCESS_UNIT_SAMPLE_AES_AC3 | DRM_ACCESS_UNIT_SAMPLE_AES_EAC3 => {
            sample_aes_stream(Codec::Audio(AudioCodec::Ac3), info)?
        }
        _ => return Err(Error::invalid("format", "not a DRM_ACCESS_UNIT_CEI_... or DRM_ACCESS_UNIT_SAMPLE_AES_...")),
    };
    let has_nal_units = !matches!(
        stream,
        Stream::Cei { codec: VideoCodec::Avs3, .. } | Stream::SampleAes { codec: Codec::Audio(_), .. }
    );
    if !has_nal_units && framing != Framing::StartCodes {
        return Err(Error::invalid("nalLengthSize", "not 0, which the format has no lengths for"));
    }
    Ok(stream)
}

fn cei_stream(codec: VideoCodec, info: &DRM_AccessUnitInfo) -> Result<Stream> {
    let algorithm = match info.algorithm {
        0 => None,
        number => Some(algorithm(number)?),
    };
    Ok(Stream::Cei { codec, algorithm })
}

fn sample_aes_stream(codec: Codec, info: &DRM_AccessUnitInfo) -> Result<Stream> {
    if info.algorithm != 0 {
        return Err(Error::invalid("algorithm", "not 0 with SAMPLE-AES"));
    }
    Ok(Stream::SampleAes { codec, key_id: info.keyId, iv: info.iv })
}

fn algorithm(number: u32) -> Result<Algorithm> {
    u8::try_from(number)
        .ok()
        .and_then(Algorithm::from_number)
        .ok_or_else(|| Error::invalid("algorithm", "not 0, 1, 2, 3 or 5"))
}

/// Whether a state is one that this library writes.
pub fn is_state(state: &DRM_AccessUnitState) -> bool {
    cei(state).is_ok()
}

const ALL_FLAGS: u32 = DRM_ACCESS_UNIT_HAS_CEI
    | DRM_ACCESS_UNIT_ENCRYPTED
    | DRM_ACCESS_UNIT_HAS_NEXT_KEY_ID
    | DRM_ACCESS_UNIT_ONE_PREVENTION
    | DRM_ACCESS_UNIT_HAS_ALGORITHM;

/// What a state that the caller has kept says; none if it is zero.
fn cei(state: &DRM_AccessUnitState) -> Result<Option<Cei>> {
    let wrong = |reason: &'static str| Err(Error::invalid("state", reason));
    let flag = |bit| state.flags & bit != 0;
    if state.flags & !ALL_FLAGS != 0 || state.reserved != 0 || state.reservedForLater != [0; _] {
        return wrong("neither zero nor what this function has written");
    }
    let blank = [state.keyId, state.nextKeyId, state.iv] == [[0; 16]; 3] && state.algorithm | state.ivLen == 0;
    if !flag(DRM_ACCESS_UNIT_HAS_CEI) {
        return if state.flags == 0 && blank { Ok(None) } else { wrong("flags without DRM_ACCESS_UNIT_HAS_CEI") };
    }
    let Some(iv_length) = u8::try_from(state.ivLen).ok().filter(|length| *length <= 16) else {
        return wrong("an IV of more than 16 bytes");
    };
    let encrypted = flag(DRM_ACCESS_UNIT_ENCRYPTED);
    if encrypted && !matches!(iv_length, 8 | 16) {
        return wrong("an IV of another length than 8 or 16");
    }
    let named = algorithm(state.algorithm)?;
    Ok(Some(Cei {
        encrypted,
        one_prevention: flag(DRM_ACCESS_UNIT_ONE_PREVENTION),
        key_id: state.keyId,
        next_key_id: flag(DRM_ACCESS_UNIT_HAS_NEXT_KEY_ID).then_some(state.nextKeyId),
        iv: state.iv,
        iv_length,
        algorithm: flag(DRM_ACCESS_UNIT_HAS_ALGORITHM).then_some(named),
    }))
}

/// The state at the start of a stream.
const NO_CEI: DRM_AccessUnitState = DRM_AccessUnitState {
    flags: 0,
    algorithm: 0,
    ivLen: 0,
    reserved: 0,
    keyId: [0; _],
    nextKeyId: [0; _],
    iv: [0; _],
    reservedForLater: [0; _],
};

fn state_of(cei: &Cei) -> DRM_AccessUnitState {
    let flag = |bit: u32, set: bool| if set { bit } else { 0 };
    DRM_AccessUnitState {
        flags: DRM_ACCESS_UNIT_HAS_CEI
            | flag(DRM_ACCESS_UNIT_ENCRYPTED, cei.encrypted)
            | flag(DRM_ACCESS_UNIT_HAS_NEXT_KEY_ID, cei.next_key_id.is_some())
            | flag(DRM_ACCESS_UNIT_ONE_PREVENTION, cei.one_prevention)
            | flag(DRM_ACCESS_UNIT_HAS_ALGORITHM, cei.algorithm.is_some()),
        algorithm: cei.algorithm.map_or(0, |algorithm| algorithm as u32),
        ivLen: cei.iv_length.into(),
        keyId: cei.key_id,
        nextKeyId: cei.next_key_id.unwrap_or_default(),
        iv: cei.iv,
        ..NO_CEI
    }
}
