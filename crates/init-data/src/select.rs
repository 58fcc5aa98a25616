//! Selecting `pssh` boxes: those from which a key system takes its key ids, and those that there is room for.

use std::collections::HashSet;

use super::error::{Error, Result};
use super::key_ids::parse_clearplay_pssh_data;
use super::pssh::{self, PsshBox};
use super::{DASHIF_CLEAR_KEY_SYSTEM_ID, W3C_CLEAR_KEY_SYSTEM_ID, system_data};

/// The key ids that a key system asks a license for, without repetitions, in the order of the boxes.
///
/// All boxes with one of `system_ids` count: tracks may have boxes of their own. Where none of them has a key id, those of
/// one other system are taken, of the first one that has any, because content made for
/// another key system with the same keys is common. Key ids are the list of a version 1 box or, with `clearplay_json`, the
/// `kids` in the data of a box without a list. Where no box lists any, those in the data of Widevine's and PlayReady's boxes
/// count.
///
/// A key system that must not look at other systems' boxes (W3C Clear Key) uses [`key_ids_of_system`].
///
/// # Errors
/// [`Error::NotFound`] if no box has a key id, [`Error::Malformed`] if this is because the system's own box holds JSON that
/// does not parse.
pub fn key_ids_for(system_ids: &[[u8; 16]], boxes: &[PsshBox], clearplay_json: bool) -> Result<Vec<[u8; 16]>> {
    let own = key_ids_of_system(system_ids, boxes, clearplay_json);
    let fault = match own {
        Ok(ids) => return Ok(ids),
        Err(Error::NotFound { .. }) => not_found("no pssh box lists a key id"),
        Err(fault) => fault,
    };
    let others = || boxes.iter().filter(|candidate| !system_ids.contains(&candidate.system_id));
    // The data of other systems is their business: what is not such JSON is passed over.
    let listed = of_first_system(others(), |other| of_box(other, clearplay_json).ok().flatten());
    let in_data = || of_first_system(others(), |other| Some(system_data::key_ids(other)).filter(|ids| !ids.is_empty()));
    listed.or_else(in_data).ok_or(fault)
}

/// As [`key_ids_for`], from boxes with one of `system_ids` alone.
///
/// # Errors
/// As [`key_ids_for`].
pub fn key_ids_of_system(system_ids: &[[u8; 16]], boxes: &[PsshBox], clearplay_json: bool) -> Result<Vec<[u8; 16]>> {
    let mut first_fault = None;
    let mut all = Vec::new();
    for own in boxes.iter().filter(|candidate| system_ids.contains(&candidate.system_id)) {
        match of_box(own, clearplay_json) {
            Ok(ids) => all.extend(ids.unwrap_or_default()),
            Err(fault) => {
                base::log_warn!("passed over: {fault}");
                first_fault.get_or_insert(fault);
            }
        }
    }
    if all.is_empty() {
        return Err(first_fault.unwrap_or_else(|| not_found("no pssh box of this key system lists a key id")));
    }
    Ok(distinct(all))
}

/// The key ids of the first box that has any and of all others of its system, without repetitions.
fn of_first_system<'a, 'b: 'a>(
    boxes: impl Iterator<Item = &'a PsshBox<'b>>,
    mut ids_of: impl FnMut(&PsshBox) -> Option<Vec<[u8; 16]>>,
) -> Option<Vec<[u8; 16]>> {
    let mut system = None;
    let mut all = Vec::new();
    for candidate in boxes {
        // Clear Key's two are one.
        let of_candidate = match candidate.system_id {
            DASHIF_CLEAR_KEY_SYSTEM_ID => W3C_CLEAR_KEY_SYSTEM_ID,
            other => other,
        };
        if system.is_none_or(|system| system == of_candidate)
            && let Some(ids) = ids_of(candidate)
        {
            system = Some(of_candidate);
            all.extend(ids);
        }
    }
    system.map(|_| distinct(all))
}

/// If there are more than `most` boxes, those whose system id `is_understood` come first, each half in the order of the stream,
/// and the rest is left out, which is said in the log.
pub fn retain_fitting(boxes: &mut Vec<Vec<u8>>, most: usize, is_understood: impl Fn(&[u8; 16]) -> bool) {
    let all = boxes.len();
    if all > most {
        // A stable sort.
        boxes.sort_by_cached_key(|found| !pssh::parse(found).is_ok_and(|parsed| is_understood(&parsed.system_id)));
        boxes.truncate(most);
        base::log_warn!("{} of {all} pssh boxes left out: more than {most} boxes", all - most);
    }
}

fn of_box(source: &PsshBox, clearplay_json: bool) -> Result<Option<Vec<[u8; 16]>>> {
    let ids = if !source.key_ids.is_empty() {
        source.key_ids.clone()
    } else if clearplay_json && !source.data.is_empty() {
        parse_clearplay_pssh_data(source.data)?
    } else {
        return Ok(None);
    };
    Ok(Some(ids))
}

fn distinct(mut ids: Vec<[u8; 16]>) -> Vec<[u8; 16]> {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    ids
}

fn not_found(reason: &'static str) -> Error {
    Error::NotFound { what: "key id in the init data", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_system(system: u8, data: usize) -> Vec<u8> {
        let size = u32::try_from(32 + data).unwrap().to_be_bytes();
        let count = u32::try_from(data).unwrap().to_be_bytes();
        [&size[..], b"pssh", &[0; 4], &[system; 16], &count, &vec![0; data]].concat()
    }

    #[test]
    fn boxes_that_fit_in_the_order_of_the_stream_unless_there_are_too_many() {
        let all = [of_system(1, 0), of_system(2, 100), of_system(3, 0), of_system(2, 0)];
        let fitting = |most| {
            let mut boxes = all.to_vec();
            retain_fitting(&mut boxes, most, |system| system[0] == 2);
            boxes
        };
        assert_eq!(fitting(4), all);
        assert_eq!(fitting(3), [all[1].clone(), all[3].clone(), all[0].clone()]);
        assert_eq!(fitting(0).len(), 0);
    }
}
