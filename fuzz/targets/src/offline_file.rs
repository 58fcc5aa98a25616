//! Files of the offline store, as somebody else may have left them: of an entry, or of the device key.
//!
//! Only the file that the store wrote itself may be read as a key, bit by bit the same. Whatever is in one file, the others
//! stay readable, and a damaged entry can be removed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use drm::storage::{FileStore, OfflineStore, StoredStatus};

use crate::observe::{accepted, refused};
use crate::world;

const NAMESPACE: &str = "fuzz";
const DEVICE_KEY: &[u8] = include_bytes!("../data/store/device.key");
/// The entry with id 01; the seed corpus has it, too.
const ENTRY: &[u8] = include_bytes!("../data/store/01.key");
/// The entry with id 02, which no input changes.
const OTHER: &[u8] = include_bytes!("../data/store/02.key");

struct Place {
    store: FileStore,
    device_key: PathBuf,
    entry: PathBuf,
}

impl Place {
    fn new(root: &Path) -> Self {
        let directory = root.join(NAMESPACE);
        fs::create_dir_all(&directory).expect("a directory");
        fs::write(directory.join("02.key"), OTHER).expect("a file");
        Self {
            store: FileStore::open(root, NAMESPACE).expect("a store"),
            device_key: root.join("device.key"),
            entry: directory.join("01.key"),
        }
    }
}

pub fn run(input: &[u8]) {
    static PLACE: OnceLock<Place> = OnceLock::new();
    let place = PLACE.get_or_init(|| Place::new(&world::directory("offline-file")));
    let Some((&mode, content)) = input.split_first() else { return };
    let of_the_device = mode & 1 != 0;
    let (device_key, entry) = if of_the_device { (content, ENTRY) } else { (DEVICE_KEY, content) };
    fs::write(&place.device_key, device_key).expect("a file");
    fs::set_permissions(&place.device_key, fs::Permissions::from_mode(0o600)).expect("a file");
    fs::write(&place.entry, entry).expect("a file");
    let genuine = device_key == DEVICE_KEY && entry == ENTRY;

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
    assert!(of_the_device || other.is_ok(), "another entry was lost");
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
        3 if !of_the_device => assert!(place.store.remove(&[1]).expect("a damaged entry can be removed")),
        _ => {}
    }
}
