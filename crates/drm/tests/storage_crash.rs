//! Processes that are killed, that race, or that a full or read-only disk hits: nothing that was confirmed is lost.
//!
//! The other processes are this test program itself, running one of its ignored tests.

#[path = "support/random.rs"]
#[allow(dead_code, reason = "each user needs some of it")]
mod random;

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use drm::error::Error;
use drm::storage::{FileStore, OfflineStore, StoredKey, StoredStatus};
use random::Random;

const SPACE: &str = "com.example.drm";
const DIRECTORY: &str = "NATIVE_DRM_TEST_STORE";

fn open(directory: &Path) -> FileStore {
    FileStore::open(directory, SPACE).unwrap()
}

/// A payload of some size that says which writing it is.
fn key(number: u64) -> StoredKey {
    let payload = number.to_be_bytes().repeat(1 + usize::try_from(number % 300).unwrap());
    StoredKey { status: StoredStatus::Usable, payload: payload.into() }
}

fn number(key: &StoredKey) -> u64 {
    let number = u64::from_be_bytes(key.payload[..8].try_into().unwrap());
    assert_eq!(key.payload, self::key(number).payload, "whole, and of one writing");
    number
}

/// The files of a store's namespace, except its record and what is kept for that.
fn left(directory: &Path) -> usize {
    let names: Vec<_> = fs::read_dir(directory.join(SPACE))
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in &names {
        assert!(name.ends_with(".key") || ["record", "spare"].contains(&name.as_str()), "{name} is left");
    }
    names.iter().filter(|name| name.ends_with(".key")).count()
}

/// The directory that the parent process has named; `None` when somebody runs the ignored tests by hand.
fn named_directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

fn this_test(test: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]).env(DIRECTORY, directory);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// Whether the writer removes its second id again after putting `number`.
fn removes(number: u64) -> bool {
    number.is_multiple_of(5)
}

#[test]
#[ignore = "run by killing_a_writer_loses_nothing_that_was_confirmed"]
fn writes_until_it_is_killed() {
    let Some(directory) = named_directory() else { return };
    let store = open(&directory);
    let ids = store.list().unwrap();
    let former = ids.iter().map(|id| number(&store.get(id).unwrap().unwrap())).max().unwrap_or(0);
    for number in former + 1.. {
        let ids = [[number as u8 % 7], [7 + number as u8 % 5]];
        store.put_all(&[(&ids[0], key(number)), (&ids[1], key(number))]).unwrap();
        println!("\nput {} {number}", ids[0][0]);
        println!("put {} {number}", ids[1][0]);
        if number % 3 == 0 {
            store.set_status(&ids[0], StoredStatus::Inactive).unwrap();
            println!("inactive {} {number}", ids[0][0]);
        }
        if removes(number) {
            store.remove(&ids[1]).unwrap();
            println!("remove {} {number}", ids[1][0]);
        }
    }
}

/// What the writer has confirmed last for an id.
#[derive(Clone, Copy, Debug)]
struct Confirmed {
    number: u64,
    inactive: bool,
    removed: bool,
}

