//! Group commit: transactions that come while the disk is busy share the next commit.
//!
//! Each runs for itself over what those before it in the group have changed, and keeps its own changes apart until it has
//! succeeded; one that is refused leaves nothing. Whoever comes first opens the group, lets in all who wait already, waits a moment for
//! those who are expected ([`Store::expect`](super::Store::expect)), and commits. Nobody is told of success before the commit is on the
//! disk, and if it fails, nobody of the group is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};

use super::{StoreError, Table, Transaction};
use license::template::Refusal;

pub(super) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Nonces with their expiry.
pub(super) const NONCES: &str = "nonce";
/// Expiry and nonce, to find the oldest.
pub(super) const NONCE_EXPIRY: &str = "nonce_expiry";
/// Transactions of one group: so many that a disk that takes a hundredth of a second does not hold a core up.
const MOST: usize = 256;
/// For so long a group stays open for those who are expected. A commit costs as much of the processor as the curve of one license, so
/// that few of them make room for more licenses; and it is little beside what a device waits anyway.
const LINGER: Duration = Duration::from_millis(2);

/// Where transactions meet.
#[derive(Default)]
pub(super) struct Groups {
    open: Mutex<Option<Group>>,
    /// Those who want to get in.
    waiting: AtomicUsize,
    /// Those who have not ended yet and are to come, or have come already.
    expected: AtomicUsize,
    /// Somebody was let in, or is not expected any more.
    arrived: Condvar,
}

struct Group {
    write: WriteTransaction,
    /// Transactions that were let in, refused ones included.
    admitted: usize,
    /// Transactions whose changes are in it.
    members: usize,
    /// Whether changes were made halfway.
    is_spoiled: bool,
    outcome: Arc<Outcome>,
}

/// What became of a group.
#[derive(Default)]
struct Outcome {
    known: Mutex<Option<Result<(), String>>>,
    changed: Condvar,
}

impl Outcome {
    fn tell(&self, outcome: Result<(), String>) {
        self.known.lock().get_or_insert(outcome);
        self.changed.notify_all();
    }

    fn wait(&self) -> Result<(), StoreError> {
        let mut known = self.known.lock();
        loop {
            match &*known {
                Some(outcome) => return outcome.clone().map_err(StoreError),
                None => self.changed.wait(&mut known),
            }
        }
    }
}

/// Ends a group that its leader leaves by a panic: the others must not wait for ever.
struct Leader<'a> {
    place: MutexGuard<'a, Option<Group>>,
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        if let Some(group) = self.place.take() {
            group.outcome.tell(Err("whoever was to commit has failed".into()));
        }
    }
}

impl Groups {
    /// One more is expected, or one less.
    pub fn expect(&self, more: bool) {
        if more {
            self.expected.fetch_add(1, Ordering::AcqRel);
        } else {
            self.expected.fetch_sub(1, Ordering::AcqRel);
            // Without the lock it may come too early to be heard: then the group waits until its time is over.
            self.arrived.notify_one();
        }
    }

    /// Runs `body` in a transaction and commits it, with others if there are any. A fault of the store, unlike `body`'s own refusal,
    /// is also told to `fault`.
    pub fn transact(
        &self,
        database: &Database,
        body: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Refusal>,
        fault: &dyn Fn(),
    ) -> Result<(), Refusal> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let mut place = self.open.lock();
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        if let Some(group) = &mut *place {
            let done = group.run(body, fault);
            self.arrived.notify_one();
            done?;
            let outcome = Arc::clone(&group.outcome);
            drop(place);
            return Ok(outcome.wait()?);
        }
        let write = database.begin_write().inspect_err(|_| fault());
        let write = write.map_err(|fault| StoreError::new("begin a transaction", &fault))?;
        *place = Some(Group { write, admitted: 0, members: 0, is_spoiled: false, outcome: Arc::default() });
        let mut leader = Leader { place };
        let own = leader.place.as_mut().map_or(Ok(()), |group| group.run(body, fault));
        let until = Instant::now() + LINGER;
        while let Some(group) = leader.place.as_ref().filter(|group| group.admitted < MOST && !group.is_spoiled) {
            if self.waiting.load(Ordering::Acquire) > 0 {
                // Whoever is about to get in may not have come to wait for the lock yet.
                MutexGuard::unlocked_fair(&mut leader.place, std::thread::yield_now);
            } else if self.expected.load(Ordering::Acquire) <= group.admitted
                || self.arrived.wait_until(&mut leader.place, until).timed_out()
            {
                break;
            }
        }
        let Some(group) = leader.place.take() else { return own };
        let outcome = Arc::clone(&group.outcome);
        outcome.tell(group.commit(fault));
        own?;
        Ok(outcome.wait()?)
    }
}

impl Group {
    /// Runs one transaction. Its changes are in the group afterwards, or none of them.
    fn run(
        &mut self,
        body: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Refusal>,
        fault: &dyn Fn(),
    ) -> Result<(), Refusal> {
        self.admitted += 1;
        let mut own = Overlay { write: &self.write, changes: BTreeMap::new(), fault };
        body(&mut own)?;
        let changes = own.changes;
        if let Err(reason) = apply(&self.write, &changes) {
            self.is_spoiled = true;
            fault();
            return Err(reason.into());
        }
        self.members += 1;
        Ok(())
    }

