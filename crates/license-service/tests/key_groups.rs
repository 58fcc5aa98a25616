//! Key groups of a content whose catalogue is added again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::base64::Variant;
use base::clock::SystemClock;
use base::secret::SecretArray;
use license::template::Refusal;
use license_service::{Catalog, Entry, KeyGroup, LocalStore, Service, Settings, Store, StoreError, Table, Transaction};
use serde_json::{Value, json};

/// More than are added in one transaction.
const PERIODS: u8 = 200;

/// A store that counts the transactions after which a key of a group is missing.
struct Watched {
    store: LocalStore,
    key_id: [u8; 16],
    missing: Arc<AtomicUsize>,
}

impl Store for Watched {
    fn transact(&self, body: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.store.transact(body)?;
        for table in [Table::KeyGroup, Table::KeyId] {
            if self.store.read(table, &self.key_id)?.is_none() {
                self.missing.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(table, key)
    }

    fn before(&self, table: Table, end: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.store.before(table, end, limit)
    }

    fn from(&self, table: Table, start: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.store.from(table, start, limit)
    }

    fn forget_nonces(&self, now: i64) -> Result<u64, StoreError> {
        self.store.forget_nonces(now)
    }

    fn check(&self) -> Result<(), StoreError> {
        self.store.check()
    }
}

fn keys(id: u8, key: u8) -> Value {
    let text = |byte| Variant::Standard.encode(&[byte; 16]);
    json!([{ "track_type": "SD", "key_id": text(id), "key": text(key) }])
}

fn group(name: &str, id: u8, key: u8) -> Value {
    json!({ "name": name, "keys": keys(id, key) })
}

/// A catalogue with one content, which has these members beside its id.
fn catalog(mut content: Value) -> Catalog {
    content["content_id"] = "bGl2ZQ==".into();
    Catalog::parse(json!({ "contents": [content] }).to_string().as_bytes()).unwrap()
}

/// The key with an id, if it is found.
fn key(service: &Service, id: u8) -> Option<String> {
    let request = json!({ "kids": [Variant::Url.encode(&[id; 16])] });
    let answer = service.clear_key(request.to_string().as_bytes()).ok()?;
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    answer["keys"][0]["k"].as_str().map(str::to_owned)
}

fn is(byte: u8) -> Option<String> {
    Some(Variant::Url.encode(&[byte; 16]))
}

#[test]
fn groups_stay_if_their_content_is_added_without_any() {
    let service = Service::for_tests().unwrap();
    let add = |content: Value| service.add_catalog(&catalog(content));
    let names = || service.key_groups(b"live").unwrap();
    add(json!({})).unwrap();
    let one = KeyGroup::parse(group("one", 1, 1).to_string().as_bytes()).unwrap();
    service.add_key_groups(b"live", &[one]).unwrap();
    for _ in 0..2 {
        add(json!({ "keys": [] })).unwrap();
        assert_eq!((names(), key(&service, 1)), (vec!["one".to_owned()], is(1)));
        assert!(service.content_key(b"live", "SD").is_err(), "there are no derived keys beside them");
    }
    // The key ids of what stays are taken.
    let reason = add(json!({ "keys": keys(1, 9) })).unwrap_err().to_string();
    assert!(reason.contains("belongs to one of its key groups"), "{reason}");
    assert_eq!(key(&service, 1), is(1));
    // Others, or none, replace all: key ids move with them.
    add(json!({ "key_groups": [group("two", 1, 2), group("three", 3, 3)] })).unwrap();
    assert_eq!((names(), key(&service, 1), key(&service, 3)), (vec!["three".into(), "two".into()], is(2), is(3)));
    add(json!({ "key_groups": [group("two", 3, 4), group("three", 1, 5)] })).unwrap();
    assert_eq!((key(&service, 1), key(&service, 3)), (is(5), is(4)));
    add(json!({ "keys": keys(1, 6), "key_groups": [] })).unwrap();
    assert_eq!((names(), key(&service, 1), key(&service, 3)), (Vec::new(), is(6), None));
    add(json!({})).unwrap();
    assert!(service.content_key(b"live", "SD").is_ok() && key(&service, 1).is_none());
}

#[test]
fn keys_are_found_while_their_catalogue_is_added_again() {
    let missing = Arc::new(AtomicUsize::new(0));
    let store = Watched { store: LocalStore::in_memory().unwrap(), key_id: [7; 16], missing: Arc::clone(&missing) };
    let master = SecretArray::from_slice(&[7; 32]).unwrap();
    let service = Service::new(Box::new(store), &master, Arc::new(SystemClock::new()), Settings::default()).unwrap();
    let catalog = |periods: std::ops::Range<u8>, key: u8| {
        let groups = periods.map(|period| group(&format!("{period}"), period, key));
        catalog(json!({ "key_groups": groups.collect::<Vec<_>>() }))
    };
    service.add_catalog(&catalog(0..PERIODS, 1)).unwrap();
    missing.store(0, Ordering::Relaxed);
    // The same, the next periods instead of the first ones, other keys for all.
    for (periods, value) in [(0..PERIODS, 1), (5..PERIODS + 5, 1), (5..PERIODS + 5, 2)] {
        service.add_catalog(&catalog(periods.clone(), value)).unwrap();
        assert_eq!(missing.load(Ordering::Relaxed), 0, "{periods:?}");
        assert_eq!(service.key_groups(b"live").unwrap().len(), periods.len());
        assert_eq!((key(&service, 7), key(&service, periods.start)), (is(value), is(value)));
    }
    assert_eq!(key(&service, 0), None);
}