#[test]
fn killing_a_writer_loses_nothing_that_was_confirmed() {
    let mut random = Random::new();
    let mut directory = tempfile::tempdir().unwrap();
    let mut confirmed: BTreeMap<u8, Confirmed> = BTreeMap::new();
    let mut total = 0;
    for round in 0..30 {
        // Often in a new directory, so that its creation and that of the device key are hit, too.
        if round % 3 == 0 {
            directory = tempfile::tempdir().unwrap();
            confirmed.clear();
        }
        let mut child = this_test("writes_until_it_is_killed", directory.path()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let enough = random.below(40);
        let mut hear = |line: String| {
            let words: Vec<_> = line.split(' ').collect();
            let (["put" | "inactive" | "remove"], [id, number]) = words.split_at(1) else { return false };
            let (id, number) = (id.parse().unwrap(), number.parse().unwrap());
            let (inactive, removed) = (words[0] == "inactive", words[0] == "remove");
            confirmed.insert(id, Confirmed { number, inactive, removed });
            true
        };
        if enough == 0 {
            // Without having heard anything: during the start.
            std::thread::sleep(Duration::from_micros(random.below(20_000)));
        }
        let mut heard = 0;
        while heard < enough {
            heard += u64::from(hear(lines.next().expect("the writer goes on for ever").unwrap()));
        }
        // Not waiting for anything: it spreads the moment of the kill over what the writer does between two lines.
        std::thread::sleep(Duration::from_micros(random.below(3_000)));
        child.kill().unwrap();
        // What it had confirmed meanwhile.
        for line in lines {
            heard += u64::from(hear(line.unwrap()));
        }
        child.wait().unwrap();
        total += heard;

        let store = open(directory.path());
        for id in store.list().unwrap() {
            number(&store.get(&id).unwrap().unwrap());
        }
        for (&id, last) in &confirmed {
            let stored = store.get(&[id]).unwrap();
            // What came after the last confirmation may have happened or not.
            match stored {
                None => assert!(last.removed || removes(last.number), "round {round}: id {id} lost after {last:?}"),
                Some(key) if number(&key) == last.number => {
                    assert!(!last.removed, "round {round}: id {id} is back after {last:?}");
                    assert!(!last.inactive || key.status == StoredStatus::Inactive, "round {round}: id {id} {last:?}");
                }
                Some(key) => assert!(number(&key) > last.number, "round {round}: id {id} is older than {last:?}"),
            }
        }
        // The next writing tidies up.
        store.put_all(&[(b"tidy", key(0))]).unwrap();
        assert_eq!(left(directory.path()), store.list().unwrap().len(), "round {round}");
        store.remove(b"tidy").unwrap();
    }
    assert!(total > 100, "only {total} confirmations were heard");
}

#[test]
#[ignore = "run by racing_processes_agree_on_one_device_key"]
fn stores_something_and_tells_the_device_id() {
    let Some(directory) = named_directory() else { return };
    // All start at the same moment: when the parent lets go of the lock.
    let gate = fs::File::open(directory.with_extension("gate")).unwrap();
    println!("\nready");
    gate.lock_shared().unwrap();
    let store = open(&directory);
    let id = std::process::id().to_be_bytes();
    store.put_all(&[(&id, key(1)), (b"everybody's", key(2))]).unwrap();
    assert_eq!(number(&store.get(&id).unwrap().unwrap()), 1);
    println!("device {}", hex::encode(store.device_id().unwrap()));
}

fn next_line_with(child: &mut BufReader<std::process::ChildStdout>, start: &str) -> String {
    child.lines().map(Result::unwrap).find(|line| line.starts_with(start)).expect("the child says it")
}

#[test]
fn racing_processes_agree_on_one_device_key() {
    for _ in 0..4 {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("store");
        let gate = fs::File::create(directory.with_extension("gate")).unwrap();
        gate.lock().unwrap();
        let mut children: Vec<Child> = (0..6)
            .map(|_| this_test("stores_something_and_tells_the_device_id", &directory).spawn().unwrap())
            .collect();
        let mut outputs: Vec<_> = children.iter_mut().map(|c| BufReader::new(c.stdout.take().unwrap())).collect();
        outputs.iter_mut().for_each(|output| drop(next_line_with(output, "ready")));
        gate.unlock().unwrap();
        let ids: Vec<_> = outputs.iter_mut().map(|output| next_line_with(output, "device ")).collect();
        for (output, child) in outputs.iter_mut().zip(&mut children) {
            output.lines().for_each(drop);
            assert!(child.wait().unwrap().success());
        }
        assert!(ids.windows(2).all(|two| two[0] == two[1]), "{ids:?}");
        let store = open(&directory);
        assert_eq!(store.list().unwrap().len(), 7);
        assert_eq!(number(&store.get(b"everybody's").unwrap().unwrap()), 2);
    }
}

/// The store in `directory` holds 1 under `a` and can be read, but not written.
fn expect_unwritable(directory: &Path) {
    let store = open(directory);
    let io = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Storage { .. })), "{result:?}");
    io(store.put_all(&[(b"a", key(2))]));
    io(store.put_all(&[(b"b", key(2)), (b"a", key(2)), (b"c", key(2))]));
    io(store.set_status(b"a", StoredStatus::Inactive).map(drop));
    assert_eq!(store.get(b"a").unwrap(), Some(key(1)));
    assert_eq!(store.list().unwrap(), [b"a"]);
}

#[test]
#[ignore = "run by a_full_disk_loses_nothing and by a_read_only_directory_loses_nothing"]
fn finds_the_store_unwritable() {
    let Some(directory) = named_directory() else { return };
    let fresh = open(&directory.join("fresh"));
    assert!(matches!(fresh.put_all(&[(b"a", key(1))]), Err(Error::Storage { .. })));
    assert!(matches!(fresh.device_id(), Err(Error::Storage { .. })));
    assert!(fresh.list().unwrap().is_empty());
    expect_unwritable(&directory);
}