    fn commit(self, fault: &dyn Fn()) -> Result<(), String> {
        if self.is_spoiled {
            return Err("the store failed".into());
        }
        if self.members == 0 {
            // Dropped without a commit, it changes nothing.
            return Ok(());
        }
        self.write.commit().map_err(|reason| {
            fault();
            StoreError::new("commit", &reason).0
        })
    }
}

/// Changes of one transaction by table and key; `None` removes.
type Changes = BTreeMap<&'static str, BTreeMap<Vec<u8>, Option<Vec<u8>>>>;

fn failed<E: std::fmt::Display>(action: &'static str) -> impl Fn(E) -> StoreError {
    move |fault| StoreError::new(action, &fault)
}

fn apply(write: &WriteTransaction, changes: &Changes) -> Result<(), StoreError> {
    for (name, changes) in changes {
        let mut table = write.open_table(Definition::new(name)).map_err(failed("open a table"))?;
        for (key, value) in changes {
            match value {
                Some(value) => table.insert(&key[..], &value[..]).map(drop).map_err(failed("write"))?,
                None => table.remove(&key[..]).map(drop).map_err(failed("remove"))?,
            }
        }
    }
    Ok(())
}

/// A transaction that keeps its changes apart.
struct Overlay<'a> {
    write: &'a WriteTransaction,
    changes: Changes,
    fault: &'a dyn Fn(),
}

impl Overlay<'_> {
    fn value(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(own) = self.changes.get(table).and_then(|changes| changes.get(key)) {
            return Ok(own.clone());
        }
        let read = || {
            let table = self.write.open_table(Definition::new(table)).map_err(failed("open a table"))?;
            let value = table.get(key).map_err(failed("read"))?;
            Ok(value.map(|value| value.value().to_vec()))
        };
        read().inspect_err(|_| (self.fault)())
    }

    fn set(&mut self, table: &'static str, key: &[u8], value: Option<&[u8]>) {
        self.changes.entry(table).or_default().insert(key.to_vec(), value.map(<[u8]>::to_vec));
    }
}

impl Transaction for Overlay<'_> {
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.value(table.name(), key)
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.set(table.name(), key, Some(value));
        Ok(())
    }

    fn put_new(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<bool, StoreError> {
        let is_new = self.value(table.name(), key)?.is_none();
        if is_new {
            self.set(table.name(), key, Some(value));
        }
        Ok(is_new)
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        let is_there = self.value(table.name(), key)?.is_some();
        if is_there {
            self.set(table.name(), key, None);
        }
        Ok(is_there)
    }

    fn use_nonce(&mut self, nonce: &[u8; 32], expires: i64) -> Result<bool, StoreError> {
        let is_new = self.value(NONCES, nonce)?.is_none();
        if is_new {
            let expires = sortable(expires);
            self.set(NONCES, nonce, Some(&expires));
            self.set(NONCE_EXPIRY, &[&expires[..], nonce].concat(), Some(&[]));
        }
        Ok(is_new)
    }
}

