//! The table of routes: what a path names, which action each method needs, and who answers.
//!
//! A handler that takes an `Access<A>` can only be reached through a row that names `A`, and a
//! path that no row has is not served.

use std::pin::Pin;

use ::http::Method;
use naru_access::{
    Action, Catalog, DataAction as _, Delete, ListTags, Pull, Push, ReadMetadata, WriteMetadata,
};
use naru_oci::{Digest, Reference, RepositoryName, Tag};

use super::{Exchange, Refusal, Refused};
use crate::edge::Answer;
use crate::http;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    AcrCatalog,
    AcrManifest(RepositoryName, Digest),
    AcrManifests(RepositoryName),
    AcrRepository(RepositoryName),
    AcrTag(RepositoryName, Tag),
    AcrTags(RepositoryName),
    Base,
    Blob(RepositoryName, Digest),
    Catalog,
    Exchange,
    IdentityConfiguration(String),
    IdentityKeys(String),
    IdentityToken(String),
    Manifest(RepositoryName, Reference),
    /// Outside all that is served.
    Outside,
    Referrers(RepositoryName, Digest),
    Tags(RepositoryName),
    Token,
    /// Below `/v2/` or `/acr/v1/`, and nothing that is there.
    Unknown,
    Upload(RepositoryName, String),
    Uploads(RepositoryName),
}

/// What kind of thing a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `/acr/v1/_catalog`
    AcrCatalog,
    /// `/acr/v1/R/_manifests/D`
    AcrManifest,
    /// `/acr/v1/R/_manifests`
    AcrManifests,
    /// `/acr/v1/R`
    AcrRepository,
    /// `/acr/v1/R/_tags/T`
    AcrTag,
    /// `/acr/v1/R/_tags`
    AcrTags,
    /// `/v2/`
    Base,
    /// `/v2/R/blobs/D`
    Blob,
    /// `/v2/_catalog`
    Catalog,
    /// `/oauth2/exchange`
    Exchange,
    /// `/T/v2.0/.well-known/openid-configuration`
    IdentityConfiguration,
    /// `/T/discovery/v2.0/keys`
    IdentityKeys,
    /// `/T/oauth2/v2.0/token`
    IdentityToken,
    /// `/v2/R/manifests/X`
    Manifest,
    /// Everything else outside `/v2/` and `/acr/v1/`.
    Outside,
    /// `/v2/R/referrers/D`
    Referrers,
    /// `/v2/R/tags/list`
    Tags,
    /// `/oauth2/token`
    Token,
    /// Everything else below `/v2/` and `/acr/v1/`.
    Unknown,
    /// `/v2/R/blobs/uploads/ID`
    Upload,
    /// `/v2/R/blobs/uploads/`
    Uploads,
}

impl Target {
    /// Reads a path that was decoded once.
    pub(crate) fn read(path: &str) -> Result<Self, Refused> {
        if let Some(rest) = path.strip_prefix("/v2/") {
            return Self::in_registry(rest);
        }
        if let Some(rest) = path.strip_prefix("/acr/v1/") {
            return Self::in_metadata(rest);
        }
        Ok(match path {
            "/v2" => Self::Base,
            "/oauth2/token" => Self::Token,
            "/oauth2/exchange" => Self::Exchange,
            _ => Self::in_directory(path),
        })
    }

    fn in_registry(rest: &str) -> Result<Self, Refused> {
        if rest.is_empty() {
            return Ok(Self::Base);
        }
        if rest == "_catalog" {
            return Ok(Self::Catalog);
        }
        let Some((front, last)) = rest.rsplit_once('/') else { return Ok(Self::Unknown) };
        let (name, word) = front.rsplit_once('/').unwrap_or(("", front));
        let above = name.rsplit_once('/');
        Ok(match (above, word, last) {
            (_, "tags", "list") => Self::Tags(name.parse()?),
            (_, "manifests", reference) => Self::Manifest(name.parse()?, reference.parse()?),
            (_, "referrers", digest) => Self::Referrers(name.parse()?, digest.parse()?),
            (Some((name, "blobs")), "uploads", "") => Self::Uploads(name.parse()?),
            (Some((name, "blobs")), "uploads", id) => Self::Upload(name.parse()?, id.to_owned()),
            (_, "blobs", "uploads") => Self::Uploads(name.parse()?),
            (_, "blobs", digest) => Self::Blob(name.parse()?, digest.parse()?),
            _ => Self::Unknown,
        })
    }

