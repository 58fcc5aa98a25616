//! From C descriptions of samples to decryption.

use std::ptr;

use super::description::{
    DRM_CENC_SCHEME_AUTO, DRM_CENC_SCHEME_CBC1, DRM_CENC_SCHEME_CBCS, DRM_CENC_SCHEME_CENC, DRM_CENC_SCHEME_CENS,
    DRM_SampleInfo,
};
use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::glue::media_keys::{self, Sessions};
use crate::isolation::handles;
use crate::native_avbuffer::OH_AVBuffer;
use crate::native_avbuffer::object::AvBuffers;
use crate::native_cencinfo::object::{CencInfo, CencInfos};
use crate::native_cencinfo::{
    CencAlgorithmValue, DRM_KEY_ID_SIZE, DRM_KEY_IV_SIZE, DRM_KEY_MAX_SUB_SAMPLE_NUM, DrmCencAlgorithm, DrmSubsample,
    OH_AVCencInfo,
};
use crate::native_drm_common::MediaKeySession;
use crate::native_drm_err::ErrCodeValue;
use base::rcu::{Pin, pin_call};
use cenc::{Cipher, Pattern, Sample, Scheme, Subsample};
use drm::sample::SampleRequest;

/// Pins the thread for a function of this module.
#[inline(always)]
pub(super) fn pin() -> Pin {
    // SAFETY: exported functions alone come here, on a thread that is in no other call (`native_drm_common.h` says that of
    // signal handlers, and no callback is called while pinned), and each pins once at a time.
    unsafe { pin_call() }
}

/// Decrypts one sample if there is nothing unusual about the call. If there is, nothing has happened yet, and [`look_into`]
/// does it all again and tells what is wrong: not having to carry an error makes small samples cheaper.
#[inline(always)]
pub fn decrypt_at_once(
    session: *const MediaKeySession,
    info: *const DRM_SampleInfo,
    data: *mut u8,
    length: u32,
) -> Option<()> {
    let info = args::valid(info)?;
    let data = args::valid_sample(data, length)?;
    let pin = pin();
    let session = Sessions::get_pinned(&pin, session)?;
    session.decrypt_at_once(&pin, &info.keyId, &usual_sample(info, data.len())?, data)
}

/// A sample whose description is as usual; none for clear samples or if something is wrong.
#[inline(always)]
pub fn usual_sample(info: &DRM_SampleInfo, length: usize) -> Option<Sample<'_>> {
    if info.structSize as usize != size_of::<DRM_SampleInfo>() || info.reserved != 0 {
        return None;
    }
    let iv = info.iv.get(..info.ivLen as usize)?;
    let subsamples = match info.subsampleCount {
        0 => &[],
        count => args::valid_slice(info.subsamples, count as usize)?,
    };
    let pattern = pattern(info);
    let (cipher, scheme) = protection(info.algorithm.0, info.scheme, pattern)?;
    Sample::checked(cipher, scheme, iv, pattern, convert(subsamples), length)
}

/// A sample that stays as it is, whose description is as usual.
#[cold]
pub fn is_clear(info: &DRM_SampleInfo) -> bool {
    info.algorithm.0 == CLEAR && request(info).is_ok()
}

/// Decrypts one sample, or tells why not.
#[cold]
#[inline(never)]
pub fn look_into(
    session: *const MediaKeySession,
    info: *const DRM_SampleInfo,
    data: *mut u8,
    length: u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let info = args::reference("info", info)?;
        let data = args::sample("data", data, length)?;
        run(session, &request(info)?, data)
    })
}

/// Decrypts one sample, or says why not.
pub fn decrypt_with_reasons(session: *const MediaKeySession, info: &DRM_SampleInfo, data: &mut [u8]) -> Result<()> {
    run(session, &request(info)?, data)
}

/// Decrypts one sample that an `OH_AVCencInfo` describes.
pub fn decrypt_with_cenc_info(
    session: *const MediaKeySession,
    info: *const OH_AVCencInfo,
    data: *mut u8,
    length: u32,
) -> Result<()> {
    // A copy, and the object let go: a decrypt may be left by siglongjmp.
    let info = CencInfos::find("cencInfo", info)?.lock().clone();
    let data = args::sample("data", data, length)?;
    decrypt_as(session, "cencInfo", &info, data)
}