/// A time whose bytes sort as the time does.
pub(super) fn sortable(millis: i64) -> [u8; 8] {
    (millis ^ i64::MIN).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicBool;

    use redb::StorageBackend;
    use redb::backends::InMemoryBackend;

    use super::*;
    use license::template::Rule;

    const OTHERS: usize = 8;

    #[derive(Debug, Default)]
    struct Syncs {
        count: AtomicUsize,
        fail: AtomicBool,
    }

    #[derive(Debug)]
    struct Disk(InMemoryBackend, Arc<Syncs>);

    impl StorageBackend for Disk {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }

        fn set_len(&self, length: u64) -> io::Result<()> {
            self.0.set_len(length)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.1.count.fetch_add(1, Ordering::SeqCst);
            if self.1.fail.load(Ordering::SeqCst) { Err(io::Error::other("the disk fails")) } else { Ok(()) }
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.0.write(offset, data)
        }
    }

    struct World {
        database: Database,
        groups: Groups,
        syncs: Arc<Syncs>,
    }

    impl World {
        fn new() -> Self {
            let syncs = Arc::<Syncs>::default();
            let disk = Disk(InMemoryBackend::new(), Arc::clone(&syncs));
            Self { database: Database::builder().create_with_backend(disk).unwrap(), groups: Groups::default(), syncs }
        }

        fn transact(&self, mut body: impl FnMut(&mut dyn Transaction) -> Result<(), Refusal>) -> Result<(), Refusal> {
            self.groups.transact(&self.database, &mut body, &|| ())
        }

        /// Counts one up under a key.
        fn count(&self, key: &[u8]) -> Result<(), Refusal> {
            self.transact(|transaction| one_more(transaction, key))
        }

        /// How often the disk is synchronised for a transaction that is alone.
        fn syncs_alone(&self) -> usize {
            let before = self.syncs.count.load(Ordering::SeqCst);
            self.count(b"alone").unwrap();
            self.syncs.count.load(Ordering::SeqCst) - before
        }

        fn counted(&self, key: &[u8]) -> u8 {
            let mut count = None;
            let read = self.transact(|transaction| {
                count = transaction.get(Table::Policy, key)?;
                Err(refused())
            });
            assert_eq!(read, Err(refused()));
            count.map_or(0, |count| count[0])
        }

        /// One transaction holds the door until all others stand before it. Their results, and how often the disk was synchronised.
        fn at_once(&self, other: impl Fn(usize) -> Result<(), Refusal> + Sync) -> (Vec<Result<(), Refusal>>, usize) {
            let before = self.syncs.count.load(Ordering::SeqCst);
            let (opened, other) = (&AtomicBool::new(false), &other);
            let results = std::thread::scope(|scope| {
                let first = scope.spawn(move || {
                    self.transact(|transaction| {
                        opened.store(true, Ordering::SeqCst);
                        while self.groups.waiting.load(Ordering::SeqCst) < OTHERS {
                            std::thread::yield_now();
                        }
                        one_more(transaction, b"first")
                    })
                });
                while !opened.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
                let others: Vec<_> = (0..OTHERS).map(|index| scope.spawn(move || other(index))).collect();
                let all = [first].into_iter().chain(others);
                all.map(|thread| thread.join().unwrap()).collect()
            });
            (results, self.syncs.count.load(Ordering::SeqCst) - before)
        }
    }

    fn refused() -> Refusal {
        Refusal::new(Rule::ContentNotFound, "", "no")
    }

    fn one_more(transaction: &mut dyn Transaction, key: &[u8]) -> Result<(), Refusal> {
        let count = transaction.get(Table::Policy, key)?.map_or(0, |count| count[0]);
        Ok(transaction.put(Table::Policy, key, &[count + 1])?)
    }

    #[test]
    fn those_who_wait_share_a_commit_and_see_each_other() {
        let world = World::new();
        let alone = world.syncs_alone();
        assert!(alone > 0);
        let (results, syncs) = world.at_once(|_| world.count(b"shared"));
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!((syncs, world.counted(b"shared")), (alone, u8::try_from(OTHERS).unwrap()));
    }

    /// Whoever is expected shares the commit, however late it comes within the time, and whoever is not expected any more is not waited for.
    #[test]
    fn a_group_waits_for_those_who_are_expected() {
        let world = World::new();
        let alone = world.syncs_alone();
        // As a rule: a thread may be kept from running for longer than a group waits.
        let shared = (0..100).filter(|_| {
            (0..2).for_each(|_| world.groups.expect(true));
            let before = world.syncs.count.load(Ordering::SeqCst);
            let is_open = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let done = world.transact(|transaction| {
                        is_open.store(true, Ordering::SeqCst);
                        one_more(transaction, b"first")
                    });
                    world.groups.expect(false);
                    done.unwrap();
                });
                scope.spawn(|| {
                    while !is_open.load(Ordering::SeqCst) {
                        std::thread::yield_now();
                    }
                    // Longer than a group takes that waits for nobody.
                    std::thread::sleep(LINGER / 4);
                    world.count(b"second").unwrap();
                    world.groups.expect(false);
                });
            });
            world.syncs.count.load(Ordering::SeqCst) - before == alone
        });
        assert!(shared.count() > 50);
        assert_eq!(world.groups.expected.load(Ordering::SeqCst), 0);
        // One is expected and does not come: nobody waits for more than a moment.
        world.groups.expect(true);
        world.count(b"alone").unwrap();
        world.groups.expect(false);
        assert_eq!(world.counted(b"alone"), 2);
    }

    #[test]
    fn one_that_is_refused_leaves_nothing_and_stops_nobody() {
        let world = World::new();
        let (results, _) = world.at_once(|index| {
            world.transact(|transaction| {
                one_more(transaction, b"shared")?;
                // Two use the same nonce, and both are refused afterwards: neither has used it up for the other.
                let fresh = transaction.use_nonce(&[u8::try_from(index % 4).unwrap(); 32], 9)?;
                assert!(fresh || index % 4 != 3);
                if index % 4 == 3 { Err(refused()) } else { Ok(()) }
            })
        });
        assert_eq!(results.iter().filter(|result| **result == Err(refused())).count(), 2);
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), OTHERS - 1);
        assert_eq!((world.counted(b"shared"), world.counted(b"first")), (6, 1));
    }

    #[test]
    fn a_commit_that_fails_is_told_to_everybody() {
        let world = World::new();
        world.count(b"before").unwrap();
        world.syncs.fail.store(true, Ordering::SeqCst);
        let (results, _) = world.at_once(|_| world.count(b"shared"));
        assert!(results.iter().all(|result| result.as_ref().is_err_and(|refusal| refusal.rule() == Rule::TryAgain)));
    }

    #[test]
    fn a_panic_leaves_the_door_open() {
        let world = World::new();
        let broken = catch_unwind(AssertUnwindSafe(|| world.transact(|_| panic!("on purpose"))));
        assert!(broken.is_err());
        world.count(b"after").unwrap();
        assert_eq!(world.counted(b"after"), 1);
    }
}
