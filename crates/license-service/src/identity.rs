//! The service's own secrets: certificate authorities, signing keys, root of the content keys. Made once per store; authorities can be
//! rotated: a former one's devices are answered in its name until it is dropped.

use std::sync::Arc;

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use super::admin::admin_error;
use super::error::{Error, Input, Result};
use super::store::{Store, StoreError, Table};
use super::vault::Vault;
use base::secret::{SecretArray, SecretBytes};
use license::protocol::service_side::{
    Engine, PrivateKey, Role, Sign, check, from_json, generate_signing_key, hash, issue, key_id, random_secret, secret,
    signing_key, signing_key_bytes, to_secret_json,
};
use license::protocol::{Bytes, Hash, Id};
use license::template::{Refusal, Rule};

/// Name of the one entry.
pub(super) const ENTRY: &[u8] = b"service";
/// Name of the entry with the number of the store's form, in decimal.
const FORM: &[u8] = b"form";
/// The form of this version. Each change that a server of before would not understand raises it; what is to be done to a store of
/// before is done, number by number, in [`migrate`].
const PRESENT: u32 = 1;
/// Of the authority's and the service's certificates, milliseconds: thirty years.
const LIFETIME: i64 = 30 * 365 * 24 * 3600 * 1000;

/// Former authorities that may be held at a time.
const MAX_FORMER: usize = 7;

/// An authority, and the key that signs answers in its name.
pub(super) struct Issuer {
    /// Of the authority's key.
    pub id: Id,
    pub authority: PrivateKey,
    pub authority_certificate: Bytes,
    pub signer: Box<dyn Sign>,
    pub signer_certificate: Bytes,
    pub signer_id: Id,
}

pub(super) struct Identity {
    pub root: SecretArray<32>,
    engine: &'static dyn Engine,
    issuers: RwLock<Issuers>,
}

struct Issuers {
    /// The present one first, then former ones whose devices are still answered, the newest first.
    all: Vec<Arc<Issuer>>,
    /// The entry that they were read from.
    sealed: Vec<u8>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptIssuer {
    #[serde(with = "secret")]
    authority_key: SecretBytes,
    authority_certificate: Bytes,
    #[serde(with = "secret")]
    signer_key: SecretBytes,
    signer_certificate: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    #[serde(with = "secret")]
    authority_key: SecretBytes,
    authority_certificate: Bytes,
    #[serde(with = "secret")]
    signer_key: SecretBytes,
    signer_certificate: Bytes,
    #[serde(with = "secret")]
    root: SecretBytes,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former: Vec<KeptIssuer>,
}

fn malformed(reason: String) -> Error {
    Error::malformed("service identity", reason)
}

impl KeptIssuer {
    fn generate(now: i64) -> Result<Self> {
        let (authority, signer) = (generate_signing_key()?, generate_signing_key()?);
        let certificate = |role, key: &PrivateKey| issue(role, key.verifying_key(), &authority, now, LIFETIME);
        Ok(Self {
            authority_key: signing_key_bytes(&authority),
            authority_certificate: Bytes(certificate(Role::Authority, &authority)?),
            signer_key: signing_key_bytes(&signer),
            signer_certificate: Bytes(certificate(Role::Service, &signer)?),
        })
    }

    fn open(self, engine: &dyn Engine) -> Result<Issuer> {
        let key = |secret| signing_key(secret).ok_or_else(|| malformed("bad private key".into()));
        let (authority, signer) = (key(&self.authority_key)?, key(&self.signer_key)?);
        let checked = check(&self.signer_certificate.0, Role::Service, Some(authority.verifying_key()));
        Ok(Issuer {
            id: key_id(authority.verifying_key())?,
            signer_id: checked.map_err(malformed)?.id,
            authority_certificate: self.authority_certificate,
            signer_certificate: self.signer_certificate,
            authority,
            signer: engine.signer(signer)?,
        })
    }
}

impl Kept {
    fn new(issuer: KeptIssuer, root: SecretBytes, former: Vec<KeptIssuer>) -> Self {
        let KeptIssuer { authority_key, authority_certificate, signer_key, signer_certificate } = issuer;
        Self { version: 1, authority_key, authority_certificate, signer_key, signer_certificate, root, former }
    }

