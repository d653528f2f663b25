//! The directory's first endpoints, in the shapes of Microsoft Entra: identity tokens for client
//! credentials and passwords, and what an OpenID Connect client reads before that.

pub(crate) mod configuration;
pub(crate) mod keys;
pub(crate) mod token;

use naru_access::Denial;
use naru_codes::Cause;
use uuid::Uuid;

use crate::gate::{Exchange, Refusal, Target};

/// Names of the tenant that every client may use who knows no better.
const ANY_TENANT: [&str; 2] = ["common", "organizations"];

/// The tenant that the path names must be that of the registry.
fn check_tenant(exchange: &Exchange) -> Result<(), Refusal> {
    let named = match &exchange.target {
        Target::IdentityConfiguration(tenant)
        | Target::IdentityKeys(tenant)
        | Target::IdentityToken(tenant) => tenant.as_str(),
        _ => "",
    };
    let own = exchange.hosted.registry.tenant.0;
    if ANY_TENANT.contains(&named) || named.parse::<Uuid>().is_ok_and(|tenant| tenant == own) {
        return Ok(());
    }
    Err(Denial::new(Cause::CredentialWrongTenant).into())
}

/// Where the directory is, for this client.
fn base(exchange: &Exchange) -> String {
    format!("{}/{}", exchange.origin(), exchange.hosted.registry.tenant)
}

/// The issuer of its tokens.
fn issuer(exchange: &Exchange) -> String {
    format!("{}/v2.0", base(exchange))
}