/// Decrypts the data of a buffer as the `OH_AVCencInfo` says that is attached to it, and detaches that.
pub fn decrypt_buffer(session: *const MediaKeySession, buffer: *const OH_AVBuffer) -> Result<()> {
    // Whoever destroys it meanwhile leaves its memory to this call.
    let buffer = AvBuffers::find("buffer", buffer)?;
    let mut claim = buffer.claim()?;
    let (info, data) = claim.take()?;
    let result = decrypt_as(session, "buffer", &info, data);
    if result.is_err() {
        claim.give_back(info);
    }
    result
}

/// Decrypts one sample, wherever its session is.
pub fn run(session: *const MediaKeySession, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
    if let Some(session) = handles::session_apart(session) {
        return session.decrypt(request, data);
    }
    let result = run_with(session, request.key_id, |session, pin| session.decrypt_sample(pin, request, data));
    if let Err(Error::Drm(drm::Error::KeyKept)) = result {
        return decrypt_kept(session, request, data).map_err(|error| refused(session, error, request.key_id));
    }
    result
}

/// Decrypts with a session, which may be tried twice: the first use of a license is recorded in between.
pub(super) fn run_with<T>(
    session: *const MediaKeySession,
    key_id: &[u8; DRM_KEY_ID_SIZE],
    mut decrypt: impl FnMut(&drm::session::MediaKeySession, &Pin) -> drm::Result<T>,
) -> Result<T> {
    let mut result = try_once(session, &mut decrypt);
    if let Err(Error::Drm(drm::Error::FirstUse)) = result {
        begin_use(session, key_id)?;
        result = try_once(session, &mut decrypt);
    }
    result.map_err(|error| refused(session, error, key_id))
}

fn try_once<T>(
    session: *const MediaKeySession,
    decrypt: &mut impl FnMut(&drm::session::MediaKeySession, &Pin) -> drm::Result<T>,
) -> Result<T> {
    let pin = pin();
    let session = Sessions::get_pinned(&pin, session).ok_or_else(|| Sessions::not_a_handle("mediaKeySession"))?;
    Ok(decrypt(session, &pin).inspect_err(|error| {
        if !matches!(error, drm::Error::FirstUse | drm::Error::KeyKept) {
            session.count_error(&pin);
        }
    })?)
}

/// Has the key system decrypt, which keeps the key. Not to be called while pinned: this takes as long as it does.
#[cold]
fn decrypt_kept(session: *const MediaKeySession, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
    Ok(media_keys::session(session)?.decrypt_kept(request, data)?)
}

/// Records the first use of a license. Not to be called while pinned: this takes locks and may write a file.
#[cold]
pub fn begin_use(session: *const MediaKeySession, key_id: &[u8; DRM_KEY_ID_SIZE]) -> Result<()> {
    let session = media_keys::session(session)?;
    Ok(session.begin_use(key_id)?)
}

/// Tells listeners if a missing key is why a sample was refused, and the caller why a policy refuses. Not to be called while
/// pinned: this takes locks.
#[cold]
pub fn refused(session: *const MediaKeySession, error: Error, key_id: &[u8; DRM_KEY_ID_SIZE]) -> Error {
    let Some(session) = Sessions::get(session) else { return error };
    match error {
        Error::Drm(drm::Error::NoKey { .. }) => {
            session.announce_missing_key(key_id);
            error
        }
        Error::Drm(drm::Error::NoLicense { key_id: hex_id, reason }) => {
            let reason = session.refusal(key_id).map_or(reason, Into::into);
            drm::Error::NoLicense { key_id: hex_id, reason }.into()
        }
        _ => error,
    }
}