    fn read(vault: &Vault, sealed: &[u8]) -> Result<Self> {
        let text = vault.open(Table::Identity, ENTRY, sealed)?;
        let kept: Self = from_json(&text).map_err(malformed)?;
        if kept.version != 1 {
            return Err(malformed(format!("version {} is not known here", kept.version)));
        }
        Ok(kept)
    }

    fn seal(&self, vault: &Vault) -> Result<Vec<u8>> {
        vault.seal(Table::Identity, ENTRY, &to_secret_json(self))
    }

    /// The present issuer, the root secret, former issuers.
    fn split(self) -> (KeptIssuer, SecretBytes, Vec<KeptIssuer>) {
        let Self { authority_key, authority_certificate, signer_key, signer_certificate, root, former, .. } = self;
        (KeptIssuer { authority_key, authority_certificate, signer_key, signer_certificate }, root, former)
    }
}

/// What is to be said of a store whose form is that of a later version, if it is: this one would misread it.
///
/// # Errors
/// [`StoreError`] if the store does not answer.
pub fn later_form(store: &dyn Store) -> Result<Option<String>, StoreError> {
    let Some(known) = store.read(Table::Identity, FORM)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&known);
    if text.parse::<u32>().is_ok_and(|number| number <= PRESENT) {
        return Ok(None);
    }
    Ok(Some(format!(
        "the store has form {}, that of a later version; this one knows {PRESENT}: start the later version, or put back a backup \
         of before",
        base::text::shortened(&text)
    )))
}

/// Brings a store to the present form.
///
/// # Errors
/// [`StoreError`] for a store of a later version.
pub(super) fn migrate(store: &dyn Store) -> Result<()> {
    if let Some(reason) = later_form(store)? {
        return Err(StoreError(reason).into());
    }
    let (known, present) = (store.read(Table::Identity, FORM)?, PRESENT.to_string().into_bytes());
    if known.as_ref() == Some(&present) {
        return Ok(());
    }
    // Form 1 is that of stores without a number.
    let done = store.transact(&mut |transaction| match transaction.get(Table::Identity, FORM)? {
        Some(now) if now == present => Ok(()),
        now if now == known => Ok(transaction.put(Table::Identity, FORM, &present)?),
        // Another server has just changed it, which may be of a later version.
        _ => Err(Refusal::new(Rule::TryAgain, "", "another server changes the form of the store")),
    });
    done.map_err(|refusal| Error::Internal(refusal.message().to_owned().into()))
}

impl Identity {
    /// Reads the identity, or makes one where there is none. Of several servers at a new store one makes it.
    pub fn load(store: &dyn Store, vault: &Vault, now: i64, engine: &'static dyn Engine) -> Result<Self> {
        if let Some(sealed) = store.read(Table::Identity, ENTRY)? {
            return Self::open(vault, sealed, engine);
        }
        let root = SecretBytes::from(&random_secret::<32>()?[..]);
        let fresh = Kept::new(KeptIssuer::generate(now)?, root, Vec::new()).seal(vault)?;
        let made = store.transact(&mut |transaction| {
            transaction.put_new(Table::Identity, ENTRY, &fresh)?;
            Ok(())
        });
        made.map_err(|refusal| Error::Internal(refusal.message().to_owned().into()))?;
        let sealed = store.read(Table::Identity, ENTRY)?;
        Self::open(vault, sealed.ok_or_else(lost)?, engine)
    }

    fn open(vault: &Vault, sealed: Vec<u8>, engine: &'static dyn Engine) -> Result<Self> {
        let (issuer, root, former) = Kept::read(vault, &sealed)?.split();
        let root = SecretArray::from_slice(&root).ok_or_else(|| malformed("bad root secret".into()))?;
        let all = std::iter::once(issuer).chain(former).map(|kept| kept.open(engine).map(Arc::new));
        Ok(Self { root, engine, issuers: RwLock::new(Issuers { all: all.collect::<Result<_>>()?, sealed }) })
    }

    /// Whoever certifies devices now.
    pub fn present(&self) -> Arc<Issuer> {
        Arc::clone(&self.issuers.read().all[0])
    }

