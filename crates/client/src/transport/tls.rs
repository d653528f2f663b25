//! TLS with a verifier that keeps what it saw: the chain that the server sent, and what is wrong
//! with it, each question answered by itself.
//!
//! A connection that does not verify is never used, but for [`super::date`], which asks one that is right in all but its dates for the time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage, RootCertStore,
    SignatureScheme,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Endpoint;
use super::certificate::Certificate;
use super::roots::Roots;
use crate::ambient::Clock;

/// A stream that is encrypted and verified.
pub type TlsStream = tokio_rustls::client::TlsStream<TcpStream>;

/// Why there is no such stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// What the other side speaks is no TLS: plain HTTP, most often.
    #[error("the other side does not speak TLS")]
    NotTls,
    /// The certificate does not verify.
    #[error("the certificate is not accepted: {0}")]
    Certificate(String),
    /// There is no protocol or cipher that both speak, or the other side said no.
    #[error("no agreement on TLS: {0}")]
    Protocol(String),
    /// The connection ended in the middle.
    #[error("the connection broke in the handshake: {0}")]
    Broken(String),
    /// Nothing came back in time.
    #[error("no answer to the handshake in time")]
    Timeout,
    /// The host cannot stand in a certificate.
    #[error("`{0}` is no name that a certificate can have")]
    Name(String),
}

/// What a handshake showed.
pub struct Handshake {
    /// The certificates that came, the server's own first.
    pub chain: Vec<Certificate>,
    /// What is wrong with them; nothing where no certificate came.
    pub verdict: Option<Verdict>,
    /// The protocol's version, where there was an agreement.
    pub version: Option<String>,
    /// The stream, where all is well.
    pub stream: Result<TlsStream, TlsError>,
}

/// The judgement of a chain, question by question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it ends in an authority that is trusted, whatever the date is.
    pub trusted: bool,
    /// Whether it is for the host that was asked.
    pub named: bool,
    /// Whether all of it holds now.
    pub in_time: bool,
    /// What the library says, where any of it is not so.
    pub error: Option<String>,
}

/// Keeps what came, and judges it.
#[derive(Debug)]
struct Recorder {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
    /// Whether a certificate that is trusted and for this name will do at whatever time.
    forgives_dates: bool,
    seen: Mutex<Option<(Vec<Certificate>, Verdict)>>,
}

/// Tells rustls the time that we were told.
struct Time(Arc<dyn Clock>);

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Time")
    }
}

impl rustls::time_provider::TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix(self.0.now()))
    }
}

/// Shakes hands over a connection.
pub(super) async fn handshake(
    stream: TcpStream,
    endpoint: &Endpoint,
    roots: &Roots,
    clock: &Arc<dyn Clock>,
    patience: Duration,
) -> Handshake {
    shake(stream, endpoint, roots, clock, patience, false).await
}

/// A stream to whoever holds a trusted certificate for this name, whatever its dates are. Only a
/// question for the time may go over it.
pub(super) async fn forgiving_dates(
    stream: TcpStream,
    endpoint: &Endpoint,
    roots: &Roots,
    clock: &Arc<dyn Clock>,
    patience: Duration,
) -> Option<TlsStream> {
    shake(stream, endpoint, roots, clock, patience, true).await.stream.ok()
}

async fn shake(
    stream: TcpStream,
    endpoint: &Endpoint,
    roots: &Roots,
    clock: &Arc<dyn Clock>,
    patience: Duration,
    forgives_dates: bool,
) -> Handshake {
    let failed =
        |error| Handshake { chain: Vec::new(), verdict: None, version: None, stream: Err(error) };
    let Ok(name) = ServerName::try_from(endpoint.host.clone()) else {
        return failed(TlsError::Name(endpoint.host.clone()));
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let recorder = Arc::new(Recorder {
        roots: roots.store.clone(),
        provider: Arc::clone(&provider),
        forgives_dates,
        seen: Mutex::new(None),
    });
    let time = Arc::new(Time(Arc::clone(clock)));
    let builder =
        ClientConfig::builder_with_details(provider, time).with_safe_default_protocol_versions();
    let config = match builder {
        Ok(builder) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Recorder>::clone(&recorder))
            .with_no_client_auth(),
        Err(error) => return failed(TlsError::Protocol(error.to_string())),
    };
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = match timeout(patience, connecting).await {
        Err(_) => Err(TlsError::Timeout),
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(fault(&error)),
    };
    let version = stream.as_ref().ok().and_then(|stream| {
        let version = stream.get_ref().1.protocol_version()?;
        Some(version.as_str()?.replace('_', ".").replace("TLSv1", "TLS 1"))
    });
    let seen = recorder.seen.lock().ok().and_then(|mut seen| seen.take());
    let (chain, verdict) =
        seen.map_or((Vec::new(), None), |(chain, verdict)| (chain, Some(verdict)));
    Handshake { chain, verdict, version, stream }
}

fn fault(error: &std::io::Error) -> TlsError {
    let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return TlsError::Broken(error.to_string());
    };
    match inner {
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => TlsError::NotTls,
        Error::InvalidCertificate(error) => TlsError::Certificate(error.to_string()),
        other => TlsError::Protocol(other.to_string()),
    }
}

fn unix(time: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_second().try_into().unwrap_or(0)))
}

impl Recorder {
    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> (Vec<Certificate>, Verdict, Result<(), Error>) {
        let chain: Vec<Certificate> = std::iter::once(end_entity)
            .chain(intermediates)
            .filter_map(Certificate::read)
            .collect();
        let now_time = Timestamp::from_second(now.as_secs().try_into().unwrap_or(i64::MAX));
        let now_time = now_time.unwrap_or(Timestamp::MAX);
        let in_time = chain.iter().all(|certificate| certificate.holds_at(now_time));
        let verified = ParsedCertificate::try_from(end_entity).and_then(|parsed| {
            self.anchored(&parsed, intermediates, now).and(verify_server_name(&parsed, name))
        });
        let parsed = ParsedCertificate::try_from(end_entity);
        let named = parsed.as_ref().is_ok_and(|parsed| verify_server_name(parsed, name).is_ok());
        // Whether the chain is trusted is asked for a time at which all of it holds.
        let begins = chain.iter().map(|certificate| certificate.begins).max().unwrap_or(now_time);
        let then = if in_time { now } else { unix(begins) };
        let trusted =
            parsed.is_ok_and(|parsed| self.anchored(&parsed, intermediates, then).is_ok());
        let error = verified.as_ref().err().map(ToString::to_string);
        (chain, Verdict { trusted, named, in_time, error }, verified)
    }

    fn anchored(
        &self,
        parsed: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if self.roots.is_empty() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(
            parsed,
            &self.roots,
            intermediates,
            now,
            algorithms,
        )
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (chain, verdict, verified) = self.judge(end_entity, intermediates, name, now);
        let forgiven = self.forgives_dates && verdict.trusted && verdict.named;
        if let Ok(mut seen) = self.seen.lock() {
            *seen = Some((chain, verdict));
        }
        if forgiven { Ok(()) } else { verified }.map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
