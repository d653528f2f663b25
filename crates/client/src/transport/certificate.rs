//! What a certificate says: whom it is for, who issued it, from when until when.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// From when.
    pub begins: Timestamp,
    /// Until when.
    pub ends: Timestamp,
    /// Whether it signed itself.
    pub self_issued: bool,
}

impl Certificate {
    /// Reads one. `None`: it is none.
    pub fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        let names = match certificate.subject_alternative_name() {
            Ok(Some(names)) => names.value.general_names.iter().filter_map(name).collect(),
            _ => Vec::new(),
        };
        Some(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names,
            begins: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
            ends: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
            self_issued: certificate.subject() == certificate.issuer(),
        })
    }

    /// Whether it holds at a time.
    pub fn holds_at(&self, time: Timestamp) -> bool {
        self.begins <= time && time <= self.ends
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            if let Ok(bytes) = <[u8; 4]>::try_from(*bytes) {
                return Some(std::net::Ipv4Addr::from(bytes).to_string());
            }
            let bytes = <[u8; 16]>::try_from(*bytes).ok()?;
            Some(std::net::Ipv6Addr::from(bytes).to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_says_for_whom_and_until_when_it_is() {
        let names =
            vec!["registry.example.com".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let mut params = rcgen::CertificateParams::new(names.clone()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "a registry");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 2, 1);
        let made = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let read = Certificate::read(made.der()).unwrap();
        assert_eq!(read.names, names);
        assert!(read.subject.contains("a registry") && read.self_issued, "{read:?}");
        assert_eq!(read.ends.to_string(), "2026-02-01T00:00:00Z");
        assert!(read.holds_at("2026-01-15T00:00:00Z".parse().unwrap()));
        assert!(!read.holds_at("2026-02-15T00:00:00Z".parse().unwrap()));
        assert_eq!(Certificate::read(&CertificateDer::from(vec![1, 2, 3])), None);
    }
}
