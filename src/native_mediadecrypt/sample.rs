//! From C descriptions of samples to decryption.

use std::ptr;

use smallvec::SmallVec;

use super::description::{
    DRM_CENC_SCHEME_AUTO, DRM_CENC_SCHEME_CBC1, DRM_CENC_SCHEME_CBCS, DRM_CENC_SCHEME_CENC, DRM_CENC_SCHEME_CENS,
    DRM_Sample, DRM_SampleInfo,
};
use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::glue::media_keys::{self, Sessions};
use crate::native_avbuffer::OH_AVBuffer;
use crate::native_avbuffer::object::AvBuffers;
use crate::native_cencinfo::object::{CencInfo, CencInfos};
use crate::native_cencinfo::{
    CencAlgorithmValue, DRM_KEY_ID_SIZE, DRM_KEY_IV_SIZE, DRM_KEY_MAX_SUB_SAMPLE_NUM, DrmCencAlgorithm, DrmSubsample,
    OH_AVCencInfo,
};
use crate::native_drm_common::MediaKeySession;
use crate::native_drm_err::ErrCodeValue;
use base::rcu::pin;
use cenc::{Cipher, Pattern, Sample, Scheme, Subsample};
use drm::sample::{CheckedSample, SampleRequest};

/// Samples of one call that are kept without an allocation.
const INLINE_SAMPLES: usize = 16;

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
fn usual_sample(info: &DRM_SampleInfo, length: usize) -> Option<Sample<'_>> {
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

/// Decrypts one sample that an `OH_AVCencInfo` describes.
pub fn decrypt_with_cenc_info(
    session: *const MediaKeySession,
    info: *const OH_AVCencInfo,
    data: *mut u8,
    length: u32,
) -> Result<()> {
    let info = CencInfos::find("cencInfo", info)?;
    let info = info.lock().clone();
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

/// Decrypts several samples, or none if one of them is refused.
pub fn decrypt_all(
    session: *const MediaKeySession,
    samples: *const DRM_Sample,
    count: usize,
    failed_index: *mut u32,
) -> Result<()> {
    let failed_index = if failed_index.is_null() { None } else { Some(args::out("failedIndex", failed_index)?) };
    if count == 0 {
        return media_keys::session(session).map(drop);
    }
    let samples = args::slice("samples", samples, count)?;
    // Each license whose use begins takes a round of its own.
    for _ in 0..=count {
        let Err(refusal) = decrypt_checked(session, samples) else { return Ok(()) };
        if let (Error::Drm(drm::Error::FirstUse), Some(key_id)) = (&refusal.error, refusal.key_id) {
            begin_use(session, &key_id)?;
            continue;
        }
        if let (Some(out), Some(index)) = (failed_index, refusal.index) {
            out.write(u32::try_from(index).unwrap_or(u32::MAX));
        }
        return Err(match refusal.key_id {
            Some(key_id) => refused(session, refusal.error, &key_id),
            None => refusal.error,
        });
    }
    Err(drm::Error::FirstUse.into())
}

/// Why samples are refused, at which of them, and with which key.
struct Refusal {
    error: Error,
    index: Option<usize>,
    key_id: Option<[u8; DRM_KEY_ID_SIZE]>,
}

/// Checks all samples, then decrypts them.
fn decrypt_checked(session: *const MediaKeySession, samples: &[DRM_Sample]) -> Result<(), Refusal> {
    let pin = pin();
    let plain = |error| Refusal { error, index: None, key_id: None };
    let session =
        Sessions::get_pinned(&pin, session).ok_or_else(|| plain(Sessions::not_a_handle("mediaKeySession")))?;
    // Grows with what has been checked: `count` is not to be trusted with an allocation.
    let mut checked: SmallVec<[CheckedSample<'_>; INLINE_SAMPLES]> = SmallVec::new();
    for (index, sample) in samples.iter().enumerate() {
        let (info, request) = check_one(sample).map_err(|error| Refusal { error, index: Some(index), key_id: None })?;
        let found = session.check_sample(&pin, &request, sample.dataLen as usize).map_err(|error| {
            if !matches!(error, drm::Error::FirstUse) {
                session.count_error(&pin);
            }
            Refusal { error: error.into(), index: Some(index), key_id: Some(info.keyId) }
        });
        checked.push(found?);
    }
    for (sample, checked) in samples.iter().zip(&checked) {
        // Checked above; a program that changes its arguments meanwhile gets an error here.
        let data = args::sample("data", sample.data, sample.dataLen).map_err(plain)?;
        checked.decrypt(data);
        session.count_sample(&pin, data.len());
    }
    Ok(())
}

fn check_one(sample: &DRM_Sample) -> Result<(&DRM_SampleInfo, SampleRequest<'_>)> {
    if sample.reserved != 0 {
        return Err(Error::invalid("samples", "reserved is not 0"));
    }
    let info = args::reference("info", sample.info)?;
    args::sample("data", sample.data, sample.dataLen)?;
    Ok((info, request(info)?))
}

fn run(session: *const MediaKeySession, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
    let mut result = try_once(session, request, data);
    if let Err(Error::Drm(drm::Error::FirstUse)) = result {
        begin_use(session, request.key_id)?;
        result = try_once(session, request, data);
    }
    result.map_err(|error| refused(session, error, request.key_id))
}

fn try_once(session: *const MediaKeySession, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
    let pin = pin();
    let session = Sessions::get_pinned(&pin, session).ok_or_else(|| Sessions::not_a_handle("mediaKeySession"))?;
    Ok(session.decrypt_sample(&pin, request, data).inspect_err(|error| {
        if !matches!(error, drm::Error::FirstUse) {
            session.count_error(&pin);
        }
    })?)
}

/// Records the first use of a license. Not to be called while pinned: this takes locks and may write a file.
#[cold]
fn begin_use(session: *const MediaKeySession, key_id: &[u8; DRM_KEY_ID_SIZE]) -> Result<()> {
    let session = media_keys::session(session)?;
    Ok(session.begin_use(key_id)?)
}

/// Tells listeners if a missing key is why a sample was refused, and the caller why a policy refuses. Not to be called while
/// pinned: this takes locks.
#[cold]
fn refused(session: *const MediaKeySession, error: Error, key_id: &[u8; DRM_KEY_ID_SIZE]) -> Error {
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

fn request(info: &DRM_SampleInfo) -> Result<SampleRequest<'_>> {
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
        return Err(Error::invalid(argument, "key id, IV and subsamples are not set"));
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
