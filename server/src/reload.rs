//! Reading files again while the server runs: on SIGHUP, and when an operator says so.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use license_service::{Catalog, Service};
use tokio_rustls::TlsAcceptor;

use crate::operators::Operators;
use crate::tls;

/// The certificate that new connections get.
#[derive(Clone, Default)]
pub struct Certificate(Arc<RwLock<Option<TlsAcceptor>>>);

impl Certificate {
    pub fn set(&self, acceptor: Option<TlsAcceptor>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
    }

    pub fn get(&self) -> Option<TlsAcceptor> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is read again.
pub struct Reload {
    pub catalogs: Vec<PathBuf>,
    /// Certificate chain and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    pub certificate: Certificate,
    pub operators: Arc<Operators>,
}

impl Reload {
    pub fn read_catalogs(&self) -> Result<Vec<Catalog>, String> {
        let read = self.catalogs.iter().map(|path| {
            let text = std::fs::read(path).map_err(|fault| format!("{}: {fault}", path.display()))?;
            Catalog::parse(&text).map_err(|fault| format!("{}: {fault}", path.display()))
        });
        read.collect()
    }

    pub fn read_certificate(&self) -> Result<Option<TlsAcceptor>, String> {
        self.tls.as_ref().map(|(certificate, key)| tls::acceptor(certificate, key)).transpose()
    }

    /// Reads everything, and takes it if all of it can be read. Catalogues add and change; what is in none of them any more stays.
    pub fn run(&self, service: &Service) -> Result<(), String> {
        let (catalogs, certificate) = (self.read_catalogs()?, self.read_certificate()?);
        let operators = self.operators.read_again()?;
        service.add_catalogs(&catalogs).map_err(|fault| fault.to_string())?;
        self.certificate.set(certificate);
        if let Some(operators) = operators {
            self.operators.take(operators);
        }
        Ok(())
    }
}