pub fn request(info: &DRM_SampleInfo) -> Result<SampleRequest<'_>> {
    if info.structSize as usize != size_of::<DRM_SampleInfo>() {
        return Err(Error::invalid("structSize", "not sizeof(DRM_SampleInfo)"));
    }
    if info.reserved != 0 {
        return Err(Error::invalid("reserved", "not 0"));
    }
    let pattern = pattern(info);
    let method = method(info.algorithm.0, info.scheme, pattern)?;
    let iv = info.iv.get(..info.ivLen as usize).ok_or_else(|| Error::invalid("ivLen", "greater than 16"))?;
    let subsamples = if info.subsampleCount == 0 {
        &[]
    } else {
        args::slice("subsamples", info.subsamples, info.subsampleCount as usize)?
    };
    Ok(SampleRequest { method, key_id: &info.keyId, iv, pattern, subsamples: convert(subsamples) })
}

#[inline(always)]
fn pattern(info: &DRM_SampleInfo) -> Pattern {
    Pattern { crypt: info.cryptByteBlock, skip: info.skipByteBlock }
}

const CLEAR: u32 = DrmCencAlgorithm::DRM_ALG_CENC_UNENCRYPTED as u32;
const AES_CTR: u32 = DrmCencAlgorithm::DRM_ALG_CENC_AES_CTR as u32;
const AES_WV: u32 = DrmCencAlgorithm::DRM_ALG_CENC_AES_WV as u32;
const AES_CBC: u32 = DrmCencAlgorithm::DRM_ALG_CENC_AES_CBC as u32;
const SM4_CBC: u32 = DrmCencAlgorithm::DRM_ALG_CENC_SM4_CBC as u32;
const SM4_CTR: u32 = DrmCencAlgorithm::DRM_ALG_CENC_SM4_CTR as u32;

/// Cipher and scheme for an algorithm, a scheme's four characters (or 0) and a pattern; none for clear samples and if they
/// mean nothing together.
#[inline(always)]
fn protection(algorithm: u32, scheme: u32, pattern: Pattern) -> Option<(Cipher, Scheme)> {
    let cipher = if matches!(algorithm, SM4_CTR | SM4_CBC) { Cipher::Sm4 } else { Cipher::Aes128 };
    let has_pattern = pattern.crypt | pattern.skip != 0;
    let scheme = match algorithm {
        AES_CTR | SM4_CTR => match scheme {
            DRM_CENC_SCHEME_CENS => Scheme::Cens,
            DRM_CENC_SCHEME_AUTO if has_pattern => Scheme::Cens,
            DRM_CENC_SCHEME_CENC | DRM_CENC_SCHEME_AUTO => Scheme::Cenc,
            _ => return None,
        },
        AES_CBC | SM4_CBC => match scheme {
            DRM_CENC_SCHEME_CBCS => Scheme::Cbcs,
            DRM_CENC_SCHEME_AUTO if has_pattern => Scheme::Cbcs,
            DRM_CENC_SCHEME_CBC1 | DRM_CENC_SCHEME_AUTO => Scheme::Cbc1,
            _ => return None,
        },
        _ => return None,
    };
    Some((cipher, scheme))
}

/// As [`protection`], but nothing stands for clear samples, and with the reason if something is wrong.
fn method(algorithm: u32, scheme: u32, pattern: Pattern) -> Result<Option<(Cipher, Scheme)>> {
    match algorithm {
        CLEAR => Ok(None),
        AES_WV => Err(Error::Unsupported("algorithm DRM_ALG_CENC_AES_WV".into())),
        AES_CTR | AES_CBC | SM4_CTR | SM4_CBC => protection(algorithm, scheme, pattern)
            .map(Some)
            .ok_or_else(|| Error::invalid("scheme", "unknown, or not one of the algorithm's mode")),
        _ => Err(Error::invalid("algorithm", "not a DrmCencAlgorithm")),
    }
}

/// Room for all subsamples that an `OH_AVCencInfo` stands for.
type Subsamples = [DrmSubsample; DRM_KEY_MAX_SUB_SAMPLE_NUM + 1];