fn expect_success(mut command: Command) {
    let output = command.stderr(Stdio::piped()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Without a file system to fill: a limit of 0 on the size of files lets each write fail just so (EFBIG for ENOSPC), the
/// signal that comes with it being ignored.
#[test]
fn a_full_disk_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).put_all(&[(b"a", key(1))]).unwrap();
    let own = this_test("finds_the_store_unwritable", directory.path());
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 0 && exec \"$0\" \"$@\""]).arg(own.get_program()).args(own.get_args());
    shell.env(DIRECTORY, directory.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    expect_success(shell);
    let store = open(directory.path());
    store.put_all(&[(b"b", key(2))]).unwrap();
    assert_eq!((number(&store.get(b"a").unwrap().unwrap()), left(directory.path())), (1, 2));
}

/// A file system that really fills up, where this user may mount one.
#[test]
fn a_full_file_system_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).arg(directory.path()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !run("mount", &["-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs"]) {
        println!("skipped: this user may not mount a file system");
        return;
    }
    struct Unmount<F: Fn()>(F);
    impl<F: Fn()> Drop for Unmount<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    let _unmount = Unmount(|| assert!(run("umount", &["-l"])));

    let store = open(directory.path());
    let mut stored = 0_u64;
    let failure = loop {
        let (first, second) = (stored.to_be_bytes(), [&stored.to_be_bytes()[..], b"+"].concat());
        match store.put_all(&[(&first, key(299)), (&second, key(299))]) {
            Ok(()) => stored += 1,
            Err(failure) => break failure,
        }
    };
    assert!(matches!(failure, Error::Storage { .. }), "{failure}");
    assert!(stored > 3, "{failure} after {stored}");
    let ids = store.list().unwrap();
    assert_eq!(ids.len() as u64, 2 * stored, "both or none");
    assert!(
        store.put_all(&[(&ids[0], key(1)), (&ids[1], key(299)), (&ids[2], key(299)), (&ids[3], key(299))]).is_err()
    );
    for id in &ids {
        assert_eq!(number(&store.get(id).unwrap().unwrap()), 299);
    }
    assert_eq!(left(directory.path()), ids.len(), "nothing else is left");
    // Nothing at all fits any more.
    fs::write(directory.path().join("ballast"), vec![1; 1 << 20]).unwrap_err();
    for id in &ids[..4] {
        assert!(store.remove(id).unwrap(), "room can be made");
        assert_eq!(store.get(id).unwrap(), None);
        fs::write(directory.path().join("more"), vec![1; 1 << 20]).unwrap_err();
    }
    fs::remove_file(directory.path().join("ballast")).unwrap();
    store.put_all(&[(&ids[0], key(1))]).unwrap();
    assert_eq!(left(directory.path()), ids.len() - 3);
}

#[test]
fn a_read_only_directory_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store");
    open(&store).put_all(&[(b"a", key(1))]).unwrap();
    let paths = [&store, &store.join(SPACE), directory.path()];
    let all =
        |mode: u32| paths.iter().for_each(|path| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap());
    // Root may write everywhere, so the child is somebody else, to whom the store belongs.
    let mut program = this_test("finds_the_store_unwritable", &store);
    let root =
        fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).is_ok_and(|uid| uid == 0);
    if root {
        let copy = directory.path().join("program");
        // By another process: a child that another test starts meanwhile would hold a file open that we write.
        assert!(Command::new("cp").arg(program.get_program()).arg(&copy).status().unwrap().success());
        let mut child = Command::new(copy);
        child.args(program.get_args()).env(DIRECTORY, &store).uid(65534).gid(65534);
        child.stdin(Stdio::null()).stdout(Stdio::piped()).current_dir("/");
        program = child;
        for file in [
            store.join("device.key"),
            store.join("lock"),
            store.join(SPACE).join("61.key"),
            store.join(SPACE).join("record"),
        ] {
            std::os::unix::fs::chown(file, Some(65534), Some(65534)).unwrap();
        }
        for path in paths {
            std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
        }
    }
    all(0o555);
    expect_success(program);
    all(0o755);
    assert_eq!((number(&open(&store).get(b"a").unwrap().unwrap()), left(&store)), (1, 1));
}

#[test]
fn a_file_in_the_place_of_the_directory_is_an_io_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, b"mine").unwrap();
    for store in [open(&path), open(&path.join("below"))] {
        assert!(matches!(store.put_all(&[(b"a", key(1))]), Err(Error::Storage { .. })));
        assert!(matches!(store.get(b"a"), Err(Error::Storage { .. })));
        assert!(matches!(store.set_status(b"a", StoredStatus::Usable), Err(Error::Storage { .. })));
        assert!(matches!(store.remove(b"a"), Err(Error::Storage { .. })));
        assert!(matches!(store.list(), Err(Error::Storage { .. })));
        assert!(matches!(store.device_id(), Err(Error::Storage { .. })));
    }
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}
