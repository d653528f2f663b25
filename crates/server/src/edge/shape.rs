//! Requests that two readers can take for different ones: a host that is missing, doubled or
//! contradicted, a target of another form, a coding that is not undone here. Each is refused before
//! anything is made of it, so that nothing in front of this server can be played off against it.
//! How a head is split into fields, and where its body ends, is hyper's part.

use ::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use ::http::uri::Authority;
use ::http::{HeaderMap, Method, StatusCode, Uri, Version};

/// Why a request is not taken as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShapeError {
    /// A transfer coding other than `chunked` alone (RFC 9112 §6.1).
    #[error("the only transfer coding that is understood is `chunked`, once")]
    Coding,
    /// `Host` and the target name different hosts (RFC 9113 §8.3.1).
    #[error("the Host header and the target name different hosts")]
    Contradiction,
    /// Not one `Host`, or not one host in it (RFC 9112 §3.2).
    #[error("a request has exactly one Host header, which names a host")]
    Host,
    /// Several lengths, of which a reader might take either.
    #[error("a request has one Content-Length")]
    Length,
    /// Not a path, or with a user's name before the host.
    #[error("the target is not of the form `/path`")]
    Target,
    /// A query that is no text.
    #[error("the query is not UTF-8")]
    Query,
}

impl ShapeError {
    /// The status of the answer.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Coding => StatusCode::NOT_IMPLEMENTED,
            Self::Contradiction | Self::Host | Self::Length | Self::Query | Self::Target => {
                StatusCode::BAD_REQUEST
            }
        }
    }
}

/// Judges the shape of a request.
pub(crate) fn judge(
    method: &Method,
    uri: &Uri,
    version: Version,
    headers: &HeaderMap,
) -> Result<(), ShapeError> {
    target(method, uri)?;
    host(uri, version, headers)?;
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return Err(ShapeError::Coding);
    }
    if headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        return Err(ShapeError::Length);
    }
    let query = percent_encoding::percent_decode_str(uri.query().unwrap_or_default());
    query.decode_utf8().map_err(|_| ShapeError::Query)?;
    Ok(())
}

/// A path, after a scheme and host or not; of the server as a whole, for `OPTIONS` alone.
fn target(method: &Method, uri: &Uri) -> Result<(), ShapeError> {
    let server = *method == Method::OPTIONS && uri.path() == "*";
    let path = uri.path().starts_with('/') && *method != Method::CONNECT;
    let relative = uri.scheme().is_none() && uri.authority().is_some();
    if relative || !(path || server) { Err(ShapeError::Target) } else { Ok(()) }
}

fn host(uri: &Uri, version: Version, headers: &HeaderMap) -> Result<(), ShapeError> {
    let mut hosts = headers.get_all(HOST).iter();
    let (named, another) = (hosts.next(), hosts.next());
    if another.is_some() {
        return Err(ShapeError::Host);
    }
    let named = match named {
        None => None,
        Some(named) => {
            Some(named.to_str().ok().filter(|text| is_host(text)).ok_or(ShapeError::Host)?)
        }
    };
    match (named, uri.authority()) {
        (_, Some(target)) if !is_host(target.as_str()) => Err(ShapeError::Host),
        (Some(named), Some(target)) if !named.eq_ignore_ascii_case(target.as_str()) => {
            Err(ShapeError::Contradiction)
        }
        (None, Some(_)) if version >= Version::HTTP_2 => Ok(()),
        (None, _) if version >= Version::HTTP_11 => Err(ShapeError::Host),
        _ => Ok(()),
    }
}

/// A host with or without a port, and nobody's name before it.
fn is_host(text: &str) -> bool {
    let port = |authority: &Authority| match text.strip_prefix(authority.host()) {
        Some("") => true,
        Some(port) => port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()),
        None => false,
    };
    let plain = !text.contains(['%', '@', ',']);
    plain && text.parse::<Authority>().is_ok_and(|authority| port(&authority))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::http::{HeaderName, HeaderValue};

    fn judged(version: Version, uri: &str, headers: &[(&str, &str)]) -> Result<(), ShapeError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        judge(&Method::GET, &uri.parse().unwrap(), version, &map)
    }

    #[test]
    fn what_clients_send_is_in_order() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "[::1]", "a.b."]
        {
            assert_eq!(judged(Version::HTTP_11, "/v2/", &[("host", host)]), Ok(()), "{host}");
            let absolute = format!("http://{host}/v2/");
            assert_eq!(judged(Version::HTTP_2, &absolute, &[]), Ok(()), "{host}");
            assert_eq!(judged(Version::HTTP_2, &absolute, &[("host", host)]), Ok(()), "{host}");
        }
        assert_eq!(judged(Version::HTTP_10, "/v2/", &[]), Ok(()));
        let chunked = [("host", "a"), ("transfer-encoding", "Chunked")];
        assert_eq!(judged(Version::HTTP_11, "/v2/?a=%C3%A4&b=+", &chunked), Ok(()));
    }

    #[test]
    fn hosts_that_readers_differ_about_are_refused() {
        for host in ["", "a b", "a/b", "a@b", "a:b", "a:", "a:99999", "a,b", "[::1", "a%41", "a?b"]
        {
            let refused = judged(Version::HTTP_11, "/v2/", &[("host", host)]);
            assert_eq!(refused, Err(ShapeError::Host), "{host}");
        }
        let twice = [("host", "a"), ("host", "a")];
        assert_eq!(judged(Version::HTTP_11, "/v2/", &twice), Err(ShapeError::Host));
        assert_eq!(judged(Version::HTTP_11, "/v2/", &[]), Err(ShapeError::Host));
        assert_eq!(judged(Version::HTTP_11, "http://a/v2/", &[]), Err(ShapeError::Host));
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let differ = judged(version, "http://a/v2/", &[("host", "b")]);
            assert_eq!(differ, Err(ShapeError::Contradiction));
        }
    }

    #[test]
    fn a_target_is_a_path() {
        let host = [("host", "a")];
        for target in ["a:80", "*", "a"] {
            assert_eq!(
                judged(Version::HTTP_11, target, &host),
                Err(ShapeError::Target),
                "{target}"
            );
        }
        assert_eq!(judged(Version::HTTP_11, "/?%ff", &host), Err(ShapeError::Query));
    }
}
