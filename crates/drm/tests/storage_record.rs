//! The record of what a namespace of the store holds: an entry that is none of it, or earlier, is refused; what becomes of the entries
//! if the record is damaged, or its writer was killed.

#[path = "support/files.rs"]
mod files;

use std::fs;
use std::path::{Path, PathBuf};

use drm::error::{Error, Result};
use drm::storage::{FileStore, OfflineStore, StoredKey, StoredStatus};
use files::{Files, SPACE, SPACES, entry, files, is_damaged, key, open, put_back};

/// A store as it was written before there were records.
const STORE_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/store-1");

/// What is done with one entry, and whether it stays one, for each kind of entry.
#[test]
fn an_earlier_file_of_an_entry_is_refused_and_costs_no_other() {
    for number in 0..12 {
        let directory = tempfile::tempdir().unwrap();
        let (root, store) = (directory.path(), open(directory.path(), SPACE));
        store.put_all(&[(b"a", key(number)), (b"b", key(number)), (b"c", key(number))]).unwrap();
        let former = files(root);
        let earlier = |id: &[u8]| former[&entry(root, SPACE, id)].clone();
        // The same again is another writing.
        store.put_all(&[(b"a", key(number))]).unwrap();
        assert!(store.remove(b"b").unwrap());
        let present = files(root);
        for back in [&b"a"[..], b"b"] {
            fs::write(entry(root, SPACE, back), earlier(back)).unwrap();
        }
        let refused = store.get(b"a").unwrap_err().to_string();
        assert!(refused.ends_with("not what was stored last"), "{refused}");
        assert_eq!(store.get(b"b").unwrap(), None);
        assert!(!store.set_status(b"b", StoredStatus::Usable).unwrap());
        assert!(!store.remove(b"b").unwrap());
        assert_eq!(store.list().unwrap(), [b"a", b"c"]);
        assert_eq!(store.get(b"c").unwrap(), Some(key(number)));
        // Nor does it get in by what is stored next.
        fs::write(entry(root, SPACE, b"b"), earlier(b"b")).unwrap();
        store.put_all(&[(b"d", key(1))]).unwrap();
        assert!(is_damaged(&store.get(b"a")));
        assert_eq!(store.get(b"b").unwrap(), None);
        assert!(!entry(root, SPACE, b"b").exists());
        // The last writing is still good, and what is refused can be replaced and removed.
        fs::write(entry(root, SPACE, b"a"), &present[&entry(root, SPACE, b"a")]).unwrap();
        assert_eq!(store.get(b"a").unwrap(), Some(key(number)));
        fs::write(entry(root, SPACE, b"a"), earlier(b"a")).unwrap();
        store.put_all(&[(b"a", key(5))]).unwrap();
        assert_eq!(store.get(b"a").unwrap(), Some(key(5)));
        fs::write(entry(root, SPACE, b"a"), earlier(b"a")).unwrap();
        assert!(store.remove(b"a").unwrap());
        assert_eq!(store.list().unwrap(), [b"c", b"d"]);
    }
}

type Damage = fn(&Path);

