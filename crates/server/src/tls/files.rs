//! A certificate and its key in files: read whole or not at all, and read again when they change.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{InconsistentKeys, ServerConfig};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// How long before its end a certificate is warned of.
const NOTICE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How often, at most.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// A certificate with its chain, and its key.
#[derive(Debug)]
pub struct Pair {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    certificate_file: PathBuf,
    key_file: PathBuf,
    /// From when on it is valid.
    pub begins: Timestamp,
    /// Until when it is valid.
    pub expires: Timestamp,
}

/// Why a certificate and a key cannot be used: for whoever wrote the files.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file ends within what it has, or has something else.
    #[error("{} is no whole PEM file", file.display())]
    Pem {
        /// The file.
        file: PathBuf,
    },
    /// There is no certificate in the file.
    #[error("{} has no certificate: a line `-----BEGIN CERTIFICATE-----` is expected", file.display())]
    NoCertificate {
        /// The file.
        file: PathBuf,
    },
    /// There is no key in the file.
    #[error("{} has no private key: a line `-----BEGIN PRIVATE KEY-----` is expected", file.display())]
    NoKey {
        /// The file.
        file: PathBuf,
    },
    /// The certificate cannot be read.
    #[error("the certificate in {} cannot be used: {reason}", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The two do not belong together.
    #[error(
        "the key in {} does not belong to the first certificate in {}, which must be the server's own",
        key.display(), certificate.display()
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
}

impl Pair {
    /// Reads a pair, and checks that it is one.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, PairError> {
        let file = |path: &Path| path.to_owned();
        let chain_bytes = read(certificate)?;
        let chain = CertificateDer::pem_slice_iter(&chain_bytes).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| PairError::Pem { file: file(certificate) })?;
        let own =
            chain.first().ok_or_else(|| PairError::NoCertificate { file: file(certificate) })?;
        let unusable = |reason: String| PairError::Certificate { file: file(certificate), reason };
        let (_, parsed) =
            X509Certificate::from_der(own).map_err(|error| unusable(error.to_string()))?;
        let time = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_second(time.timestamp()).map_err(|error| unusable(error.to_string()))
        };
        let (begins, expires) =
            (time(parsed.validity().not_before)?, time(parsed.validity().not_after)?);
        let key_der = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| match error {
            pem::Error::NoItemsFound => PairError::NoKey { file: file(key) },
            _ => PairError::Pem { file: file(key) },
        })?;
        let pair = Self {
            chain,
            key: key_der,
            certificate_file: file(certificate),
            key_file: file(key),
            begins,
            expires,
        };
        pair.settings()?;
        Ok(pair)
    }

    /// What connections are encrypted with by it.
    pub(super) fn settings(&self) -> Result<ServerConfig, PairError> {
        super::settings(self.chain.clone(), self.key.clone_key()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => PairError::Mismatch {
                certificate: self.certificate_file.clone(),
                key: self.key_file.clone(),
            },
            error => PairError::Certificate {
                file: self.certificate_file.clone(),
                reason: error.to_string(),
            },
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PairError> {
    fs::read(path).map_err(|error| PairError::Read { file: path.to_owned(), error })
}

/// What a look at the files came to.
pub(super) enum Looked {
    /// Nothing to do.
    Same,
    /// Another pair.
    New(Arc<ServerConfig>),
    /// Something that is no pair.
    Unusable(PairError),
}

/// The files of a pair that is in use.
pub(super) struct Watched {
    certificate: PathBuf,
    key: PathBuf,
    /// What they looked like when they were read last.
    read: Stamps,
    /// What they looked like at the last look.
    seen: Stamps,
    expires: Timestamp,
    /// When its end was spoken of last.
    warned: Option<Timestamp>,
}

/// By what a file is known to be another: time, size and number. A link is followed.
type Stamps = [Option<(i64, i64, u64, u64)>; 2];

impl Watched {
    /// Reads the pair for the first time.
    pub(super) fn open(certificate: &Path, key: &Path) -> Result<(Self, ServerConfig), PairError> {
        // Looked at before they are read: what comes in between is seen by the next look.
        let stamps = [certificate, key].map(stamp);
        let pair = Pair::read(certificate, key)?;
        let settings = pair.settings()?;
        let watched = Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            read: stamps,
            seen: stamps,
            expires: pair.expires,
            warned: None,
        };
        Ok((watched, settings))
    }

    /// Reads the files where they changed. Whoever writes two files writes one after the other; so
    /// they are left alone until they look the same twice.
    pub(super) fn look(&mut self) -> Looked {
        let stamps = [&*self.certificate, &*self.key].map(stamp);
        let settled = stamps == self.seen;
        self.seen = stamps;
        if stamps == self.read || !settled { Looked::Same } else { self.read() }
    }

    /// Reads the files.
    pub(super) fn read(&mut self) -> Looked {
        self.read = [&*self.certificate, &*self.key].map(stamp);
        self.seen = self.read;
        let read = Pair::read(&self.certificate, &self.key);
        match read.and_then(|pair| Ok((pair.expires, pair.settings()?))) {
            Ok((expires, settings)) => {
                (self.expires, self.warned) = (expires, None);
                tracing::info!(certificate = %self.certificate.display(), %expires, "new connections get the certificate as it is now");
                Looked::New(Arc::new(settings))
            }
            Err(error) => Looked::Unusable(error),
        }
    }

    /// Warns of the certificate's end, where it is near, once a day.
    pub(super) fn warn(&mut self, now: Timestamp) {
        let lately = self.warned.is_some_and(|warned| now.duration_since(warned) < AGAIN);
        let ending = Ending::of(self.expires.duration_since(now));
        if lately || ending == Ending::Far {
            return;
        }
        self.warned = Some(now);
        let (certificate, expires) = (self.certificate.display(), self.expires);
        match ending {
            Ending::Far => {}
            Ending::Near { days } => {
                tracing::warn!(%certificate, %expires, "the certificate expires in {days} days: renew it");
            }
            Ending::Past => {
                tracing::error!(%certificate, %expires, "the certificate has expired, and clients refuse it: renew it");
            }
        }
    }
}

/// How near a certificate's end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Far,
    Near { days: i64 },
    Past,
}

impl Ending {
    fn of(left: SignedDuration) -> Self {
        match left {
            left if left >= NOTICE => Self::Far,
            left if left.is_positive() => Self::Near { days: left.as_hours() / 24 },
            _ => Self::Past,
        }
    }
}

fn stamp(path: &Path) -> Option<(i64, i64, u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.mtime(), metadata.mtime_nsec(), metadata.size(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_spoken_of_two_weeks_before() {
        let ending = |hours| Ending::of(SignedDuration::from_hours(hours));
        assert_eq!(ending(14 * 24), Ending::Far);
        assert_eq!(ending(14 * 24 - 1), Ending::Near { days: 13 });
        assert_eq!(ending(5), Ending::Near { days: 0 });
        assert_eq!(ending(0), Ending::Past);
        assert_eq!(ending(-100), Ending::Past);
    }
}
