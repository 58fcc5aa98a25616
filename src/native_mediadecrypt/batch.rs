//! Several samples, decrypted together or not at all.

use super::apart;
use super::description::{DRM_Sample, DRM_SampleInfo};
use super::kept::decrypt_one_by_one;
use super::sample::{begin_use, is_clear, pin, refused, request, usual_sample};
use crate::glue::args;
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::glue::media_keys::Sessions;
use crate::isolation::handles;
use crate::native_cencinfo::DRM_KEY_ID_SIZE;
use crate::native_drm_common::MediaKeySession;
use cenc::Batch;
use drm::session::BatchKeys;

/// Decrypts several samples, or none if one of them is refused.
pub fn decrypt_all(
    session: *const MediaKeySession,
    samples: *const DRM_Sample,
    count: usize,
    failed_index: *mut u32,
) -> Result<()> {
    let failed_index = if failed_index.is_null() { None } else { Some(args::out("failedIndex", failed_index)?) };
    if count == 0 {
        return handles::session(session).map(drop);
    }
    let samples = args::slice("samples", samples, count)?;
    let refuse = |index: usize| {
        if let Some(out) = failed_index {
            out.write(u32::try_from(index).unwrap_or(u32::MAX));
        }
    };
    match handles::session_apart(session) {
        Some(session) => apart::decrypt_all(&session, samples, refuse),
        None => decrypt_here(session, samples, refuse, || decrypt_one_by_one(session, samples, refuse)),
    }
}

/// As [`decrypt_all`], in this process. `one_by_one` has the key system decrypt, which keeps a key; `refuse` is told which sample
/// is to blame.
pub fn decrypt_here(
    session: *const MediaKeySession,
    samples: &[DRM_Sample],
    refuse: impl Fn(usize),
    one_by_one: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let count = samples.len();
    // Each license whose use begins takes a round of its own.
    for _ in 0..=count {
        let Err(index) = decrypt_usual(session, samples)? else { return Ok(()) };
        let Err(refusal) = look_into(session, samples, index) else { continue };
        if let (Error::Drm(drm::Error::FirstUse), Some(key_id)) = (&refusal.error, refusal.key_id) {
            begin_use(session, &key_id)?;
            continue;
        }
        if let Error::Drm(drm::Error::KeyKept) = refusal.error {
            return one_by_one();
        }
        refuse(index);
        return Err(match refusal.key_id {
            Some(key_id) => refused(session, refusal.error, &key_id),
            None => refusal.error,
        });
    }
    Err(drm::Error::FirstUse.into())
}

/// Checks all samples, then decrypts them; the index of the first one that there is something unusual about. Then nothing has
/// happened yet, and [`look_into`] tells what: not having to carry an error makes small samples cheaper.
fn decrypt_usual(session: *const MediaKeySession, samples: &[DRM_Sample]) -> Result<Result<(), usize>> {
    let pin = pin();
    let session = Sessions::get_pinned(&pin, session).ok_or_else(|| Sessions::not_a_handle("mediaKeySession"))?;
    let Some(mut keys) = session.batch_keys(&pin) else { return Ok(Err(0)) };
    let mut bytes = 0u64;
    for (index, sample) in samples.iter().enumerate() {
        if check(sample, &mut keys).is_none() {
            return Ok(Err(index));
        }
        bytes = bytes.saturating_add(u64::from(sample.dataLen));
    }
    // All is read once more, instead of being kept in a list, and checked where that is what makes it safe. What a sample takes
    // besides the cipher is done while the processor still decrypts the one before.
    let mut batch = Batch::new();
    for sample in samples {
        decrypt(sample, &mut keys, &mut batch)
            .ok_or_else(|| Error::invalid("samples", "changed by the program during the call"))?;
    }
    session.count_samples(&pin, samples.len(), bytes);
    Ok(Ok(()))
}

/// Decrypts a sample that was checked; none if it has changed since.
#[inline(always)]
fn decrypt(sample: &DRM_Sample, keys: &mut BatchKeys<'_>, batch: &mut Batch) -> Option<()> {
    let info = args::valid(sample.info)?;
    let data = if sample.dataLen == 0 { &mut [] } else { args::valid_sample(sample.data, sample.dataLen)? };
    if let Some(usual) = usual_sample(info, data.len()) {
        batch.decrypt(keys.found(&info.keyId)?, &usual, data);
        return Some(());
    }
    is_clear(info).then_some(())
}

/// Checks a sample and finds its key; none if there is anything unusual about it.
#[inline(always)]
fn check(sample: &DRM_Sample, keys: &mut BatchKeys<'_>) -> Option<()> {
    let info = args::valid(sample.info)?;
    if sample.reserved != 0 || (sample.data.is_null() && sample.dataLen != 0) {
        return None;
    }
    if usual_sample(info, sample.dataLen as usize).is_some() {
        return keys.usable(&info.keyId).map(drop);
    }
    is_clear(info).then_some(())
}

/// Why a sample is refused, and with which key.
struct Refusal {
    error: Error,
    key_id: Option<[u8; DRM_KEY_ID_SIZE]>,
}

impl From<Error> for Box<Refusal> {
    fn from(error: Error) -> Self {
        Self::new(Refusal { error, key_id: None })
    }
}

/// Tells what is wrong with a sample; nothing if it has changed meanwhile, for example because its key was renewed.
#[cold]
#[inline(never)]
fn look_into(session: *const MediaKeySession, samples: &[DRM_Sample], index: usize) -> Result<(), Box<Refusal>> {
    let pin = pin();
    let session = Sessions::get_pinned(&pin, session).ok_or_else(|| Sessions::not_a_handle("mediaKeySession"))?;
    let Some(sample) = samples.get(index) else { return Ok(()) };
    if sample.reserved != 0 {
        return Err(Error::invalid("samples", "reserved is not 0").into());
    }
    let info: &DRM_SampleInfo = args::reference("info", sample.info)?;
    args::sample("data", sample.data, sample.dataLen)?;
    let request = request(info)?;
    session.check_sample(&pin, &request, sample.dataLen as usize).map(drop).map_err(|error| {
        if !matches!(error, drm::Error::FirstUse | drm::Error::KeyKept) {
            session.count_error(&pin);
        }
        Box::new(Refusal { error: error.into(), key_id: Some(info.keyId) })
    })
}