    /// The present issuer, then the former ones whose devices are still answered.
    pub fn issuers(&self) -> Vec<Arc<Issuer>> {
        self.issuers.read().all.clone()
    }

    /// The issuer whose authority has the certificate with this hash, if it is held; the present one for whoever names none.
    pub fn trusted_by(&self, certificate: Option<&Hash>) -> Option<Arc<Issuer>> {
        let issuers = self.issuers.read();
        let Some(named) = certificate else { return Some(Arc::clone(&issuers.all[0])) };
        issuers.all.iter().find(|issuer| hash(&issuer.authority_certificate.0) == *named).cloned()
    }

    /// Takes over what another server of the store has changed; whether there was something.
    pub fn refresh(&self, store: &dyn Store, vault: &Vault) -> Result<bool> {
        let sealed = store.read(Table::Identity, ENTRY)?.ok_or_else(lost)?;
        if self.issuers.read().sealed == sealed {
            return Ok(false);
        }
        let fresh = Self::open(vault, sealed, self.engine)?;
        *self.issuers.write() = fresh.issuers.into_inner();
        Ok(true)
    }

    /// Makes a new authority; the one of before becomes a former one.
    pub fn rotate(&self, store: &dyn Store, vault: &Vault, now: i64) -> Result<()> {
        let fresh = KeptIssuer::generate(now)?;
        self.change(store, vault, |issuer, mut former| {
            if former.len() >= MAX_FORMER {
                let reason = format!("{MAX_FORMER} former ones are held; drop those that no device needs any more");
                return Err(Error::invalid(Input::Authority, reason));
            }
            former.insert(0, issuer);
            Ok((fresh.clone(), former))
        })
    }

    /// Forgets a former authority: devices that it has certified are answered no more.
    pub fn drop_former(&self, store: &dyn Store, vault: &Vault, id: Id) -> Result<()> {
        self.change(store, vault, |issuer, mut former| {
            let is_it = |kept: &KeptIssuer| Ok::<_, Error>(kept.clone().open(self.engine)?.id == id);
            if is_it(&issuer)? {
                return Err(Error::invalid(Input::Authority, "it is the present one; rotate it first"));
            }
            let mut kept = Vec::new();
            let count = former.len();
            for one in former.drain(..) {
                if !is_it(&one)? {
                    kept.push(one);
                }
            }
            if kept.len() == count {
                return Err(Error::NotFound { what: "authority", name: id.hex() });
            }
            Ok((issuer, kept))
        })
    }

    fn change(
        &self,
        store: &dyn Store,
        vault: &Vault,
        how: impl Fn(KeptIssuer, Vec<KeptIssuer>) -> Result<(KeptIssuer, Vec<KeptIssuer>)>,
    ) -> Result<()> {
        let mut error = None;
        let done = store.transact(&mut |transaction| {
            let sealed = transaction.get(Table::Identity, ENTRY)?.ok_or_else(lost)?;
            let changed = Kept::read(vault, &sealed).and_then(|kept| {
                let (issuer, root, former) = kept.split();
                let (issuer, former) = how(issuer, former)?;
                Kept::new(issuer, root, former).seal(vault)
            });
            match changed {
                Ok(sealed) => Ok(transaction.put(Table::Identity, ENTRY, &sealed)?),
                Err(fault) => {
                    error = Some(fault);
                    Err(Refusal::new(Rule::TryAgain, "", ""))
                }
            }
        });
        done.map_err(|refusal| admin_error(error, &refusal))?;
        self.refresh(store, vault).map(|_| ())
    }
}

fn lost() -> StoreError {
    StoreError("the store has lost the service's identity".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalStore;

    #[test]
    fn a_store_of_a_later_version_is_left_alone() {
        let store = LocalStore::in_memory().unwrap();
        migrate(&store).unwrap();
        migrate(&store).unwrap();
        for number in ["2", "4294967296", "one"] {
            let put =
                store.transact(&mut |transaction| Ok(transaction.put(Table::Identity, FORM, number.as_bytes())?));
            put.unwrap();
            let reason = migrate(&store).unwrap_err().to_string();
            assert!(reason.contains("a later version") && reason.contains(number), "{reason}");
            assert_eq!(store.read(Table::Identity, FORM).unwrap().as_deref(), Some(number.as_bytes()));
        }
    }
}
