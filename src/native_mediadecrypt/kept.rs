//! Several samples, some of which the key system has to decrypt, which keeps their keys.

use super::description::{DRM_Sample, DRM_SampleInfo};
use super::sample::{request, run, run_with};
use crate::glue::args;
use crate::glue::error::{Error, Result};
use crate::native_drm_common::MediaKeySession;
use drm::sample::SampleRequest;

/// Checks all samples, then decrypts one after the other. Only the key system itself can fail then.
#[cold]
pub fn decrypt_one_by_one(
    session: *const MediaKeySession,
    samples: &[DRM_Sample],
    refuse: impl Fn(usize),
) -> Result<()> {
    check_all(session, samples, &refuse)?;
    for (index, sample) in samples.iter().enumerate() {
        let (_, request) = check_one(sample)?;
        let data = args::sample("data", sample.data, sample.dataLen)?;
        run(session, &request, data).inspect_err(|_| refuse(index))?;
    }
    Ok(())
}

/// Checks samples, and begins to use the licenses of their keys; `refuse` is told which one is to blame.
pub fn check_all(session: *const MediaKeySession, samples: &[DRM_Sample], refuse: impl Fn(usize)) -> Result<()> {
    for (index, sample) in samples.iter().enumerate() {
        check(session, sample).inspect_err(|_| refuse(index))?;
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

fn check(session: *const MediaKeySession, sample: &DRM_Sample) -> Result<()> {
    let (info, request) = check_one(sample)?;
    let length = sample.dataLen as usize;
    let checked = run_with(session, &info.keyId, |session, pin| session.check_sample(pin, &request, length).map(drop));
    match checked {
        Err(Error::Drm(drm::Error::KeyKept)) => Ok(()),
        other => other,
    }
}