    fn in_metadata(rest: &str) -> Result<Self, Refused> {
        if rest == "_catalog" {
            return Ok(Self::AcrCatalog);
        }
        // No repository's name begins like this: `_deleted/…` is another's, and not there.
        if rest.is_empty() || rest.starts_with('_') {
            return Ok(Self::Unknown);
        }
        let Some((front, last)) = rest.rsplit_once('/') else {
            return Ok(Self::AcrRepository(rest.parse()?));
        };
        Ok(match (front.rsplit_once('/'), last) {
            (_, "_tags") => Self::AcrTags(front.parse()?),
            (_, "_manifests") => Self::AcrManifests(front.parse()?),
            (Some((name, "_tags")), tag) => Self::AcrTag(name.parse()?, tag.parse()?),
            (Some((name, "_manifests")), digest) => {
                Self::AcrManifest(name.parse()?, digest.parse()?)
            }
            _ => Self::AcrRepository(rest.parse()?),
        })
    }

    fn in_directory(path: &str) -> Self {
        let mut segments = path.trim_start_matches('/').splitn(2, '/');
        let (tenant, rest) =
            (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
        let tenant = tenant.to_owned();
        match rest {
            "oauth2/v2.0/token" => Self::IdentityToken(tenant),
            "discovery/v2.0/keys" => Self::IdentityKeys(tenant),
            "v2.0/.well-known/openid-configuration" | ".well-known/openid-configuration" => {
                Self::IdentityConfiguration(tenant)
            }
            _ => Self::Outside,
        }
    }

    /// The repository that it is in.
    pub(crate) fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::AcrManifest(repository, _)
            | Self::AcrManifests(repository)
            | Self::AcrRepository(repository)
            | Self::AcrTag(repository, _)
            | Self::AcrTags(repository)
            | Self::Blob(repository, _)
            | Self::Manifest(repository, _)
            | Self::Referrers(repository, _)
            | Self::Tags(repository)
            | Self::Upload(repository, _)
            | Self::Uploads(repository) => Some(repository),
            Self::AcrCatalog
            | Self::Base
            | Self::Catalog
            | Self::Exchange
            | Self::IdentityConfiguration(_)
            | Self::IdentityKeys(_)
            | Self::IdentityToken(_)
            | Self::Outside
            | Self::Token
            | Self::Unknown => None,
        }
    }

    /// What kind of thing it is.
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::AcrCatalog => Kind::AcrCatalog,
            Self::AcrManifest(..) => Kind::AcrManifest,
            Self::AcrManifests(_) => Kind::AcrManifests,
            Self::AcrRepository(_) => Kind::AcrRepository,
            Self::AcrTag(..) => Kind::AcrTag,
            Self::AcrTags(_) => Kind::AcrTags,
            Self::Base => Kind::Base,
            Self::Blob(..) => Kind::Blob,
            Self::Catalog => Kind::Catalog,
            Self::Exchange => Kind::Exchange,
            Self::IdentityConfiguration(_) => Kind::IdentityConfiguration,
            Self::IdentityKeys(_) => Kind::IdentityKeys,
            Self::IdentityToken(_) => Kind::IdentityToken,
            Self::Manifest(..) => Kind::Manifest,
            Self::Outside => Kind::Outside,
            Self::Referrers(..) => Kind::Referrers,
            Self::Tags(_) => Kind::Tags,
            Self::Token => Kind::Token,
            Self::Unknown => Kind::Unknown,
            Self::Upload(..) => Kind::Upload,
            Self::Uploads(_) => Kind::Uploads,
        }
    }
}

impl Kind {
    /// Whether az and the SDKs know a 401 for what is not allowed here.
    pub(crate) const fn is_metadata(self) -> bool {
        matches!(
            self,
            Self::AcrCatalog
                | Self::AcrManifest
                | Self::AcrManifests
                | Self::AcrRepository
                | Self::AcrTag
                | Self::AcrTags
                | Self::Catalog
        )
    }
}

/// What a route needs of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The right to this action.
    Action(Action),
    /// A credential or token that holds.
    Credential,
    /// Nothing: it judges credentials itself, or tells nobody anything.
    Nothing,
}

impl Needs {
    /// What the challenge asks a client to ask for, in the order of `gate.md` §2.
    pub(crate) const fn scope(self) -> &'static [Action] {
        match self {
            Self::Action(Action::Pull) => &[Action::Pull],
            Self::Action(Action::Push) => &[Action::Pull, Action::Push],
            Self::Action(Action::Delete) => &[Action::Delete],
            Self::Action(Action::MetadataRead) => &[Action::MetadataRead],
            Self::Action(Action::MetadataWrite) => &[Action::MetadataWrite],
            Self::Action(Action::Catalog) => &[Action::Catalog],
            Self::Credential | Self::Nothing => &[],
        }
    }
}

/// An answer in the making.
pub(crate) type Handled<'a> = Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send + 'a>>;

