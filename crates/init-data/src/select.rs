//! Selecting `pssh` boxes: the one from which a key system takes its key ids, and those that there is room for.

use std::borrow::Cow;
use std::collections::HashSet;

use super::error::{Error, Result};
use super::key_ids::parse_clearplay_pssh_data;
use super::pssh::{self, PsshBox};

/// The key ids that a key system asks a license for, without repetitions, in the order of the box.
///
/// The first box with one of `system_ids` and key ids in it is taken; where there is none, the first box of any other
/// system with key ids, because content made for another key system with the same keys is common. Key ids are the list
/// of a version 1 box or, with `clearplay_json`, the `kids` in the data of a box without a list.
///
/// A key system that must not look at other systems' boxes (W3C Clear Key) uses [`key_ids_of_system`].
///
/// # Errors
/// [`Error::Malformed`] if the system's own box holds JSON that does not parse; [`Error::NotFound`] if no box has a key
/// id.
pub fn key_ids_for(system_ids: &[[u8; 16]], boxes: &[PsshBox], clearplay_json: bool) -> Result<Vec<[u8; 16]>> {
    match key_ids_of_system(system_ids, boxes, clearplay_json) {
        Err(Error::NotFound { .. }) => {}
        result => return result,
    }
    let mut others = boxes.iter().filter(|candidate| !system_ids.contains(&candidate.system_id));
    // The data of other systems is their business: what is not such JSON is passed over.
    let ids = others.find_map(|other| of_box(other, clearplay_json).ok().flatten());
    ids.ok_or_else(|| not_found("no pssh box lists a key id"))
}

/// As [`key_ids_for`], from boxes with one of `system_ids` alone.
///
/// # Errors
/// As [`key_ids_for`].
pub fn key_ids_of_system(system_ids: &[[u8; 16]], boxes: &[PsshBox], clearplay_json: bool) -> Result<Vec<[u8; 16]>> {
    for own in boxes.iter().filter(|candidate| system_ids.contains(&candidate.system_id)) {
        if let Some(ids) = of_box(own, clearplay_json)? {
            return Ok(ids);
        }
    }
    Err(not_found("no pssh box of this key system lists a key id"))
}

/// Leaves out boxes of more than `longest` bytes. If more than `most` are left, those whose system id `is_understood` come
/// first, each half in the order of the stream, and the rest is left out.
pub fn retain_fitting(
    boxes: &mut Vec<Cow<'_, [u8]>>,
    longest: usize,
    most: usize,
    is_understood: impl Fn(&[u8; 16]) -> bool,
) {
    boxes.retain(|found| found.len() <= longest);
    if boxes.len() > most {
        // A stable sort.
        boxes.sort_by_key(|found| !pssh::parse(found).is_ok_and(|parsed| is_understood(&parsed.system_id)));
        boxes.truncate(most);
    }
}

fn of_box(source: &PsshBox, clearplay_json: bool) -> Result<Option<Vec<[u8; 16]>>> {
    let mut ids = if !source.key_ids.is_empty() {
        source.key_ids.clone()
    } else if clearplay_json && !source.data.is_empty() {
        parse_clearplay_pssh_data(source.data)?
    } else {
        return Ok(None);
    };
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(Some(ids))
}

fn not_found(reason: &'static str) -> Error {
    Error::NotFound { what: "key id in the init data", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_system(system: u8, data: usize) -> Cow<'static, [u8]> {
        let size = u32::try_from(32 + data).unwrap().to_be_bytes();
        let count = u32::try_from(data).unwrap().to_be_bytes();
        [&size[..], b"pssh", &[0; 4], &[system; 16], &count, &vec![0; data]].concat().into()
    }

    #[test]
    fn boxes_that_fit_in_the_order_of_the_stream_unless_there_are_too_many() {
        let all = [of_system(1, 0), of_system(2, 100), of_system(3, 0), of_system(2, 0)];
        let fitting = |longest, most| {
            let mut boxes = all.to_vec();
            retain_fitting(&mut boxes, longest, most, |system| system[0] == 2);
            boxes
        };
        assert_eq!(fitting(132, 4), all);
        assert_eq!(fitting(131, 4), [all[0].clone(), all[2].clone(), all[3].clone()]);
        assert_eq!(fitting(132, 3), [all[1].clone(), all[3].clone(), all[0].clone()]);
        assert_eq!(fitting(31, 4).len(), 0);
    }
}
