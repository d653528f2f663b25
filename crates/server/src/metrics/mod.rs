//! Figures for whoever watches the server, after the conventions of OpenMetrics.
//!
//! Every label has a bounded set of values, none of which a client chooses: no repository, no
//! identity, no address. What is counted is counted where it happens; what is a state (pool,
//! queue, uploads, storage) is read when somebody asks. [`listener`] answers them;
//! `docs/metrics.md` lists all, and a test keeps it true.

mod listener;

use std::sync::{Mutex, PoisonError};

use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use naru_access::Maintenance;
use naru_codes::Cause;
use naru_store::{Collection, Store};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub(crate) use listener::serve;

use crate::gate::Kind;

/// A label: its name, and one of the values that it can have.
type Label = (&'static str, &'static str);

/// A counter for each set of labels.
type Counters<const N: usize> = Family<[Label; N], Counter>;

/// A histogram for each set of labels.
type Histograms<const N: usize> = Family<[Label; N], Histogram, fn() -> Histogram>;

/// How long the sums over all that is stored are kept before they are read again.
const SUMS_HOLD: SignedDuration = SignedDuration::from_secs(60);

/// Kinds of token that the server makes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Issued {
    /// For a registry, by scope.
    Access,
    /// Of the directory.
    Identity,
    /// For an identity, at a registry.
    Refresh,
}

/// All figures.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Counters<3>,
    durations: Histograms<1>,
    logins: Counters<2>,
    denials: Counters<1>,
    tokens: Counters<1>,
    collections: Counters<1>,
    collected_blobs: Counter,
    collected: Counter,
    last_collection: Gauge,
    /// Bytes that came over connections.
    pub(crate) received: Counter,
    /// Bytes that went over connections.
    pub(crate) sent: Counter,
    uploads: Gauge,
    readers: Gauge,
    readers_busy: Gauge,
    writes_waiting: Gauge,
    blobs: Gauge,
    storage: Gauge,
    sums_of: Mutex<Option<Timestamp>>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("naru");
        macro_rules! registered {
            ($name:literal, $help:literal $(, $unit:ident)? => $metric:expr) => {{
                let metric = $metric;
                let unit: Option<Unit> = None $(.or(Some(Unit::$unit)))?;
                match unit {
                    None => registry.register($name, $help, metric.clone()),
                    Some(unit) => registry.register_with_unit($name, $help, unit, metric.clone()),
                }
                metric
            }};
        }
        Self {
            requests: registered!("http_requests", "Requests that were answered" => Family::default()),
            durations: registered!("http_request_duration", "Time until the head of the answer", Seconds
                => Family::new_with_constructor(seconds as fn() -> Histogram)),
            received: registered!("received", "Bytes that came over connections, heads included", Bytes => Counter::default()),
            sent: registered!("sent", "Bytes that went over connections, heads included", Bytes => Counter::default()),
            logins: registered!("logins", "Credentials that were checked" => Family::default()),
            denials: registered!("denials", "Requests that were denied" => Family::default()),
            tokens: registered!("tokens_issued", "Tokens that were made" => Family::default()),
            uploads: registered!("uploads_in_progress", "Uploads that are neither finished nor given up" => Gauge::default()),
            blobs: registered!("storage_blobs", "Blobs that are stored" => Gauge::default()),
            storage: registered!("storage_size", "What the blobs take", Bytes => Gauge::default()),
            collections: registered!("collections", "Collections of what nobody needs, by how they ended" => Family::default()),
            collected_blobs: registered!("collected_blobs", "Blobs that were collected" => Counter::default()),
            collected: registered!("collected", "Bytes that collection freed", Bytes => Counter::default()),
            last_collection: registered!("last_collection_timestamp", "When a collection last came to its end", Seconds => Gauge::default()),
            readers: registered!("database_readers", "Connections that read the database" => Gauge::default()),
            readers_busy: registered!("database_readers_busy", "Those that read just now" => Gauge::default()),
            writes_waiting: registered!("database_writes_waiting", "Writes in the queue of the writer" => Gauge::default()),
            registry,
            sums_of: Mutex::default(),
        }
    }

    /// A request was answered.
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: Kind,
        status: StatusCode,
        took: SignedDuration,
    ) {
        let labels = [("method", word(method)), ("route", name(route)), ("status", code(status))];
        self.requests.get_or_create(&labels).inc();
        let seconds = took.as_secs_f64().max(0.0);
        self.durations.get_or_create(&[("route", name(route))]).observe(seconds);
    }

    /// A credential was checked.
    pub(crate) fn login(&self, credential: &'static str, allowed: bool) {
        let result = if allowed { "allowed" } else { "denied" };
        self.logins.get_or_create(&[("credential", credential), ("result", result)]).inc();
    }

    /// A request was denied.
    pub(crate) fn denied(&self, cause: Cause) {
        self.denials.get_or_create(&[("cause", cause.code())]).inc();
    }

    /// A token was made.
    pub(crate) fn issued(&self, token: Issued) {
        let kind = match token {
            Issued::Access => "access",
            Issued::Identity => "identity",
            Issued::Refresh => "refresh",
        };
        self.tokens.get_or_create(&[("kind", kind)]).inc();
    }

    /// A collection ended; with its sums, where it did not fail.
    pub(crate) fn collected(&self, sum: Option<&Collection>, now: Timestamp) {
        let result = match sum {
            None => "failed",
            Some(sum) if sum.interrupted => "interrupted",
            Some(_) => "done",
        };
        self.collections.get_or_create(&[("result", result)]).inc();
        let Some(sum) = sum else { return };
        self.collected_blobs.inc_by(sum.blobs);
        self.collected.inc_by(sum.bytes);
        self.last_collection.set(now.as_second());
    }

    /// All figures, in the text form of OpenMetrics.
    pub(crate) async fn text(
        &self,
        store: &Store,
        maintenance: &Maintenance,
        now: Timestamp,
    ) -> Result<String, std::fmt::Error> {
        let load = store.metadata().load();
        self.uploads.set(whole(store.uploads_in_progress()));
        self.readers.set(whole(load.readers));
        self.readers_busy.set(whole(load.readers_busy));
        self.writes_waiting.set(whole(load.writes_waiting));
        if self.sums_are_due(now) {
            match store.metadata().extent(maintenance).await {
                Ok(sums) => {
                    self.blobs.set(i64::try_from(sums.blobs).unwrap_or(i64::MAX));
                    self.storage.set(i64::try_from(sums.bytes).unwrap_or(i64::MAX));
                }
                Err(error) => tracing::warn!(%error, "what is stored could not be added up"),
            }
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn sums_are_due(&self, now: Timestamp) -> bool {
        let mut of = self.sums_of.lock().unwrap_or_else(PoisonError::into_inner);
        let due = of.is_none_or(|of| now.duration_since(of).abs() >= SUMS_HOLD);
        if due {
            *of = Some(now);
        }
        due
    }
}

/// From a millisecond to a minute.
fn seconds() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
    ])
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A client can send any word as its method; only those that some route has are told apart.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PATCH => "PATCH",
        Method::POST => "POST",
        Method::PUT => "PUT",
        _ => "other",
    }
}

