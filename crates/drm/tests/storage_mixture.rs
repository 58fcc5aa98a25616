//! What somebody can do who may copy the store's files but has nothing to write them with: put them back, under other names, into
//! other namespaces, leave some out. Whatever he mixes, nothing earlier, and nothing that was removed, is ever read.

#[path = "support/files.rs"]
mod files;
#[path = "support/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use drm::error::Error;
use drm::storage::{OfflineStore, StoredKey};
use files::{Files, SPACES, entry, files, is_refused, key, open, put_back};
use random::Random;

type Entries = BTreeMap<(usize, Vec<u8>), StoredKey>;

/// What was stored at some time, and the files with it.
struct Moment {
    entries: Entries,
    files: Files,
}

const IDS: [&[u8]; 4] = [b"a", b"b", b"\xff\xff", b"identity"];

/// A store with a history.
fn history(random: &mut Random, directory: &Path) -> Vec<Moment> {
    let mut entries = Entries::new();
    let mut moments = Vec::new();
    for number in 0..10 {
        let space = random.below(2) as usize;
        let store = open(directory, SPACES[space]);
        let id = random.one_of(&IDS);
        match random.below(5) {
            0 => {
                let other = random.one_of(&IDS);
                store.put_all(&[(id, key(number)), (other, key(100 + number))]).unwrap();
                entries.insert((space, id.to_vec()), key(number));
                entries.insert((space, other.to_vec()), key(100 + number));
            }
            1 => {
                let there = store.remove(id).unwrap();
                assert_eq!(there, entries.remove(&(space, id.to_vec())).is_some());
            }
            2 => {
                let there = store.update(id, &mut |_| Ok(Some(key(number)))).unwrap();
                assert_eq!(there, entries.contains_key(&(space, id.to_vec())));
                entries.entry((space, id.to_vec())).and_modify(|stored| *stored = key(number));
            }
            _ => {
                store.put_all(&[(id, key(number))]).unwrap();
                entries.insert((space, id.to_vec()), key(number));
            }
        }
        moments.push(Moment { entries: entries.clone(), files: files(directory) });
    }
    moments
}

/// Whatever files are put where, an entry is what it was when the record in place was written, or is refused.
#[test]
fn no_mixture_of_files_brings_anything_back() {
    let mut random = Random::new();
    let (mut refused, mut read) = (0, 0);
    for _ in 0..12 {
        let directory = tempfile::tempdir().unwrap();
        let moments = history(&mut random, directory.path());
        let last = moments.last().unwrap();
        let contents: Vec<_> = moments.iter().flat_map(|moment| moment.files.values().cloned()).collect();
        for _ in 0..40 {
            put_back(directory.path(), &last.files);
            let mut times = [moments.len() - 1; 2];
            for _ in 0..1 + random.below(4) {
                let space = random.below(2) as usize;
                let record = directory.path().join(SPACES[space]).join("record");
                let id = random.one_of(&IDS);
                let path = entry(directory.path(), SPACES[space], id);
                let path = if random.below(4) == 0 { path.with_extension("new") } else { path };
                let earlier = random.below(moments.len() as u64) as usize;
                match random.below(4) {
                    0 => {
                        // The record alone, or none.
                        match moments[earlier].files.get(&record) {
                            Some(content) => fs::write(&record, content).unwrap(),
                            None => drop(fs::remove_file(&record)),
                        }
                        times[space] = earlier;
                    }
                    1 => drop(fs::remove_file(path)),
                    2 => match moments[earlier].files.get(&path) {
                        Some(content) => fs::write(&path, content).unwrap(),
                        None => continue,
                    },
                    // Anything at all, a record perhaps. There may be no directory yet.
                    _ => drop(fs::write(path, random.one_of(&contents))),
                }
            }
            for (space, id) in [0, 1].into_iter().flat_map(|space| IDS.map(|id| (space, id))) {
                let store = open(directory.path(), SPACES[space]);
                let then = moments[times[space]].entries.get(&(space, id.to_vec()));
                match store.get(id) {
                    Ok(Some(found)) => {
                        assert_eq!(Some(&found), then);
                        read += 1;
                    }
                    result => {
                        assert!(is_refused(&result), "{result:?}");
                        refused += usize::from(then.is_some());
                    }
                }
                // What is refused is not changed either.
                if times[space] == moments.len() - 1 && random.below(16) == 0 {
                    let before = store.get(id);
                    let changed = store.update(id, &mut |stored| Ok(Some(stored.clone())));
                    match before {
                        Ok(Some(_)) => assert!(changed.unwrap()),
                        Ok(None) => assert!(matches!(changed, Ok(false) | Err(Error::StorageDamaged { .. }))),
                        Err(_) => assert!(changed.is_err()),
                    }
                }
            }
        }
        put_back(directory.path(), &last.files);
        for (space, id) in [0, 1].into_iter().flat_map(|space| IDS.map(|id| (space, id))) {
            let found = open(directory.path(), SPACES[space]).get(id).unwrap();
            assert_eq!(found.as_ref(), last.entries.get(&(space, id.to_vec())));
        }
    }
    // Far below what any seed gives: these are only to show that both happen.
    assert!(refused > 50 && read > 50, "{refused} refused, {read} read");
}
