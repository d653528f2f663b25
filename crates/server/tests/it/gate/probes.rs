//! Where they walk: a request for every row of the table of routes, and some that have no row.

use http::Method;
use naru_oci::Digest;
use naru_server::{Kind, RouteRow, routes};
use naru_testkit::{Kit, Sending, host};

use super::cast::{Credential, Form, Who};

/// What kind of answer a route gives to credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// By an action, or by any credential where there is none.
    Resource,
    /// A request for an access token; with a scope or without.
    Token { scope: bool },
    /// An identity token is exchanged.
    Exchange,
    /// The directory's token endpoint.
    Identity,
    /// Everybody may read it, or nobody is told anything.
    Public,
}

/// A request, and what `gate.md` §2 says about its route.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) label: String,
    pub(super) method: Method,
    pub(super) kind: Kind,
    pub(super) target: String,
    pub(super) judged: Judged,
    /// The action that the route needs.
    pub(super) action: Option<&'static str>,
    /// The scope in its challenge.
    pub(super) scope: &'static str,
    /// Status and code for whoever may.
    pub(super) allowed: (u16, &'static str),
}

/// The scope of a challenge, by the action.
fn scope_of(action: Option<&str>) -> &'static str {
    match action {
        None => "",
        Some("pull") => "repository:team/app:pull",
        Some("push") => "repository:team/app:pull,push",
        Some("delete") => "repository:team/app:delete",
        Some("metadata_read") => "repository:team/app:metadata_read",
        Some("metadata_write") => "repository:team/app:metadata_write",
        Some("catalog") => "registry:catalog:*",
        Some(other) => panic!("no scope for {other}"),
    }
}

/// All of them. `blob` and `manifest` are in `team/app`.
pub(super) fn probes(tenant: &str, registry: &str, manifest: &Digest, blob: &Digest) -> Vec<Probe> {
    let paths = Paths { tenant, registry, manifest, blob };
    let mut all = Vec::new();
    for row in routes() {
        let probe = paths.of_row(row);
        if row.method == Method::GET {
            let label = format!("{} (HEAD)", row.name);
            let allowed = (probe.allowed.0, "");
            all.push(Probe { label, method: Method::HEAD, allowed, ..probe.clone() });
        }
        if let Judged::Token { .. } = probe.judged {
            let target = format!("/oauth2/token?service={}", host(registry));
            let (label, judged) =
                (format!("{} without scope", row.name), Judged::Token { scope: false });
            all.push(Probe { label, target, judged, ..probe.clone() });
        }
        all.push(probe);
    }
    let without_row = |label: &str, method, target: &str, kind, judged, allowed| Probe {
        label: label.to_owned(),
        method,
        kind,
        target: target.to_owned(),
        judged,
        action: None,
        scope: "",
        allowed,
    };
    let (get, unknown) = (Method::GET, (404, "NAME_UNKNOWN"));
    let resource = Judged::Resource;
    all.extend([
        without_row(
            "extension",
            get.clone(),
            "/v2/_oci/ext/discover",
            Kind::Unknown,
            resource,
            unknown,
        ),
        without_row(
            "deleted",
            get.clone(),
            "/acr/v1/_deleted/_catalog",
            Kind::Unknown,
            resource,
            unknown,
        ),
        without_row("outside", get, "/nowhere", Kind::Outside, Judged::Public, unknown),
        without_row(
            "other method",
            Method::PATCH,
            "/v2/team/app/tags/list",
            Kind::Tags,
            Judged::Public,
            (405, "UNSUPPORTED"),
        ),
    ]);
    all
}

struct Paths<'a> {
    tenant: &'a str,
    registry: &'a str,
    manifest: &'a Digest,
    blob: &'a Digest,
}

