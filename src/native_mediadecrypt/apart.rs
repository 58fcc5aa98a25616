//! Several samples that a host process decrypts.

use super::description::{DRM_Sample, DRM_SampleInfo};
use super::sample::request;
use crate::glue::args;
use crate::glue::error::{Error, Result};
use crate::isolation::{self, RemoteSession};
use crate::native_cencinfo::DrmSubsample;

/// Samples of one call at most.
const MOST_SAMPLES: usize = 65_536;

/// A sample with what C's pointers lead to.
type Described<'a> = (&'a DRM_SampleInfo, &'a [DrmSubsample], &'a mut [u8]);

/// Has a host decrypt samples, all or none; `refuse` is told which one is to blame.
pub(super) fn decrypt_all(session: &RemoteSession, samples: &[DRM_Sample], refuse: impl Fn(usize)) -> Result<()> {
    let mut all = Vec::new();
    let mut wrong = None;
    for (index, sample) in samples.iter().enumerate() {
        if index == MOST_SAMPLES {
            return Err(Error::Refused(format!("more than {MOST_SAMPLES} samples for a host process at once").into()));
        }
        match describe(sample) {
            Ok(described) => all.push(described),
            Err(error) => {
                wrong = Some((index, error));
                break;
            }
        }
    }
    // If something is wrong with one of them, one in front of it may be to blame.
    if wrong.is_none() || !all.is_empty() {
        isolation::decrypt_all(session, &mut all, wrong.is_some()).inspect_err(|error| {
            if let Error::Remote { index: Some(index), .. } = error
                && (*index as usize) < samples.len()
            {
                refuse(*index as usize);
            }
        })?;
    }
    wrong.map_or(Ok(()), |(index, error)| {
        refuse(index);
        Err(error)
    })
}

/// The host checks what is said about the sample; here it is what cannot be sent that is refused.
fn describe(sample: &DRM_Sample) -> Result<Described<'_>> {
    if sample.reserved != 0 {
        return Err(Error::invalid("samples", "reserved is not 0"));
    }
    let info = args::reference("info", sample.info)?;
    let data = args::sample("data", sample.data, sample.dataLen)?;
    request(info)?;
    let subsamples = match info.subsampleCount {
        0 => &[],
        count => args::slice("subsamples", info.subsamples, count as usize)?,
    };
    Ok((info, subsamples, data))
}