/// The statuses that tell something by themselves, and the classes of the others.
fn code(status: StatusCode) -> &'static str {
    const TOLD: [(u16, &str); 14] = [
        (200, "200"),
        (201, "201"),
        (202, "202"),
        (206, "206"),
        (304, "304"),
        (400, "400"),
        (401, "401"),
        (403, "403"),
        (404, "404"),
        (405, "405"),
        (416, "416"),
        (429, "429"),
        (500, "500"),
        (503, "503"),
    ];
    let code = status.as_u16();
    let class = || match code / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    TOLD.iter().find(|(told, _)| *told == code).map_or_else(class, |(_, word)| word)
}

fn name(route: Kind) -> &'static str {
    match route {
        Kind::AcrCatalog => "acr-catalog",
        Kind::AcrManifest => "acr-manifest",
        Kind::AcrManifests => "acr-manifests",
        Kind::AcrRepository => "acr-repository",
        Kind::AcrTag => "acr-tag",
        Kind::AcrTags => "acr-tags",
        Kind::Base => "base",
        Kind::Blob => "blob",
        Kind::Catalog => "catalog",
        Kind::Exchange => "exchange",
        Kind::IdentityConfiguration => "identity-configuration",
        Kind::IdentityKeys => "identity-keys",
        Kind::IdentityToken => "identity-token",
        Kind::Manifest => "manifest",
        Kind::Outside => "outside",
        Kind::Referrers => "referrers",
        Kind::Tags => "tags",
        Kind::Token => "token",
        Kind::Unknown => "unknown",
        Kind::Upload => "upload",
        Kind::Uploads => "uploads",
    }
}