impl Paths<'_> {
    /// The request for a row. A row that is not here fails the walk: its author says first what
    /// it is to answer, to whom.
    fn of_row(&self, row: &RouteRow) -> Probe {
        let absent = Digest::sha256(b"nothing has this content");
        let upload = "/v2/team/app/blobs/uploads/AAAA".to_owned();
        let no_upload = (404, "BLOB_UPLOAD_UNKNOWN");
        let resource = Judged::Resource;
        let (judged, action, target, allowed) = match (&row.method, row.kind) {
            (method, kind) if Self::is_metadata(kind) => self.of_metadata(method, kind),
            (&Method::GET, Kind::Base) => (resource, None, "/v2/".to_owned(), (200, "")),
            (&Method::GET, Kind::Catalog) => {
                (resource, Some("catalog"), "/v2/_catalog".to_owned(), (200, ""))
            }
            (&Method::GET, Kind::Tags) => {
                (resource, Some("metadata_read"), "/v2/team/app/tags/list".to_owned(), (200, ""))
            }
            (&Method::GET, Kind::Manifest) => {
                (resource, Some("pull"), "/v2/team/app/manifests/v1".to_owned(), (200, ""))
            }
            (&Method::PUT, Kind::Manifest) => {
                let target = "/v2/team/app/manifests/v2".to_owned();
                (resource, Some("push"), target, (400, "MANIFEST_INVALID"))
            }
            (&Method::DELETE, Kind::Manifest) => {
                let target = format!("/v2/team/app/manifests/{absent}");
                (resource, Some("delete"), target, (404, "MANIFEST_UNKNOWN"))
            }
            (&Method::GET, Kind::Blob) => {
                (resource, Some("pull"), format!("/v2/team/app/blobs/{}", self.blob), (200, ""))
            }
            (&Method::DELETE, Kind::Blob) => {
                let target = format!("/v2/team/app/blobs/{absent}");
                (resource, Some("delete"), target, (404, "BLOB_UNKNOWN"))
            }
            (&Method::GET, Kind::Referrers) => {
                let target = format!("/v2/team/app/referrers/{}", self.manifest);
                (resource, Some("pull"), target, (200, ""))
            }
            (&Method::POST, Kind::Uploads) => {
                let target = format!("/v2/team/app/blobs/uploads/?digest={absent}");
                (resource, Some("push"), target, (400, "DIGEST_INVALID"))
            }
            (&Method::PUT, Kind::Upload) => {
                (resource, Some("push"), format!("{upload}?digest={absent}"), no_upload)
            }
            (&(Method::GET | Method::PATCH | Method::DELETE), Kind::Upload) => {
                (resource, Some("push"), upload, no_upload)
            }
            (&(Method::GET | Method::POST), Kind::Token) => {
                let service = host(self.registry);
                let target =
                    format!("/oauth2/token?service={service}&scope=repository:team/app:pull");
                (Judged::Token { scope: true }, None, target, (200, ""))
            }
            (&Method::POST, Kind::Exchange) => {
                (Judged::Exchange, None, "/oauth2/exchange".to_owned(), (200, ""))
            }
            (&Method::POST, Kind::IdentityToken) => {
                (Judged::Identity, None, format!("/{}/oauth2/v2.0/token", self.tenant), (200, ""))
            }
            (&Method::GET, Kind::IdentityConfiguration) => {
                let target = format!("/{}/v2.0/.well-known/openid-configuration", self.tenant);
                (Judged::Public, None, target, (200, ""))
            }
            (&Method::GET, Kind::IdentityKeys) => {
                let target = format!("/{}/discovery/v2.0/keys", self.tenant);
                (Judged::Public, None, target, (200, ""))
            }
            (method, kind) => panic!("the walk does not know what {method} {kind:?} is to answer"),
        };
        let (label, method, scope) = (row.name.to_owned(), row.method.clone(), scope_of(action));
        Probe { label, method, kind: row.kind, target, judged, action, scope, allowed }
    }
}