#[test]
fn without_its_record_nothing_is_read_until_all_is_given_up() {
    let damages: [(&str, Damage); 4] = [
        ("deleted", |path| fs::remove_file(path).unwrap()),
        ("empty", |path| fs::write(path, b"").unwrap()),
        ("cut", |path| fs::write(path, &fs::read(path).unwrap()[..40]).unwrap()),
        ("changed", |path| {
            let mut content = fs::read(path).unwrap();
            *content.last_mut().unwrap() ^= 1;
            fs::write(path, content).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let directory = tempfile::tempdir().unwrap();
        let (root, store) = (directory.path(), open(directory.path(), SPACE));
        store.put_all(&[(b"a", key(1)), (b"b", key(2))]).unwrap();
        let other = open(root, SPACES[1]);
        other.put_all(&[(b"a", key(3))]).unwrap();
        let record = root.join(SPACE).join("record");
        let genuine = fs::read(&record).unwrap();
        damage(&record);
        let refused = |result: Result<()>| match result {
            Err(Error::StorageDamaged { path, .. }) => assert_eq!(path, record, "{name}"),
            other => panic!("{name}: {other:?}"),
        };
        let before = files(root);
        refused(store.get(b"a").map(drop));
        refused(store.put_all(&[(b"c", key(1))]));
        refused(store.set_status(b"a", StoredStatus::Inactive).map(drop));
        assert_eq!(store.list().unwrap(), [b"a", b"b"], "{name}");
        assert_eq!(other.get(b"a").unwrap(), Some(key(3)), "{name}: it is one namespace's");
        assert_eq!(files(root), before, "{name}");

        fs::write(&record, &genuine).unwrap();
        assert_eq!(store.get(b"a").unwrap(), Some(key(1)), "{name}");
        damage(&record);
        assert!(store.remove(b"a").unwrap() && !store.remove(b"a").unwrap());
        refused(store.put_all(&[(b"c", key(1))]));
        assert!(store.remove(b"b").unwrap());
        store.put_all(&[(b"c", key(4))]).unwrap();
        assert_eq!(store.get(b"c").unwrap(), Some(key(4)));
    }
}

/// The record lists an entry that has not got its name yet, or the entry was not recorded: its process was killed.
#[test]
fn an_entry_without_its_name_is_found_if_it_was_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let (root, store) = (directory.path(), open(directory.path(), SPACE));
    store.put_all(&[(b"a", key(1))]).unwrap();
    let first = files(root);
    store.put_all(&[(b"a", key(2)), (b"b", key(2))]).unwrap();
    let second = files(root);
    let [a, b] = [&b"a"[..], b"b"].map(|id| entry(root, SPACE, id));
    let without_names = |record: &Files| {
        put_back(root, record);
        for path in [&a, &b] {
            fs::write(path.with_extension("new"), &second[path]).unwrap();
        }
    };

    for next in 0..3 {
        // Recorded.
        without_names(&second);
        fs::write(&a, &first[&a]).unwrap();
        fs::remove_file(&b).unwrap();
        assert_eq!(store.get(b"a").unwrap(), Some(key(2)));
        assert_eq!(store.get(b"b").unwrap(), Some(key(2)));
        assert_eq!(store.list().unwrap(), [b"a", b"b"]);
        match next {
            0 => store.put_all(&[(b"c", key(3))]).unwrap(),
            1 => assert!(store.update(b"a", &mut |stored| Ok((*stored != key(2)).then(|| key(9)))).unwrap()),
            _ => assert!(store.remove(b"a").unwrap()),
        }
        assert_eq!(store.get(b"a").unwrap(), (next != 2).then(|| key(2)));
        assert_eq!(store.get(b"b").unwrap(), Some(key(2)));
        assert!(!a.with_extension("new").exists() && !b.with_extension("new").exists());

        // Not recorded.
        without_names(&first);
        assert_eq!(store.get(b"a").unwrap(), Some(key(1)));
        assert_eq!(store.get(b"b").unwrap(), None);
        assert_eq!(store.list().unwrap(), [b"a"]);
        match next {
            0 => store.put_all(&[(b"c", key(3))]).unwrap(),
            1 => assert!(store.update(b"a", &mut |stored| Ok((*stored != key(1)).then(|| key(9)))).unwrap()),
            _ => assert!(store.remove(b"a").unwrap()),
        }
        assert_eq!(store.get(b"a").unwrap(), (next != 2).then(|| key(1)));
        assert_eq!(store.get(b"b").unwrap(), None);
        assert!(!a.with_extension("new").exists() && !b.with_extension("new").exists());
    }

    // At the very first writing there is no record.
    put_back(root, &Files::new());
    fs::write(a.with_extension("new"), &second[&a]).unwrap();
    assert_eq!(store.get(b"a").unwrap(), None);
    assert!(store.list().unwrap().is_empty());
    store.put_all(&[(b"b", key(3))]).unwrap();
    assert_eq!(store.list().unwrap(), [b"b"]);
}

/// Somebody has taken an entry's file away and left another one under the name that it has before: whoever writes does not make that
/// an entry that is not there.
#[test]
fn what_is_refused_before_it_has_its_name_is_refused_by_whoever_writes() {
    let directory = tempfile::tempdir().unwrap();
    let (root, store) = (directory.path(), open(directory.path(), SPACE));
    store.put_all(&[(b"a", key(1))]).unwrap();
    let first = files(root);
    store.put_all(&[(b"a", key(2))]).unwrap();
    let second = files(root);
    let a = entry(root, SPACE, b"a");
    for content in [&first[&a][..], b"", b"nothing that was ever stored"] {
        for next in 0..4 {
            put_back(root, &second);
            fs::remove_file(&a).unwrap();
            fs::write(a.with_extension("new"), content).unwrap();
            assert!(is_damaged(&store.get(b"a")));
            match next {
                0 => store.put_all(&[(b"c", key(3))]).unwrap(),
                1 => assert!(store.update(b"a", &mut |stored| Ok(Some(stored.clone()))).is_err()),
                2 => store.put_all(&[(b"a", key(4))]).unwrap(),
                _ => assert!(store.remove(b"a").unwrap()),
            }
            match next {
                0 | 1 => assert!(is_damaged(&store.get(b"a"))),
                2 => assert_eq!(store.get(b"a").unwrap(), Some(key(4))),
                _ => assert_eq!(store.get(b"a").unwrap(), None),
            }
        }
    }
}

fn old_store() -> (tempfile::TempDir, FileStore, [PathBuf; 2]) {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let space = directory.path().join("fuzz");
    fs::create_dir(&space).unwrap();
    let device = directory.path().join("device.key");
    fs::copy(format!("{STORE_1}/device.key"), &device).unwrap();
    fs::set_permissions(device, fs::Permissions::from_mode(0o600)).unwrap();
    let paths = ["01.key", "02.key"].map(|name| {
        fs::copy(format!("{STORE_1}/fuzz/{name}"), space.join(name)).unwrap();
        space.join(name)
    });
    let store = open(directory.path(), "fuzz");
    (directory, store, paths)
}

#[test]
fn a_store_of_before_is_taken_over_by_the_first_writing() {
    let payload = |id: u8| {
        Some(StoredKey { status: StoredStatus::Usable, payload: format!("payload of entry {id}").into_bytes().into() })
    };
    type Write = fn(&FileStore);
    let writings: [(&str, Write); 4] = [
        ("put", |store| store.put_all(&[(&[3], key(3))]).unwrap()),
        ("replace", |store| store.put_all(&[(&[1], key(3))]).unwrap()),
        ("update", |store| assert!(store.set_status(&[1], StoredStatus::Inactive).unwrap())),
        ("remove", |store| assert!(store.remove(&[1]).unwrap())),
    ];
    for (name, write) in writings {
        let (directory, store, [one, two]) = old_store();
        let earlier = fs::read(&one).unwrap();
        assert_eq!(store.list().unwrap(), [[1], [2]]);
        assert_eq!((store.get(&[1]).unwrap(), store.get(&[2]).unwrap()), (payload(1), payload(2)));
        write(&store);
        assert_eq!(store.get(&[2]).unwrap(), payload(2), "{name}");
        // From now on its files count only as what was stored last.
        fs::write(&one, &earlier).unwrap();
        let found = store.get(&[1]);
        match name {
            "put" => assert_eq!(found.unwrap(), payload(1)),
            "remove" => assert_eq!(found.unwrap(), None),
            _ => assert!(is_damaged(&found), "{name}"),
        }
        // Not even if the record goes, as long as anything is there that it has listed.
        fs::remove_file(directory.path().join("fuzz/record")).unwrap();
        if name == "put" {
            assert!(is_damaged(&store.get(&[3])));
            assert!(store.put_all(&[(&[4], key(4))]).is_err());
        }
        // A damaged entry of before stays one.
        let (_directory, store, [one, _]) = old_store();
        fs::write(&one, &fs::read(&one).unwrap()[..30]).unwrap();
        assert!(is_damaged(&store.get(&[1])));
        store.put_all(&[(&[3], key(3))]).unwrap();
        assert!(is_damaged(&store.get(&[1])));
        fs::write(&one, &earlier).unwrap();
        assert_eq!(store.get(&[1]).unwrap(), payload(1));
        assert_eq!(fs::read(&two).unwrap().len(), 52);
    }
}

/// As far as it goes: the record together with what it lists. SECURITY.md says so.
#[test]
fn a_whole_namespace_put_back_is_not_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), SPACE);
    store.put_all(&[(b"a", key(1))]).unwrap();
    let former = files(directory.path());
    assert!(store.remove(b"a").unwrap());
    put_back(directory.path(), &former);
    assert_eq!(store.get(b"a").unwrap(), Some(key(1)));
}

/// Readers take no lock and never see anything but the last or the next writing.
#[test]
fn readers_beside_a_writer_find_every_entry() {
    let directory = tempfile::tempdir().unwrap();
    let writer = open(directory.path(), SPACE);
    writer.put_all(&[(b"a", key(0)), (b"b", key(0))]).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    let number = |key: StoredKey| u64::from_be_bytes(key.payload[..8].try_into().unwrap());
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let store = open(directory.path(), SPACE);
                    let mut last = 0;
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        let a = number(store.get(b"a").unwrap().unwrap());
                        let b = number(store.get(b"b").unwrap().unwrap());
                        assert!(last <= a && a <= b, "{last} {a} {b}: stored together");
                        last = a;
                        assert_eq!(store.list().unwrap().len(), 2);
                    }
                    last
                })
            })
            .collect();
        for number in 1..200 {
            writer.put_all(&[(b"a", key(number)), (b"b", key(number))]).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() <= 199);
        }
    });
}
