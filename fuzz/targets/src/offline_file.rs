//! Files of the offline store, as somebody else may have left them: of an entry, of the record, of the device key.
//!
//! Only the file that the store wrote itself may be read as a key, bit by bit the same; with a record, no file of before. Whatever is in
//! an entry, the others stay readable, and it can be removed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use drm::storage::{FileStore, OfflineStore, StoredStatus};

use crate::observe::{accepted, refused};
use crate::world;

const NAMESPACE: &str = "fuzz";
const DEVICE_KEY: &[u8] = include_bytes!("../data/store/device.key");
const RECORD: &[u8] = include_bytes!("../data/store/record");
/// The entry with id 01; the seed corpus has it, too.
const ENTRY: &[u8] = include_bytes!("../data/store/01.key");
/// The entry with id 02, which no input changes.
const OTHER: &[u8] = include_bytes!("../data/store/02.key");
/// The same in a store of before there were records.
const ENTRY_BEFORE: &[u8] = include_bytes!("../data/store/before/01.key");
const OTHER_BEFORE: &[u8] = include_bytes!("../data/store/before/02.key");

/// What the lowest bit and bits 5 and 6 of an input's first byte say.
#[derive(Clone, Copy, PartialEq)]
enum Changed {
    Entry,
    DeviceKey,
    Record,
    EntryBefore,
}

struct Place {
    store: FileStore,
    device_key: PathBuf,
    entry: PathBuf,
    other: PathBuf,
    record: PathBuf,
}

impl Place {
    fn new(root: &Path) -> Self {
        let directory = root.join(NAMESPACE);
        fs::create_dir_all(&directory).expect("a directory");
        Self {
            store: FileStore::open(root, NAMESPACE).expect("a store"),
            device_key: root.join("device.key"),
            entry: directory.join("01.key"),
            other: directory.join("02.key"),
            record: directory.join("record"),
        }
    }
}

pub fn run(input: &[u8]) {
    static PLACE: OnceLock<Place> = OnceLock::new();
    let place = PLACE.get_or_init(|| Place::new(&world::directory("offline-file")));
    let Some((&mode, content)) = input.split_first() else { return };
    let changed = match mode & 0b110_0001 {
        0 => Changed::Entry,
        bits if bits & 1 != 0 => Changed::DeviceKey,
        bits if bits & 0b10_0000 != 0 => Changed::Record,
        _ => Changed::EntryBefore,
    };
    let (mut device_key, mut record, mut entry, mut other) = (DEVICE_KEY, Some(RECORD), ENTRY, OTHER);
    match changed {
        Changed::Entry => entry = content,
        Changed::DeviceKey => device_key = content,
        Changed::Record => record = Some(content),
        Changed::EntryBefore => (record, entry, other) = (None, content, OTHER_BEFORE),
    }
    fs::write(&place.device_key, device_key).expect("a file");
    fs::set_permissions(&place.device_key, fs::Permissions::from_mode(0o600)).expect("a file");
    fs::write(&place.entry, entry).expect("a file");
    fs::write(&place.other, other).expect("a file");
    match record {
        Some(record) => fs::write(&place.record, record).expect("a file"),
        None => drop(fs::remove_file(&place.record)),
    }
    let genuine = device_key == DEVICE_KEY
        && if changed == Changed::EntryBefore {
            entry == ENTRY_BEFORE
        } else {
            entry == ENTRY && record == Some(RECORD)
        };

    match place.store.get(&[1]) {
        Ok(found) => {
            assert!(genuine, "a changed file was read as a key");
            let found = found.expect("the file is there");
            assert_eq!((found.status, &found.payload[..]), (StoredStatus::Usable, &b"payload of entry 1"[..]));
            accepted("entry", 1);
        }
        Err(error) => {
            assert!(!genuine, "the store's own file was refused: {error}");
            refused(&error);
        }
    }
    let other = place.store.get(&[2]);
    let costs_all = matches!(changed, Changed::DeviceKey | Changed::Record);
    assert!(costs_all || other.is_ok(), "another entry was lost");
    match mode >> 1 & 15 {
        0 => assert_eq!(place.store.list().expect("a list"), [vec![1], vec![2]]),
        1 => match place.store.set_status(&[1], StoredStatus::Usable) {
            Ok(found) => assert!(genuine && found),
            Err(error) => refused(&error),
        },
        2 => match place.store.device_id() {
            Ok(_) => accepted("device key", 1),
            Err(error) => refused(&error),
        },
        3 if changed != Changed::DeviceKey => {
            assert!(place.store.remove(&[1]).expect("a damaged entry can be removed"));
        }
        _ => {}
    }
}
