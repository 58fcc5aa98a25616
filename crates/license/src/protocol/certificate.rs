//! X.509 certificates of the authority, the service and the devices (RFC 5280), all on P-256 with ES256.
//!
//! The authority signs both others. They are told apart by the extended key usage, so that a device can never pose as the
//! service with the certificate that it was given: clientAuth for devices, serverAuth for the service.

use std::str::FromStr;
use std::time::Duration;

use p256::ecdsa::{DerSignature, Signature};
use p256::pkcs8::{DecodePublicKey, EncodePublicKey};
use x509_cert::Certificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::der::asn1::{GeneralizedTime, ObjectIdentifier};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

use super::crypto::{PrivateKey, PublicKey, hash, random};
use super::engine::{Engine, Portable};
use super::error::{Error, Result};
use super::wire::Id;

/// id-kp-serverAuth.
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
/// id-kp-clientAuth.
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
/// ecdsa-with-SHA256.
const ES256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// Clocks differ: a certificate is valid from this long before its issue.
const SKEW_MILLIS: i64 = 24 * 3600 * 1000;

/// Whom a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Issues the other two kinds.
    Authority,
    /// Signs licenses.
    Service,
    /// Asks for licenses.
    Device,
}

impl Role {
    /// As certificates name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Service => "service",
            Self::Device => "device",
        }
    }
}

/// A parsed certificate whose signature has been checked.
#[derive(Clone)]
pub struct Verified {
    /// The key that it certifies.
    pub key: PublicKey,
    /// Of the key; a device is known by it.
    pub id: Id,
    /// Milliseconds since 1970.
    pub not_before: i64,
    /// Milliseconds since 1970.
    pub not_after: i64,
}

/// The id of a key: half the SHA-256 of its SubjectPublicKeyInfo.
pub fn key_id(key: &PublicKey) -> Result<Id> {
    let info = key.to_public_key_der().map_err(|fault| internal(&fault))?;
    let digest = hash(info.as_bytes());
    Id::from_slice(&digest.0[..16]).ok_or_else(|| Error::Internal("a hash is 32 bytes".to_owned()))
}

fn internal(fault: &impl std::fmt::Display) -> Error {
    Error::Internal(format!("X.509: {fault}"))
}

struct Profile {
    role: Role,
    issuer: Name,
    subject: Name,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        subject_key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &x509_cert::TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let issuer = SubjectKeyIdentifier::try_from(issuer_key)?.0;
        let authority = AuthorityKeyIdentifier { key_identifier: Some(issuer), ..AuthorityKeyIdentifier::default() };
        let name = tbs.subject();
        let mut all = vec![
            SubjectKeyIdentifier::try_from(subject_key)?.to_extension(name, &[])?,
            authority.to_extension(name, &[])?,
            BasicConstraints { ca: self.role == Role::Authority, path_len_constraint: None }.to_extension(name, &[])?,
        ];
        let usage = match self.role {
            Role::Authority => KeyUsages::KeyCertSign,
            Role::Service | Role::Device => KeyUsages::DigitalSignature,
        };
        all.push(KeyUsage(usage.into()).to_extension(name, &[])?);
        if let Some(purpose) = purpose(self.role) {
            all.push(ExtendedKeyUsage(vec![purpose]).to_extension(name, &[])?);
        }
        Ok(all)
    }
}

fn purpose(role: Role) -> Option<ObjectIdentifier> {
    match role {
        Role::Authority => None,
        Role::Service => Some(SERVER_AUTH),
        Role::Device => Some(CLIENT_AUTH),
    }
}

fn common_name(role: Role, id: Id) -> Result<Name> {
    Name::from_str(&format!("CN=native_drm {} {}", role.name(), id.hex())).map_err(|fault| internal(&fault))
}

fn time(unix_millis: i64) -> Result<Time> {
    let seconds = u64::try_from(unix_millis.div_euclid(1000)).unwrap_or(0);
    let time = GeneralizedTime::from_unix_duration(Duration::from_secs(seconds)).map_err(|fault| internal(&fault))?;
    Ok(Time::GeneralTime(time))
}

/// Makes a certificate in DER, valid from one day before `now` (milliseconds since 1970) for `lifetime_millis` after it.
pub fn issue(
    role: Role,
    subject: &PublicKey,
    authority: &PrivateKey,
    now: i64,
    lifetime_millis: i64,
) -> Result<Vec<u8>> {
    let profile = Profile {
        role,
        issuer: common_name(Role::Authority, key_id(authority.verifying_key())?)?,
        subject: common_name(role, key_id(subject)?)?,
    };
    let mut serial = random::<16>()?.0;
    // Positive and of full length.
    serial[0] = serial[0] & 0x3f | 0x40;
    let serial = SerialNumber::new(&serial).map_err(|fault| internal(&fault))?;
    let validity = Validity::new(time(now.saturating_sub(SKEW_MILLIS))?, time(now.saturating_add(lifetime_millis))?);
    let key = SubjectPublicKeyInfoOwned::from_key(subject).map_err(|fault| internal(&fault))?;
    let builder = CertificateBuilder::new(profile, serial, validity, key).map_err(|fault| internal(&fault))?;
    let certificate = builder.build::<_, DerSignature>(authority).map_err(|fault| internal(&fault))?;
    certificate.to_der().map_err(|fault| internal(&fault))
}

