//! From C descriptions of samples to decryption.

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
use crate::native_cencinfo::{
    CencInfo, CencInfos, DRM_KEY_ID_SIZE, DRM_KEY_MAX_SUB_SAMPLE_NUM, DrmCencAlgorithm, DrmCencInfoMode, DrmSubsample,
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
    let mut subsamples = [DrmSubsample::default(); DRM_KEY_MAX_SUB_SAMPLE_NUM + 1];
    run(session, &cenc_info_request(&info, length, &mut subsamples)?, data)
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

fn cenc_info_request<'a>(
    info: &'a CencInfo,
    length: u32,
    subsamples: &'a mut [DrmSubsample; DRM_KEY_MAX_SUB_SAMPLE_NUM + 1],
) -> Result<SampleRequest<'a>> {
    let pattern = Pattern { crypt: info.encrypted_blocks, skip: info.skipped_blocks };
    let method = method(info.algorithm, DRM_CENC_SCHEME_AUTO, pattern)?;
    if method.is_some() && info.mode != DrmCencInfoMode::DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET as u32 {
        return Err(Error::invalid("cencInfo", "key id, IV and subsamples are not set"));
    }
    let given = &info.subsamples[..info.subsample_count];
    let offset = info.first_encrypted_offset;
    let used: &[DrmSubsample] = if offset == 0 {
        given
    } else {
        let payload = if given.is_empty() { length.saturating_sub(offset) } else { 0 };
        subsamples[0] = DrmSubsample { clearHeaderLen: offset, payLoadLen: payload };
        subsamples[1..=given.len()].copy_from_slice(given);
        &subsamples[..=given.len()]
    };
    Ok(SampleRequest { method, key_id: &info.key_id, iv: &info.iv, pattern, subsamples: convert(used) })
}

const _: () = assert!(size_of::<DrmSubsample>() == size_of::<Subsample>());
const _: () = assert!(align_of::<DrmSubsample>() == align_of::<Subsample>());

#[inline(always)]
fn convert(subsamples: &[DrmSubsample]) -> &[Subsample] {
    // SAFETY: both are #[repr(C)] structs of two u32, clear bytes first; the lifetime stays the same.
    unsafe { std::slice::from_raw_parts(subsamples.as_ptr().cast(), subsamples.len()) }
}
