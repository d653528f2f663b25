//! TLS: which certificate a new connection gets. An open one keeps what it began with.

mod dev;
mod files;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::{Config, TlsMode};
use crate::start::StartError;
use files::{Looked, Watched};
pub use files::{Pair, PairError};

/// What new connections are encrypted with.
pub(crate) struct Tls {
    current: RwLock<Arc<ServerConfig>>,
    /// The files that it came from.
    watched: Option<Mutex<Watched>>,
}

impl Tls {
    /// Reads or makes what the configuration asks for; none where it asks for no TLS.
    pub(crate) fn open(
        config: &Config,
        directory: &Path,
        now: Timestamp,
    ) -> Result<Option<Arc<Self>>, StartError> {
        let (current, watched) = match &config.tls {
            TlsMode::Off => return Ok(None),
            TlsMode::Dev => (dev::dev(config, directory, now)?, None),
            TlsMode::Files { certificate, key } => {
                let (watched, settings) = Watched::open(certificate, key)?;
                (settings, Some(Mutex::new(watched)))
            }
        };
        let tls = Self { current: RwLock::new(Arc::new(current)), watched };
        if let Some(mut watched) = tls.watched() {
            watched.warn(now);
        }
        Ok(Some(Arc::new(tls)))
    }

    /// What the next connection is accepted with.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }

    /// Whether there are files to look at.
    pub(crate) const fn has_files(&self) -> bool {
        self.watched.is_some()
    }

    /// Takes the files in where they changed, and have been left alone since the last look. Blocks.
    pub(crate) fn look(&self, now: Timestamp) {
        if let Some(mut watched) = self.watched() {
            let looked = watched.look();
            self.take(&looked);
            watched.warn(now);
        }
    }

    /// Takes the files in at once, as somebody asked. Blocks.
    pub(crate) fn reload(&self, now: Timestamp) {
        if let Some(mut watched) = self.watched() {
            let looked = watched.read();
            self.take(&looked);
            watched.warn(now);
        }
    }

    fn take(&self, looked: &Looked) {
        match looked {
            Looked::Same => {}
            Looked::New(settings) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Arc::clone(settings);
            }
            Looked::Unusable(error) => {
                tracing::warn!(
                    "the certificate in use stays, as the new one cannot be used: {error}"
                );
            }
        }
    }

    fn watched(&self) -> Option<MutexGuard<'_, Watched>> {
        Some(self.watched.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The settings for a certificate with its key, which must belong together.
fn settings(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut settings = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(settings)
}
