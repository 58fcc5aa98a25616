//! The store on disk: what is written where, and what damage does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use drm::error::Error;
use drm::storage::{FileStore, OfflineStore, StoredKey, StoredStatus};

const SPACE: &str = "com.example.drm";

fn key(payload: &[u8]) -> StoredKey {
    StoredKey { status: StoredStatus::Usable, payload: payload.to_vec().into() }
}

fn open(directory: &Path) -> FileStore {
    FileStore::open(directory, SPACE).unwrap()
}

fn entry(directory: &Path, id: &[u8]) -> PathBuf {
    directory.join(SPACE).join(hex::encode(id) + ".key")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every file below `directory` with its content.
fn everything(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for item in fs::read_dir(directory).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(everything(&path))
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()))
        }
    }
    found.sort();
    found
}

fn damaged(result: Result<Option<StoredKey>, Error>) -> PathBuf {
    match result {
        Err(Error::StorageDamaged { path, .. }) => path,
        other => panic!("expected StorageDamaged, got {other:?}"),
    }
}

#[test]
fn nothing_is_created_before_something_is_stored() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("deep/store");
    let store = open(&directory);
    assert_eq!(store.get(b"a").unwrap(), None);
    assert!(store.list().unwrap().is_empty());
    assert!(!store.remove(b"a").unwrap());
    assert!(!store.set_status(b"a", StoredStatus::Usable).unwrap());
    store.put_all(&[]).unwrap();
    assert!(!parent.path().join("deep").exists());
    store.put_all(&[(b"a", key(b"one"))]).unwrap();

    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join(SPACE)), 0o700);
    for (path, _) in everything(&directory) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert_eq!(mode(&entry(&directory, b"a")), 0o600);
}

#[test]
fn impossible_namespaces_are_refused() {
    let long = "n".repeat(65);
    for namespace in ["", ".", "..", ".hidden", "a/b", "a\0", "ä", &long] {
        let opened = FileStore::open(Path::new("/nowhere"), namespace);
        assert!(matches!(opened, Err(Error::StoreNamespace)), "{namespace:?}");
    }
    assert!(FileStore::open(Path::new(""), SPACE).is_err());
    FileStore::open(Path::new("/nowhere"), &long[1..]).unwrap();
}

#[test]
fn another_store_on_the_same_directory_sees_everything() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (open(directory.path()), open(directory.path()));
    let other = FileStore::open(directory.path(), "org.example.other").unwrap();
    let id = other.device_id().unwrap();
    one.put_all(&[(b"a", key(b"one"))]).unwrap();
    assert_eq!(two.get(b"a").unwrap(), Some(key(b"one")));
    assert_eq!(other.get(b"a").unwrap(), None, "namespaces are apart");
    assert_eq!((one.device_id().unwrap(), two.device_id().unwrap()), (id, id));

    let elsewhere = tempfile::tempdir().unwrap();
    assert_ne!(open(elsewhere.path()).device_id().unwrap(), id);
}

#[test]
fn no_payload_is_readable_in_any_file_nor_in_debug() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let payload = b"a rather recognisable secret";
    store.put_all(&[(b"a", key(payload))]).unwrap();
    for (path, content) in everything(directory.path()) {
        assert!(!content.windows(8).any(|window| window == &payload[..8]), "{}", path.display());
    }
    assert_eq!(format!("{:?}", key(payload)), "StoredKey { status: Usable, payload: SecretBytes(..) }");
}

#[test]
fn a_damaged_file_costs_its_own_id_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let ids = [b"a", b"b", b"c", b"d", b"e", b"f", b"g"];
    let entries: Vec<_> = ids.iter().map(|id| (&id[..], key(b"payload"))).collect();
    store.put_all(&entries).unwrap();

    let file = |id: &[u8]| entry(directory.path(), id);
    let mut flipped = fs::read(file(b"a")).unwrap();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(file(b"a"), &flipped).unwrap();
    fs::write(file(b"b"), b"").unwrap();
    fs::write(file(b"c"), vec![0; 5_000_000]).unwrap();
    fs::rename(file(b"d"), file(b"c2")).unwrap();
    fs::copy(file(b"e"), file(b"d")).unwrap();
    fs::create_dir(directory.path().join("other")).unwrap();
    fs::copy(file(b"e"), directory.path().join("other").join(file(b"e").file_name().unwrap())).unwrap();

    for id in [b"a", b"b", b"c", b"d"] {
        assert_eq!(damaged(store.get(id)), file(id));
    }
    assert_eq!(store.get(b"c2").unwrap(), None, "nothing was stored under this id");
    damaged(FileStore::open(directory.path(), "other").unwrap().get(b"e"));
    for id in [b"e", b"f", b"g"] {
        assert_eq!(store.get(id).unwrap(), Some(key(b"payload")));
    }
    assert_eq!(store.list().unwrap(), [b"a", b"b", b"c", b"d", b"e", b"f", b"g"], "damaged ones are listed");
    assert!(matches!(store.set_status(b"a", StoredStatus::Inactive), Err(Error::StorageDamaged { .. })));
    assert_eq!(fs::read(file(b"a")).unwrap(), flipped, "and left as they are");

    assert!(store.remove(b"a").unwrap());
    store.put_all(&[(b"b", key(b"repaired"))]).unwrap();
    assert_eq!(store.get(b"a").unwrap(), None);
    assert_eq!(store.get(b"b").unwrap(), Some(key(b"repaired")));
}

