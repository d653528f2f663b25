//! `--tls dev`: a certificate authority of this server's own, for development.
//!
//! The authority is made once, under the data directory; a server certificate is made at each
//! start, for the names of the moment.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::config::Config;
use crate::start::StartError;

const DAY: i64 = 24 * 3600;
const AUTHORITY_DAYS: i64 = 3650;
const CERTIFICATE_DAYS: i64 = 90;

/// What cannot be done with certificates.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Make(#[from] rcgen::Error),
    #[error(transparent)]
    Use(#[from] rustls::Error),
}

/// The TLS settings of a server for development.
pub(crate) fn dev(
    config: &Config,
    directory: &Path,
    now: Timestamp,
) -> Result<ServerConfig, StartError> {
    settings(config, directory, now).map_err(|fault| StartError::Tls {
        directory: directory.to_owned(),
        reason: fault.to_string(),
    })
}

fn settings(config: &Config, directory: &Path, now: Timestamp) -> Result<ServerConfig, Fault> {
    fs::create_dir_all(directory)?;
    let authority = authority(directory, now)?;
    let key = KeyPair::generate()?;
    let mut certificate = CertificateParams::new(names(config))?;
    certificate.subject_alt_names.extend([
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ]);
    certificate.distinguished_name.push(DnType::CommonName, "naru");
    certificate.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    valid(&mut certificate, now, CERTIFICATE_DAYS);
    let certificate = certificate.signed_by(&key, &authority)?;
    let chain: Vec<CertificateDer<'static>> =
        vec![certificate.der().clone(), authority.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok(super::settings(chain, key)?)
}

/// The names that the server is reached by.
fn names(config: &Config) -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    if let Some(domain) = &config.domain {
        names.extend([domain.to_string(), format!("*.{domain}")]);
    }
    names.extend(config.aliases.iter().map(ToString::to_string));
    names.extend(config.public_url.iter().map(|url| url.host.to_string()));
    names.sort();
    names.dedup();
    names
}

/// The authority: read, or made at a first start. Its key is kept beside it, its owner's alone.
fn authority(directory: &Path, now: Timestamp) -> Result<CertifiedIssuer<'static, KeyPair>, Fault> {
    let (certificate, key) = (directory.join("ca.pem"), directory.join("ca.key"));
    let pair = match fs::read_to_string(&key) {
        Ok(text) => KeyPair::from_pem(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let pair = KeyPair::generate()?;
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&key)?;
            file.write_all(pair.serialize_pem().as_bytes())?;
            pair
        }
        Err(error) => return Err(error.into()),
    };
    let made = created(&certificate, now)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "naru development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, made, AUTHORITY_DAYS);
    let authority = CertifiedIssuer::self_signed(params, pair)?;
    if !certificate.exists() {
        fs::write(&certificate, authority.pem())?;
    }
    Ok(authority)
}

/// When the authority was made, which its certificate's dates go by.
fn created(certificate: &Path, now: Timestamp) -> io::Result<Timestamp> {
    match fs::metadata(certificate) {
        Ok(metadata) => Ok(Timestamp::try_from(metadata.modified()?).unwrap_or(now)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(now),
        Err(error) => Err(error),
    }
}

fn valid(params: &mut CertificateParams, from: Timestamp, days: i64) {
    let date = |timestamp: Timestamp| {
        let date = jiff::tz::Offset::UTC.to_datetime(timestamp).date();
        let number = |value: i8| u8::try_from(value).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()), number(date.month()), number(date.day()))
    };
    let shifted = |days: i64| {
        from.saturating_add(jiff::SignedDuration::from_secs(days * DAY)).unwrap_or(from)
    };
    // From the day before: clocks differ.
    params.not_before = date(shifted(-1));
    params.not_after = date(shifted(days));
}
