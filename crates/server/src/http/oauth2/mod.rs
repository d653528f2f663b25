//! The registry's own token service: access tokens at `/oauth2/token`, refresh tokens for
//! identities at `/oauth2/exchange`.

pub(crate) mod exchange;
mod form;
pub(crate) mod token;

pub(super) use form::Form;

use naru_access::Denial;
use naru_codes::Cause;

use crate::edge::host;
use crate::gate::{Exchange, Refusal};

/// Any service is accepted that does not name another registry of this server.
fn check_service(exchange: &Exchange, service: Option<&str>) -> Result<(), Refusal> {
    let (config, registries) = (&exchange.app.config, &exchange.registries);
    let other = |service| host::names_another(config, registries, &exchange.hosted, service);
    if service.is_some_and(other) {
        return Err(Denial::new(Cause::CredentialWrongRegistry).into());
    }
    Ok(())
}