impl Paths<'_> {
    fn is_metadata(kind: Kind) -> bool {
        use Kind::{AcrCatalog, AcrManifest, AcrManifests, AcrRepository, AcrTag, AcrTags};
        [AcrCatalog, AcrManifest, AcrManifests, AcrRepository, AcrTag, AcrTags].contains(&kind)
    }

    /// The request for a row of Azure's metadata calls. A tag of the repository is locked against
    /// deletion, so that the repository outlives the walk.
    fn of_metadata(
        &self,
        method: &Method,
        kind: Kind,
    ) -> (Judged, Option<&'static str>, String, (u16, &'static str)) {
        let absent = Digest::sha256(b"nothing has this content");
        let (action, allowed) = match (method, kind) {
            (&Method::GET, Kind::AcrCatalog) => ("catalog", (200, "")),
            (&Method::GET, _) => ("metadata_read", (200, "")),
            (&Method::PATCH, _) => ("metadata_write", (400, "REQUEST_INVALID")),
            (&Method::DELETE, Kind::AcrRepository) => {
                ("delete", (405, "REGISTRY_DISALLOWED_OPERATION"))
            }
            (&Method::DELETE, Kind::AcrTag) => ("delete", (404, "TAG_UNKNOWN")),
            (&Method::DELETE, Kind::AcrManifest) => ("delete", (404, "MANIFEST_UNKNOWN")),
            (method, kind) => panic!("the walk does not know {method} {kind:?}"),
        };
        let deletes = *method == Method::DELETE;
        let path = match kind {
            Kind::AcrCatalog => "_catalog".to_owned(),
            Kind::AcrTags => "team/app/_tags".to_owned(),
            Kind::AcrTag if deletes => "team/app/_tags/absent".to_owned(),
            Kind::AcrTag => "team/app/_tags/v1".to_owned(),
            Kind::AcrManifests => "team/app/_manifests".to_owned(),
            Kind::AcrManifest if deletes => format!("team/app/_manifests/{absent}"),
            Kind::AcrManifest => format!("team/app/_manifests/{}", self.manifest),
            _ => "team/app".to_owned(),
        };
        (Judged::Resource, Some(action), format!("/acr/v1/{path}"), allowed)
    }
}

impl Probe {
    /// Whether az and the SDKs know a 401 for what is not allowed there.
    pub(super) fn is_metadata(&self) -> bool {
        self.kind == Kind::Catalog || Paths::is_metadata(self.kind)
    }

    /// The request with a credential, where the two go together.
    pub(super) fn request(&self, kit: &Kit, registry: &str, credential: &Credential) -> Sending {
        let secret = credential.secret(self);
        match self.judged {
            Judged::Exchange => self.exchange(kit, registry, secret),
            Judged::Identity => self.identity(kit, registry, credential, secret),
            Judged::Token { .. } if self.method == Method::POST => {
                let (path, query) = self.target.split_once('?').expect("a query");
                let request = kit.request(self.method.clone(), path).at(registry);
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                with(request.body(query.to_owned()), credential, secret)
            }
            _ => {
                let request = kit.request(self.method.clone(), &self.target).at(registry);
                with(request, credential, secret)
            }
        }
    }

    fn exchange(&self, kit: &Kit, registry: &str, secret: &str) -> Sending {
        let service = host(registry);
        let form =
            [("grant_type", "access_token"), ("service", &*service), ("access_token", secret)];
        kit.post(&self.target).at(registry).form(&form)
    }

    fn identity(
        &self,
        kit: &Kit,
        registry: &str,
        credential: &Credential,
        secret: &str,
    ) -> Sending {
        let scope = ("scope", "https://containerregistry.azure.net/.default");
        let request = kit.post(&self.target).at(registry);
        if credential.form == Form::GarbageBasic {
            let form = [("grant_type", "client_credentials"), scope];
            return with(request.form(&form), credential, secret);
        }
        let (grant, name, password) = match credential.who {
            Who::User => ("password", "username", "password"),
            _ => ("client_credentials", "client_id", "client_secret"),
        };
        request.form(&[("grant_type", grant), (name, &credential.name), (password, secret), scope])
    }
}

/// A request with a credential in its header.
fn with(request: Sending, credential: &Credential, secret: &str) -> Sending {
    match credential.form {
        Form::Nothing => request,
        Form::EmptyBasic => request.header("authorization", "Basic Og=="),
        Form::GarbageBasic => request.header("authorization", "Basic ???"),
        Form::Bearer(_) | Form::Identity | Form::GarbageBearer | Form::ForgedBearer => {
            request.bearer(secret)
        }
        Form::AccessAsPassword(_) | Form::Password | Form::Refresh => {
            request.basic(&credential.name, secret)
        }
    }
}