fn decrypt_as(session: *const MediaKeySession, argument: &'static str, info: &CencInfo, data: &mut [u8]) -> Result<()> {
    let pattern = Pattern { crypt: info.encrypted_blocks, skip: info.skipped_blocks };
    let method = method(info.algorithm, DRM_CENC_SCHEME_AUTO, pattern)?;
    if method.is_some() && !info.is_set() {
        return Err(Error::invalid(
            argument,
            "key id, IV and subsamples are not set; OH_MediaKeySession_DecryptAccessUnit finds them in the unit",
        ));
    }
    let mut room: Subsamples = [DrmSubsample::default(); _];
    let subsamples = convert(all_subsamples(info, data.len(), &mut room));
    run(session, &SampleRequest { method, key_id: &info.key_id, iv: &info.iv, pattern, subsamples }, data)
}

/// The subsamples, with one for the offset in front of them if there is any.
fn all_subsamples<'a>(info: &'a CencInfo, length: usize, room: &'a mut Subsamples) -> &'a [DrmSubsample] {
    let given = &info.subsamples[..info.subsample_count];
    let offset = info.first_encrypted_offset;
    if offset == 0 {
        return given;
    }
    let rest = u32::try_from(length).unwrap_or(u32::MAX).saturating_sub(offset);
    room[0] = DrmSubsample { clearHeaderLen: offset, payLoadLen: if given.is_empty() { rest } else { 0 } };
    room[1..=given.len()].copy_from_slice(given);
    &room[..=given.len()]
}

/// Bytes of the IV of an `OH_AVCencInfo`.
const IV_LENGTH: u32 = 16;
const _: () = assert!(IV_LENGTH as usize == DRM_KEY_IV_SIZE);

/// Writes what an `OH_AVCencInfo` holds.
pub fn describe(
    cenc_info: *const OH_AVCencInfo,
    length: u32,
    out: *mut DRM_SampleInfo,
    subsamples: *mut DrmSubsample,
    count: *mut u32,
) -> Result<()> {
    let cenc_info = CencInfos::find("cencInfo", cenc_info)?;
    let target = args::out("info", out)?;
    // Its first member; the others may be anything.
    let struct_size = args::read("info", out.cast::<u32>())?;
    if struct_size as usize != size_of::<DRM_SampleInfo>() {
        return Err(Error::invalid("structSize", "not sizeof(DRM_SampleInfo)"));
    }
    let count = args::in_out_count("subsampleCount", count, "subsamples")?;
    let mut info = cenc_info.lock().clone();
    let set = info.is_set();
    if !set {
        info = CencInfo { algorithm: info.algorithm, ..CencInfo::new() };
    }
    let mut room: Subsamples = [DrmSubsample::default(); _];
    let used = all_subsamples(&info, length as usize, &mut room);
    args::fits("subsamples", count, used.len())?;
    let mut first = ptr::null_mut();
    if !used.is_empty() {
        let places = args::out("subsamples", subsamples)?;
        used.iter().enumerate().for_each(|(index, &subsample)| places.at(index).write(subsample));
        first = subsamples;
    }
    count.store(used.len())?;
    target.write(DRM_SampleInfo {
        structSize: struct_size,
        algorithm: CencAlgorithmValue(info.algorithm),
        scheme: DRM_CENC_SCHEME_AUTO,
        ivLen: if set { IV_LENGTH } else { 0 },
        keyId: info.key_id,
        iv: info.iv,
        cryptByteBlock: info.encrypted_blocks,
        skipByteBlock: info.skipped_blocks,
        subsampleCount: u32::try_from(used.len()).unwrap_or(u32::MAX),
        reserved: 0,
        subsamples: first,
    });
    Ok(())
}

const _: () = assert!(size_of::<DrmSubsample>() == size_of::<Subsample>());
const _: () = assert!(align_of::<DrmSubsample>() == align_of::<Subsample>());

#[inline(always)]
fn convert(subsamples: &[DrmSubsample]) -> &[Subsample] {
    // SAFETY: both are #[repr(C)] structs of two u32, clear bytes first; the lifetime stays the same.
    unsafe { std::slice::from_raw_parts(subsamples.as_ptr().cast(), subsamples.len()) }
}