#[test]
fn a_damaged_device_key_is_reported_and_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.put_all(&[(b"a", key(b"one"))]).unwrap();
    let path = directory.path().join("device.key");
    let good = fs::read(&path).unwrap();
    assert_eq!(good.len(), 48);

    let mut damages: Vec<Vec<u8>> = [0, 1, 8, 39, 40, 47].map(|length| good[..length].to_vec()).into();
    damages.push([&good[..], b"x"].concat());
    damages.extend((0..good.len()).map(|at| {
        let mut flipped = good.clone();
        flipped[at] ^= 0x10;
        flipped
    }));
    for damage in damages {
        fs::write(&path, &damage).unwrap();
        let before = everything(directory.path());
        assert_eq!(damaged(store.get(b"a")), path);
        assert_eq!(damaged(store.put_all(&[(b"b", key(b"two"))]).map(|()| None)), path);
        assert_eq!(damaged(store.set_status(b"a", StoredStatus::Inactive).map(|_| None)), path);
        assert_eq!(damaged(store.device_id().map(|_| None)), path);
        assert_eq!(store.list().unwrap(), [b"a"]);
        assert_eq!(everything(directory.path()), before);
    }
    fs::write(&path, &good).unwrap();
    assert_eq!(store.get(b"a").unwrap(), Some(key(b"one")));
}

#[test]
fn a_lost_device_key_is_reported_as_long_as_there_are_entries() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.put_all(&[(b"a", key(b"one"))]).unwrap();
    let path = directory.path().join("device.key");
    fs::remove_file(&path).unwrap();
    let other = FileStore::open(directory.path(), "other").unwrap();
    assert_eq!(damaged(store.get(b"a")), path);
    assert_eq!(damaged(other.put_all(&[(b"b", key(b"two"))]).map(|()| None)), path);
    assert_eq!(damaged(other.device_id().map(|_| None)), path);
    assert!(!path.exists());
    // Giving the entries up is the user's decision.
    assert!(store.remove(b"a").unwrap());
    other.put_all(&[(b"b", key(b"two"))]).unwrap();
    assert_eq!(other.get(b"b").unwrap(), Some(key(b"two")));
}

#[test]
fn a_directory_that_was_emptied_begins_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (open(directory.path()), open(directory.path()));
    one.put_all(&[(b"a", key(b"one"))]).unwrap();
    let id = one.device_id().unwrap();
    for item in ["device.key", "lock"] {
        fs::remove_file(directory.path().join(item)).unwrap();
    }
    fs::remove_dir_all(directory.path().join(SPACE)).unwrap();
    two.put_all(&[(b"a", key(b"two"))]).unwrap();
    assert_eq!(one.get(b"a").unwrap(), Some(key(b"two")));
    assert_eq!(one.device_id().unwrap(), two.device_id().unwrap());
    assert_ne!(one.device_id().unwrap(), id);
}

#[test]
fn foreign_names_are_ignored_and_left_alone_and_old_temporaries_go() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.put_all(&[(b"\xab", key(b"one"))]).unwrap();
    let space = directory.path().join(SPACE);
    let foreign = ["notes.txt", "AB.key", "abc.key", ".key", "zz.key", "ab.key.bak"];
    for name in foreign {
        fs::write(space.join(name), b"mine").unwrap();
    }
    for name in [".tmp-new0", ".tmp-old3", ".tmp-anything"] {
        fs::write(space.join(name), b"left behind").unwrap();
    }
    assert_eq!(store.list().unwrap(), [b"\xab"]);
    store.put_all(&[(b"b", key(b"two"))]).unwrap();
    let left: Vec<_> = fs::read_dir(&space).unwrap().map(|item| item.unwrap().file_name()).collect();
    // Two entries, the record and its spare.
    assert_eq!(left.len(), foreign.len() + 4, "{left:?}");
    for name in foreign {
        assert_eq!(fs::read(space.join(name)).unwrap(), b"mine", "{name}");
    }
}