/// A row of the table.
pub struct RouteRow {
    /// Its name, for tests and logs.
    pub name: &'static str,
    /// The method; GET stands for HEAD too.
    pub method: Method,
    /// What the path names.
    pub kind: Kind,
    /// What it needs of its caller.
    pub needs: Needs,
    pub(crate) run: for<'a> fn(&'a mut Exchange) -> Handled<'a>,
}

macro_rules! table {
    ($( $name:literal: $method:ident $kind:ident => $needs:tt $handler:path; )+) => {
        const ROUTES: &[RouteRow] = &[$(
            RouteRow {
                name: $name,
                method: Method::$method,
                kind: Kind::$kind,
                needs: table!(@needs $needs),
                run: table!(@run $needs $handler),
            }
        ),+];
    };
    (@needs Nothing) => { Needs::Nothing };
    (@needs Credential) => { Needs::Credential };
    (@needs $action:tt) => { Needs::Action(<$action>::ACTION) };
    (@run Nothing $handler:path) => { |exchange| Box::pin($handler(exchange)) };
    (@run Credential $handler:path) => { |exchange| Box::pin(async move {
        let caller = exchange.authenticate().await?;
        $handler(exchange, &caller).await
    }) };
    (@run $action:tt $handler:path) => { |exchange| Box::pin(async move {
        let access = exchange.authorize::<$action>().await?;
        $handler(exchange, access).await
    }) };
}

table! {
    "base": GET Base => Credential http::v2::base::get;
    "list repositories": GET Catalog => Catalog http::v2::catalog::get;
    "list tags": GET Tags => ListTags http::v2::tags::get;
    "pull manifest": GET Manifest => Pull http::v2::manifest::get::get;
    "put manifest": PUT Manifest => Push http::v2::manifest::put::put;
    "delete manifest": DELETE Manifest => Delete http::v2::manifest::delete::delete;
    "pull blob": GET Blob => Pull http::v2::blob::get::get;
    "delete blob": DELETE Blob => Delete http::v2::blob::delete::delete;
    "list referrers": GET Referrers => Pull http::v2::referrers::get;
    "begin upload": POST Uploads => Push http::v2::upload::begin::post;
    "upload status": GET Upload => Push http::v2::upload::status::get;
    "append to upload": PATCH Upload => Push http::v2::upload::append::patch;
    "finish upload": PUT Upload => Push http::v2::upload::finish::put;
    "cancel upload": DELETE Upload => Push http::v2::upload::cancel::delete;
    "list repositories by metadata": GET AcrCatalog => Catalog http::acr::catalog::get;
    "read repository": GET AcrRepository => ReadMetadata http::acr::repository::get;
    "change repository": PATCH AcrRepository => WriteMetadata http::acr::repository::patch;
    "delete repository": DELETE AcrRepository => Delete http::acr::repository::delete;
    "list tags by metadata": GET AcrTags => ReadMetadata http::acr::tags::get;
    "read tag": GET AcrTag => ReadMetadata http::acr::tag::get;
    "change tag": PATCH AcrTag => WriteMetadata http::acr::tag::patch;
    "untag": DELETE AcrTag => Delete http::acr::tag::delete;
    "list manifests by metadata": GET AcrManifests => ReadMetadata http::acr::manifests::get;
    "read manifest": GET AcrManifest => ReadMetadata http::acr::manifest::get;
    "change manifest": PATCH AcrManifest => WriteMetadata http::acr::manifest::patch;
    "delete manifest by metadata": DELETE AcrManifest => Delete http::acr::manifest::delete;
    "token": GET Token => Nothing http::oauth2::token::get;
    "token by form": POST Token => Nothing http::oauth2::token::post;
    "exchange": POST Exchange => Nothing http::oauth2::exchange::post;
    "identity token": POST IdentityToken => Nothing http::directory::token::post;
    "identity configuration": GET IdentityConfiguration => Nothing http::directory::configuration::get;
    "identity keys": GET IdentityKeys => Nothing http::directory::keys::get;
}

/// Every route there is.
pub fn routes() -> &'static [RouteRow] {
    ROUTES
}

/// What a path and method come to.
pub(crate) enum Found {
    /// A route.
    Route(&'static RouteRow),
    /// The path is served, with other methods.
    OtherMethods(Vec<Method>),
    /// The path is not served.
    NoPath,
}

/// Finds the route of a target.
pub(crate) fn find(target: &Target, method: &Method) -> Found {
    let kind = target.kind();
    let of_kind = || ROUTES.iter().filter(move |row| row.kind == kind);
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    if let Some(row) = of_kind().find(|row| row.method == *method) {
        return Found::Route(row);
    }
    let mut others: Vec<_> = of_kind().map(|row| row.method.clone()).collect();
    if others.is_empty() {
        return Found::NoPath;
    }
    if others.contains(&Method::GET) {
        others.push(Method::HEAD);
    }
    Found::OtherMethods(others)
}

#[cfg(test)]
mod tests;
