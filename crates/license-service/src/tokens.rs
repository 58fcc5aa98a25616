//! What is kept of the tokens with which providers authenticate.
//!
//! For a token there is its SHA-256 under the service's root secret, which is sealed in the store: a thief of the store can
//! neither try tokens out nor see that two services know the same one. Earlier versions kept the bare SHA-256.

use super::admin::MAX_NAME;
use super::derive::token_digest;
use super::error::{Error, Result};
use super::records::{self, Provider};
use super::store::{Store, Table, Transaction};
use base::secret::SecretArray;
use license::protocol::Bytes;
use license::protocol::service_side::hash;
use license::template::Refusal;

/// Keys of tokens start with so many zeros, then have a byte that tells how the token is kept. Names are never as long.
const ZEROS: [u8; MAX_NAME] = [0; MAX_NAME];
const BARE: u8 = 0;
const UNDER_ROOT: u8 = 1;
/// Entries that are looked through at a time: more than there are names of nothing but zeros, which sort among them.
const BATCH: usize = 1000;

/// What is kept of a token.
pub(super) fn digest(root: &SecretArray<32>, token: &str) -> Vec<u8> {
    token_digest(root, &hash(token.as_bytes()).0).to_vec()
}

/// Where a token's provider is found.
pub(super) fn key(digest: &[u8]) -> Vec<u8> {
    [&ZEROS[..], &[UNDER_ROOT], digest].concat()
}

/// Replaces what earlier versions kept; the tokens stay valid. Of several servers that start at once each may do it.
pub(super) fn replace_hashes(store: &dyn Store, root: &SecretArray<32>) -> Result<()> {
    let end = [&ZEROS[..], &[UNDER_ROOT]].concat();
    loop {
        let mut keys = store.before(Table::Provider, &end, BATCH)?;
        keys.retain(|key| key.len() > end.len() && key.starts_with(&ZEROS) && key[MAX_NAME] == BARE);
        if keys.is_empty() {
            return Ok(());
        }
        let done = store.transact(&mut |transaction| keys.iter().try_for_each(|key| replace(transaction, root, key)));
        done.map_err(|refusal| Error::Internal(refusal.message().to_owned().into()))?;
    }
}

fn replace(transaction: &mut dyn Transaction, root: &SecretArray<32>, bare_key: &[u8]) -> Result<(), Refusal> {
    let bare = &bare_key[MAX_NAME + 1..];
    if let Some(name) = transaction.get(Table::Provider, bare_key)? {
        let provider: Option<Provider> = records::plain(transaction.get(Table::Provider, &name)?, Table::Provider)?;
        // Otherwise it is a former token of the provider.
        if provider.and_then(|provider| provider.token_hash).is_some_and(|known| known.0 == bare) {
            let digest = token_digest(root, bare);
            let provider = Provider { token_hash: None, token_digest: Some(Bytes(digest.to_vec())) };
            transaction.put(Table::Provider, &name, &records::plain_bytes(&provider))?;
            transaction.put(Table::Provider, &key(&digest), &name)?;
        }
        transaction.remove(Table::Provider, bare_key)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{LocalStore, Service, Settings};
    use base::clock::SystemClock;
    use license::protocol::service_side::random_secret;

    #[test]
    fn tokens_of_earlier_versions_stay_valid_and_their_bare_hashes_go() {
        let directory = tempfile::tempdir().unwrap();
        let master = random_secret().unwrap();
        let open = || {
            let store = LocalStore::in_directory(directory.path()).unwrap();
            Service::new(Box::new(store), &master, Arc::new(SystemClock::new()), Settings::default()).unwrap()
        };
        drop(open());
        // As an earlier version has left it: a token, a former token, and names that sort among them.
        let store = LocalStore::in_directory(directory.path()).unwrap();
        let bare_key = |token: &str| [&ZEROS[..], &[BARE], &hash(token.as_bytes()).0].concat();
        let (token, former) = ("a token of acme's", "a former token");
        let record = Provider { token_hash: Some(Bytes(hash(token.as_bytes()).0.to_vec())), token_digest: None };
        store
            .transact(&mut |transaction| {
                transaction.put(Table::Provider, b"acme", &records::plain_bytes(&record))?;
                transaction.put(Table::Provider, &bare_key(token), b"acme")?;
                transaction.put(Table::Provider, &bare_key(former), b"acme")?;
                transaction.put(Table::Provider, &[0; 9], b"{}")?;
                Ok(transaction.put(Table::Provider, &ZEROS, b"{}")?)
            })
            .unwrap();
        drop(store);

        for _ in 0..2 {
            let service = open();
            assert_eq!(service.provider_of(token).unwrap().as_deref(), Some("acme"));
            assert_eq!(service.provider_of(former).unwrap(), None);
        }
        let store = LocalStore::in_directory(directory.path()).unwrap();
        let keys = store.before(Table::Provider, &[0xff; 300], 99).unwrap();
        let values: Vec<_> = keys.iter().map(|key| store.read(Table::Provider, key).unwrap().unwrap()).collect();
        assert_eq!(keys.len(), 4, "the provider, its token, two names of zeros");
        let entries = [keys.concat(), values.concat()].concat();
        for token in [token, former] {
            let bare = hash(token.as_bytes()).0;
            let written = base::base64::Variant::Url.encode(&bare);
            assert!(!entries.windows(32).any(|window| window == bare));
            assert!(!entries.windows(written.len()).any(|window| window == written.as_bytes()));
        }
    }

    #[test]
    fn two_services_keep_different_things_of_a_token() {
        let digests = [1, 2].map(|root| digest(&SecretArray::from_slice(&[root; 32]).unwrap(), "0123456789abcdef"));
        assert_ne!(digests[0], digests[1]);
        assert_ne!(digests[0], hash(b"0123456789abcdef").0);
    }
}