/// Something that a store is used for.
type Use<'a> = &'a dyn Fn() -> Result<(), Error>;

#[test]
fn what_other_users_can_change_or_read_is_not_trusted() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("store");
    let store = open(&root);
    store.put_all(&[(b"a", key(b"1"))]).unwrap();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let refused = |result: Result<(), Error>, place: &Path| {
        assert!(
            matches!(&result, Err(Error::Storage { action: "trust", path, .. }) if path == place),
            "{}: {result:?}",
            place.display()
        );
    };
    let uses: [(&str, Use); 5] = [
        ("put", &|| store.put_all(&[(b"b", key(b"2"))])),
        ("get", &|| store.get(b"a").map(drop)),
        ("update", &|| store.set_status(b"a", StoredStatus::Inactive).map(drop)),
        ("device id", &|| store.device_id().map(drop)),
        ("remove", &|| store.remove(b"a").map(drop)),
    ];
    for directory in [root.clone(), root.join(SPACE)] {
        for mode in [0o777, 0o1777, 0o702] {
            set(&directory, mode);
            let before = everything(&root);
            for (name, use_it) in uses {
                // The id is in the root alone and costs no lock.
                if name != "device id" {
                    refused(use_it(), &directory);
                }
            }
            assert_eq!(everything(&root), before);
        }
        set(&directory, 0o770);
    }
    for mode in [0o644, 0o640, 0o604, 0o660] {
        set(&root.join("device.key"), mode);
        for (name, use_it) in uses {
            if name != "remove" {
                refused(use_it(), &root.join("device.key"));
            }
        }
    }
    set(&root.join("device.key"), 0o600);
    assert_eq!(store.get(b"a").unwrap(), Some(key(b"1")));
}

#[test]
fn special_files_are_refused_and_not_waited_for() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("store");
    let store = open(&root);
    for name in
        ["lock", "device.key", &format!("{SPACE}/record"), &format!("{SPACE}/61.key"), &format!("{SPACE}/61.new")]
    {
        let _ = fs::remove_dir_all(&root);
        store.put_all(&[(b"a", key(b"1"))]).unwrap();
        let path = root.join(name);
        for make in ["mkfifo", "mkdir", "ln -s /dev/zero"] {
            let _ = fs::remove_file(&path);
            let _ = fs::remove_dir(&path);
            let mut words = make.split(' ').chain([path.to_str().unwrap()]);
            let made = std::process::Command::new(words.next().unwrap()).args(words).status().unwrap();
            assert!(made.success());
            let result = if name == "lock" {
                store.set_status(b"a", StoredStatus::Inactive).map(drop)
            } else {
                store.get(b"a").map(drop)
            };
            assert!(matches!(result, Err(Error::Storage { .. })), "{name}, {make}: {result:?}");
            if name.contains("61") {
                // It costs no other entry.
                store.put_all(&[(b"b", key(b"2"))]).unwrap();
                assert_eq!(store.get(b"b").unwrap(), Some(key(b"2")));
            }
        }
    }
}

#[test]
fn special_files_without_a_record_cost_no_other_entry() {
    for name in ["61.key", "61.new", "spare"] {
        let root = tempfile::tempdir().unwrap();
        let space = root.path().join(SPACE);
        fs::create_dir(&space).unwrap();
        fs::create_dir(space.join(name)).unwrap();
        fs::set_permissions(&space, fs::Permissions::from_mode(0o700)).unwrap();
        // Missing beside what may be an entry, the device key would be taken for lost.
        let other = tempfile::tempdir().unwrap();
        open(other.path()).device_id().unwrap();
        fs::copy(other.path().join("device.key"), root.path().join("device.key")).unwrap();
        let store = open(root.path());
        store.put_all(&[(b"b", key(b"2"))]).unwrap();
        assert_eq!(store.get(b"b").unwrap(), Some(key(b"2")), "{name}");
        assert!(store.set_status(b"b", StoredStatus::Inactive).unwrap() && store.remove(b"b").unwrap());
    }
}
