//! The rows that the model counts are those that the service writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::clock::SystemClock;
use base::secret::SecretArray;
use license::protocol::{Accepted, Ask, Client, SessionClient};
use license::template::{DeviceLevel, Hdcp, Refusal};
use license_service::{
    Content, Endpoint, Entry, LocalStore, Sender, Service, Settings, Store, StoreError, Table, Transaction,
};
use simulate::constants::Request;

/// A store that counts the rows that are written.
struct Counting {
    store: LocalStore,
    rows: Arc<AtomicU64>,
}

struct Counted<'a> {
    transaction: &'a mut dyn Transaction,
    rows: u64,
}

impl Transaction for Counted<'_> {
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.transaction.get(table, key)
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.rows += 1;
        self.transaction.put(table, key, value)
    }

    fn put_new(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<bool, StoreError> {
        let new = self.transaction.put_new(table, key, value)?;
        self.rows += u64::from(new);
        Ok(new)
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        let was_there = self.transaction.remove(table, key)?;
        self.rows += u64::from(was_there);
        Ok(was_there)
    }

    fn use_nonce(&mut self, nonce: &[u8; 32], expires: i64) -> Result<bool, StoreError> {
        let new = self.transaction.use_nonce(nonce, expires)?;
        self.rows += u64::from(new);
        Ok(new)
    }
}

impl Store for Counting {
    fn transact(&self, body: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let mut rows = 0;
        self.store.transact(&mut |transaction| {
            let mut counted = Counted { transaction, rows: 0 };
            body(&mut counted)?;
            rows = counted.rows;
            Ok(())
        })?;
        self.rows.fetch_add(rows, Ordering::Relaxed);
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

#[test]
fn rows_are_those_that_the_service_writes() {
    let rows = Arc::new(AtomicU64::new(0));
    let store = Counting { store: LocalStore::in_memory().unwrap(), rows: Arc::clone(&rows) };
    let master = SecretArray::from_slice(&[7; 32]).unwrap();
    let clock = Arc::new(SystemClock::new());
    let service = Service::new(Box::new(store), &master, clock.clone(), Settings::default()).unwrap();
    let policy = br#"{"can_play":true,"can_renew":true,"license_duration_seconds":1200,"renewal_delay_seconds":600}"#;
    service.add_policy("default", policy).unwrap();
    let content = br#"{"content_id":"bW92aWU=","keys":[{"track_type":"SD","key_id":"oKCgoKCgoKCgoKCgoKCgoA==",
        "key":"KysrKysrKysrKysrKysrKw=="}]}"#;
    service.add_content(&Content::parse(content).unwrap()).unwrap();
    let send = |message: &[u8]| {
        let before = rows.load(Ordering::Relaxed);
        let answer = service.handle(message, Endpoint::Any, &Sender::Anyone).unwrap().body;
        (answer, rows.load(Ordering::Relaxed) - before)
    };
    let mut client = Client::new(None).unwrap();
    let (answer, written) = send(&client.provision_request().unwrap());
    assert_eq!(written, Request::Provision.rows());
    client.process_provision_response(&answer).unwrap();
    let ask = Ask {
        key_ids: vec![vec![0xa0; 16]],
        persistent: false,
        device_level: DeviceLevel::SwCrypto,
        hdcp: Hdcp::None,
        client_token: None,
        options: Default::default(),
    };
    for _ in 0..3 {
        let mut session = SessionClient::new().unwrap();
        let (answer, written) = send(&session.license_request(&client, &ask).unwrap());
        assert_eq!(written, Request::License.rows());
        let Accepted::License(mut license) = session.accept(&client, &answer).unwrap() else { panic!("no license") };
        for _ in 0..3 {
            // Within a millisecond its end is the same, which would not be written again.
            let now = base::clock::Clock::unix_millis(&*clock);
            while base::clock::Clock::unix_millis(&*clock) == now {
                std::thread::yield_now();
            }
            let (answer, written) = send(&session.renewal_request(&client, license.reference(), &ask).unwrap());
            assert_eq!(written, Request::Renewal.rows());
            let Accepted::Renewal(renewed) = session.accept(&client, &answer).unwrap() else { panic!("no renewal") };
            license = renewed;
        }
    }
}
