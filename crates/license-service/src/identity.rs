//! The service's own secrets: certificate authority, signing key, root of the content keys. Made once per store.

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::store::{Store, StoreError, Table};
use super::vault::Vault;
use base::secret::{SecretArray, SecretBytes};
use license::protocol::service_side::{
    PrivateKey, Role, check, from_json, generate_signing_key, issue, random_secret, secret, signing_key,
    signing_key_bytes, to_secret_json,
};
use license::protocol::{Bytes, Id};

/// Name of the one entry.
const ENTRY: &[u8] = b"service";
/// Of the authority's and the service's certificates, milliseconds: thirty years.
const LIFETIME: i64 = 30 * 365 * 24 * 3600 * 1000;

pub(super) struct Identity {
    pub authority: PrivateKey,
    pub authority_certificate: Bytes,
    pub signer: PrivateKey,
    pub signer_certificate: Bytes,
    pub signer_id: Id,
    pub root: SecretArray<32>,
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
}

impl Identity {
    /// Reads the identity, or makes one where there is none. Of several servers at a new store one makes it.
    pub fn load(store: &dyn Store, vault: &Vault, now: i64) -> Result<Self> {
        if let Some(sealed) = store.read(Table::Identity, ENTRY)? {
            return Self::open(vault, &sealed);
        }
        let fresh = vault.seal(Table::Identity, ENTRY, &Self::generate(now)?)?;
        let made = store.transact(&mut |transaction| {
            transaction.put_new(Table::Identity, ENTRY, &fresh)?;
            Ok(())
        });
        made.map_err(|refusal| Error::Internal(refusal.message().to_owned().into()))?;
        let sealed = store.read(Table::Identity, ENTRY)?;
        Self::open(vault, &sealed.ok_or_else(|| StoreError("the store has lost the service's identity".into()))?)
    }

    fn generate(now: i64) -> Result<SecretBytes> {
        let (authority, signer) = (generate_signing_key()?, generate_signing_key()?);
        let certificate = |role, key: &PrivateKey| issue(role, key.verifying_key(), &authority, now, LIFETIME);
        let kept = Kept {
            version: 1,
            authority_key: signing_key_bytes(&authority),
            authority_certificate: Bytes(certificate(Role::Authority, &authority)?),
            signer_key: signing_key_bytes(&signer),
            signer_certificate: Bytes(certificate(Role::Service, &signer)?),
            root: SecretBytes::from(&random_secret::<32>()?[..]),
        };
        Ok(to_secret_json(&kept))
    }

    fn open(vault: &Vault, sealed: &[u8]) -> Result<Self> {
        let malformed = |reason: String| Error::malformed("service identity", reason);
        let text = vault.open(Table::Identity, ENTRY, sealed)?;
        let kept: Kept = from_json(&text).map_err(malformed)?;
        if kept.version != 1 {
            return Err(malformed(format!("version {} is not known here", kept.version)));
        }
        let key = |secret| signing_key(secret).ok_or_else(|| malformed("bad private key".into()));
        let (authority, signer) = (key(&kept.authority_key)?, key(&kept.signer_key)?);
        let checked = check(&kept.signer_certificate.0, Role::Service, Some(authority.verifying_key()));
        let signer_id = checked.map_err(malformed)?.id;
        Ok(Self {
            root: SecretArray::from_slice(&kept.root).ok_or_else(|| malformed("bad root secret".into()))?,
            authority_certificate: kept.authority_certificate,
            signer_certificate: kept.signer_certificate,
            authority,
            signer,
            signer_id,
        })
    }
}
