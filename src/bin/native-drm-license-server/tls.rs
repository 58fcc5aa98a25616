//! TLS 1.2 and 1.3 with rustls.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Reads certificate chain and key.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, String> {
    let unreadable = |path: &Path, fault: &dyn std::fmt::Display| format!("{}: {fault}", path.display());
    let chain = CertificateDer::pem_file_iter(certificate).map_err(|fault| unreadable(certificate, &fault))?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|fault| unreadable(certificate, &fault))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|fault| unreadable(key, &fault))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|fault| fault.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|fault| unreadable(certificate, &fault))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
