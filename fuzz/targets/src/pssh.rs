//! `pssh` boxes.

use init_data::describe::{BoxText, uuid_text};
use init_data::pssh::{self, PsshBox};
use init_data::{
    CLEARPLAY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID, PLAYREADY_SYSTEM_ID, POLICYPLAY_SYSTEM_ID,
    W3C_CLEAR_KEY_SYSTEM_ID, WIDEVINE_SYSTEM_ID, key_ids_for, key_ids_of_system,
};

use crate::observe::{accepted, refused};

pub fn run(input: &[u8]) {
    let all = pssh::parse_all(input);
    let one = pssh::parse(input);
    match (&all, &one) {
        (Ok(boxes), Ok(one)) => assert_eq!(boxes.as_slice(), std::slice::from_ref(one)),
        (Ok(boxes), Err(_)) => assert!(!boxes.is_empty(), "no boxes and no error"),
        (Err(_), Ok(_)) => panic!("a box on its own that is none among boxes"),
        (Err(_), Err(error)) => refused(error),
    }
    match all {
        Ok(boxes) => {
            let mut end = input.as_ptr();
            for found in &boxes {
                let range = found.raw.as_ptr_range();
                assert!(range.start >= end && range.end <= input.as_ptr_range().end, "boxes that are not in the input");
                assert_eq!(pssh::parse(found.raw).as_ref().ok(), Some(found));
                end = range.end;
            }
            accepted("pssh", boxes.len());
            boxes.iter().for_each(check);
            select(&boxes);
        }
        Err(error) => refused(&error),
    }
}

/// Panics if a box does not come out the same when it is built anew.
pub fn check(found: &PsshBox<'_>) {
    let again = pssh::build(&found.system_id, &found.key_ids, found.data);
    let again = pssh::parse(&again).expect("what was built can be parsed");
    assert_eq!((again.system_id, &again.key_ids, again.data), (found.system_id, &found.key_ids, found.data));
    describe(found);
    accepted("pssh box of a version", usize::from(found.version));
}

/// Panics if what is said of a box is not what is in it.
fn describe(found: &PsshBox<'_>) {
    let text = BoxText::of(found);
    let is_json = !matches!(found.system_id, WIDEVINE_SYSTEM_ID | PLAYREADY_SYSTEM_ID);
    let ids = key_ids_for(&[POLICYPLAY_SYSTEM_ID], std::slice::from_ref(found), is_json).unwrap_or_default();
    for id in ids.iter().map(|id| uuid_text(id).replace('-', "")) {
        assert!(text.all_key_ids().any(|known| *known == id), "key id {id} is not shown");
    }
    accepted("described box", usize::from(text.details.is_some()));
}

/// The key ids that the key systems would ask for.
pub fn select(boxes: &[PsshBox<'_>]) {
    for systems in [&[CLEARPLAY_SYSTEM_ID][..], &[W3C_CLEAR_KEY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID]] {
        for with_json in [false, true] {
            match key_ids_for(systems, boxes, with_json) {
                Ok(ids) => {
                    assert!(!ids.is_empty(), "no key ids and no error");
                    accepted("key ids", ids.len());
                }
                Err(error) => refused(&error),
            }
        }
        match key_ids_of_system(systems, boxes, false) {
            Ok(ids) => accepted("own key ids", ids.len()),
            Err(error) => refused(&error),
        }
    }
}
