//! Samples and access units that a host decrypts, as the player describes them.

use super::RemoteSession;
use super::area::Lent;
use crate::glue::error::Result;
use crate::native_cencinfo::DrmSubsample;
use crate::native_mediadecrypt::{
    DRM_AccessUnitInfo, DRM_AccessUnitState, DRM_SampleInfo, describe_request, is_unit_state,
};
use drm::sample::SampleRequest;
use isolation::message::{Block, Reply, Sample, SessionRequest, Unit, UnitState};

impl RemoteSession {
    /// Decrypts a sample in place.
    pub(crate) fn decrypt(&self, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
        let info = describe_request(request)?;
        self.tell_what_waits()?;
        let lent = self.link().area().lend(data)?;
        let subsamples = request.subsamples.iter().map(|one| (one.clear, one.protected)).collect();
        let sample = sample(&info, subsamples, &lent);
        self.link().call_about_sample(&self.about(SessionRequest::Decrypt(sample)))?;
        lent.fetch(data)
    }
}

fn sample(info: &DRM_SampleInfo, subsamples: Vec<(u32, u32)>, lent: &Lent<'_>) -> Sample {
    Sample {
        place: lent.place,
        algorithm: info.algorithm.0,
        scheme: info.scheme,
        iv_length: info.ivLen,
        iv: Block(info.iv),
        key_id: Block(info.keyId),
        pattern: (info.cryptByteBlock, info.skipByteBlock),
        subsamples,
    }
}

/// Decrypts several samples, or none, or only checks them; a failure says which one is to blame.
pub(crate) fn decrypt_all(
    session: &RemoteSession,
    samples: &mut [(&DRM_SampleInfo, &[DrmSubsample], &mut [u8])],
    only_check: bool,
) -> Result<()> {
    session.tell_what_waits()?;
    let area = session.link().area();
    let lent: Vec<_> = samples.iter().map(|(_, _, data)| area.lend(data)).collect::<Result<_>>()?;
    let describe = |((info, subsamples, _), lent): (&(&DRM_SampleInfo, &[DrmSubsample], &mut [u8]), &Lent<'_>)| {
        let subsamples = subsamples.iter().map(|one| (one.clearHeaderLen, one.payLoadLen)).collect();
        sample(info, subsamples, lent)
    };
    let all = samples.iter().zip(&lent).map(describe).collect();
    session.link().call_about_sample(&session.about(SessionRequest::DecryptAll(all, only_check)))?;
    if only_check {
        return Ok(());
    }
    samples.iter_mut().zip(&lent).try_for_each(|((_, _, data), lent)| lent.fetch(data))
}

/// Decrypts an access unit in place: the state after it, if its format has one, and how much of it is left.
pub(crate) fn decrypt_unit(
    session: &RemoteSession,
    info: &DRM_AccessUnitInfo,
    state: &DRM_AccessUnitState,
    data: &mut [u8],
) -> Result<(Option<DRM_AccessUnitState>, u32)> {
    session.tell_what_waits()?;
    let lent = session.link().area().lend(data)?;
    let unit = Unit {
        place: lent.place,
        format: info.format,
        nal_length_size: info.nalLengthSize,
        algorithm: info.algorithm,
        key_id: Block(info.keyId),
        iv: Block(info.iv),
        state: UnitState {
            flags: state.flags,
            algorithm: state.algorithm,
            iv_length: state.ivLen,
            key_id: Block(state.keyId),
            next_key_id: Block(state.nextKeyId),
            iv: Block(state.iv),
        },
    };
    let reply = session.link().call(&session.about(SessionRequest::DecryptUnit(Box::new(unit))))?;
    let Reply::Unit(after, remaining) = reply else { return Err(session.link().misunderstood()) };
    // It never gets longer.
    if remaining as usize > data.len() {
        return Err(session.link().misunderstood());
    }
    let after = after.map(|after| read_state(&after));
    // The program keeps it, and hands it in with the next unit.
    if !after.as_ref().is_none_or(is_unit_state) {
        return Err(session.link().misunderstood());
    }
    lent.fetch(data)?;
    Ok((after, remaining))
}

/// A state as C has it.
pub(super) fn read_state(state: &UnitState) -> DRM_AccessUnitState {
    DRM_AccessUnitState {
        flags: state.flags,
        algorithm: state.algorithm,
        ivLen: state.iv_length,
        reserved: 0,
        keyId: state.key_id.0,
        nextKeyId: state.next_key_id.0,
        iv: state.iv.0,
        reservedForLater: [0; _],
    }
}