/// Checks a certificate: its form, that `authority` signed it (`None`: itself), and that it is for `role`. Whether it is
/// valid now is the caller's question.
pub fn check(der: &[u8], role: Role, authority: Option<&PublicKey>) -> Result<Verified, String> {
    check_with(&Portable, der, role, authority)
}

/// As [`check`], with an engine of one's own.
pub fn check_with(
    engine: &dyn Engine,
    der: &[u8],
    role: Role,
    authority: Option<&PublicKey>,
) -> Result<Verified, String> {
    let certificate = Certificate::from_der(der).map_err(|_| "not an X.509 certificate".to_owned())?;
    // Signed bytes are compared as they are re-encoded: the encoding is DER and has one form only.
    let tbs = certificate.tbs_certificate();
    let signed = tbs.to_der().map_err(|_| "not DER".to_owned())?;
    if certificate.to_der().ok().as_deref() != Some(der) {
        return Err("not DER".into());
    }
    if certificate.signature_algorithm().oid != ES256 || tbs.signature().oid != ES256 {
        return Err("not signed with ES256".into());
    }
    let key = tbs.subject_public_key_info().to_der().map_err(|_| "not DER".to_owned())?;
    let key = PublicKey::from_public_key_der(&key).map_err(|_| "its key is not one of P-256".to_owned())?;
    let signature = certificate.signature().as_bytes().and_then(|bytes| Signature::from_der(bytes).ok());
    let signature = signature.ok_or("its signature is malformed")?;
    // Other authorities may sign with the higher s; here it is no way to change a message, since DER is compared as a
    // whole.
    let signature = signature.normalize_s().to_bytes().into();
    if !engine.verify(authority.unwrap_or(&key), &signed, &signature) {
        return Err("its signature is wrong".into());
    }
    let constraints = tbs.get_extension::<BasicConstraints>().map_err(|_| "bad basic constraints".to_owned())?;
    if constraints.is_some_and(|(_, constraints)| constraints.ca) != (role == Role::Authority) {
        return Err("its basic constraints are not those of its role".into());
    }
    let usage = tbs.get_extension::<ExtendedKeyUsage>().map_err(|_| "bad extended key usage".to_owned())?;
    if usage.map(|(_, usage)| usage.0) != purpose(role).map(|purpose| vec![purpose]) {
        return Err("its extended key usage is not that of its role".into());
    }
    let millis = |time: Time| i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX);
    let validity = tbs.validity();
    let id = key_id(&key).map_err(|fault| fault.to_string())?;
    Ok(Verified { key, id, not_before: millis(validity.not_before), not_after: millis(validity.not_after) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::crypto::generate_signing_key;

    const NOW: i64 = 1_767_225_600_000;
    const DAY: i64 = 24 * 3600 * 1000;

    #[test]
    fn a_certificate_is_good_for_its_role_and_under_its_authority_only() {
        let (authority, other, device) =
            (generate_signing_key().unwrap(), generate_signing_key().unwrap(), generate_signing_key().unwrap());
        let (root, key) = (authority.verifying_key(), device.verifying_key());
        let roles = [Role::Authority, Role::Service, Role::Device];
        for role in roles {
            let subject = if role == Role::Authority { root } else { key };
            let der = issue(role, subject, &authority, NOW, 10 * DAY).unwrap();
            let checked = check(&der, role, Some(root)).unwrap();
            assert_eq!((checked.not_before, checked.not_after), (NOW - DAY, NOW + 10 * DAY));
            assert_eq!(checked.id, key_id(subject).unwrap());
            for wrong in roles.into_iter().filter(|wrong| *wrong != role) {
                assert!(check(&der, wrong, Some(root)).is_err(), "{role:?} as {wrong:?}");
            }
            assert_eq!(check(&der, role, Some(other.verifying_key())).err().unwrap(), "its signature is wrong");
            for bit in 0..der.len() * 8 {
                let mut changed = der.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(check(&changed, role, Some(root)).is_err(), "{role:?}: bit {bit}");
            }
        }
    }

    /// OpenSSL agrees with the form of the certificates and the chain.
    #[test]
    fn openssl_verifies_the_chain() {
        if std::process::Command::new("openssl").arg("version").output().is_err() {
            println!("skipped: there is no openssl program here");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let (authority, device) = (generate_signing_key().unwrap(), generate_signing_key().unwrap());
        let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
        let write = |name: &str, role, key: &PrivateKey| {
            let der = issue(role, key.verifying_key(), &authority, now, DAY).unwrap();
            let path = directory.path().join(name);
            let pem = base::base64::Variant::Standard.encode(&der);
            std::fs::write(&path, format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n")).unwrap();
            path
        };
        let root = write("root.pem", Role::Authority, &authority);
        for (role, purpose) in [(Role::Device, "sslclient"), (Role::Service, "sslserver")] {
            let leaf = write("leaf.pem", role, &device);
            let verify = |purpose: &str| {
                std::process::Command::new("openssl")
                    .args(["verify", "-x509_strict", "-purpose", purpose, "-CAfile"])
                    .args([&root, &leaf])
                    .output()
                    .unwrap()
            };
            let output = verify(purpose);
            assert!(output.status.success(), "{role:?}: {}", String::from_utf8_lossy(&output.stderr));
            let other = if purpose == "sslclient" { "sslserver" } else { "sslclient" };
            assert!(!verify(other).status.success(), "{role:?} as {other}");
        }
    }
}
