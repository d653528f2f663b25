//! `POST /T/oauth2/v2.0/token`: an identity token, for a service principal or a user.

use http::StatusCode;
use naru_access::{Denial, PrincipalKind};
use naru_codes::Cause;
use naru_identity::token::{IDENTITY_AUDIENCE, mint_identity};
use naru_store::StoreError;
use serde_json::json;

use super::{check_tenant, issuer};
use crate::edge::Answer;
use crate::gate::entra::Fault;
use crate::gate::{Exchange, Means, Presented, Refusal};
use crate::http::oauth2::Form;
use crate::metrics::Issued;

/// What a client appends to the resource that it wants a token for.
const DEFAULT_SCOPE: &str = "/.default";

pub(crate) async fn post(exchange: &mut Exchange) -> Result<Answer, Refusal> {
    check_tenant(exchange)?;
    let form = Form::read(exchange).await?;
    let client = form.first("client_id").unwrap_or_default().to_owned();
    let (presented, kind) = match form.first("grant_type") {
        Some("client_credentials") => {
            let secret = form.first("client_secret").unwrap_or_default();
            let presented = match (&exchange.presented, secret) {
                // RFC 6749 §2.3.1 lets a client authenticate in the header as well.
                (Presented::Nothing, _) => Presented::password(&client, secret),
                (in_header, "") => in_header.clone(),
                _ => return Ok(Fault::TwoCredentials.answer(&exchange.inbound)),
            };
            (presented, PrincipalKind::ServicePrincipal)
        }
        Some("password") => {
            let name = form.first("username").unwrap_or_default();
            let password = form.first("password").unwrap_or_default();
            (Presented::password(name, password), PrincipalKind::User)
        }
        _ => return Ok(Fault::GrantType.answer(&exchange.inbound)),
    };
    let scope = form.first("scope").unwrap_or_default();
    if audience(scope) != Some(IDENTITY_AUDIENCE) {
        return Ok(Fault::Resource.answer(&exchange.inbound));
    }
    exchange.presented = presented;
    exchange.grantee = Some(kind);
    let caller = exchange.authenticate().await?;
    let secret = matches!(caller.means, Means::Password);
    if caller.principal.kind != kind || !secret {
        // Another kind of account is none here, whatever its secret. A token of the registry is
        // none either: an identity made from it would outlive it, and go beyond what it lists.
        exchange.caller = None;
        return Err(Denial::new(Cause::CredentialInvalid).into());
    }
    let app = &exchange.app;
    let application = match kind {
        PrincipalKind::ServicePrincipal => caller.principal.name.clone(),
        _ => client,
    };
    let minted = mint_identity(
        &app.keys.ring(),
        &caller.principal,
        caller.origin,
        (issuer(exchange), application),
        (caller.until, app.guid(), exchange.inbound.time),
    )
    .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    app.metrics.issued(Issued::Identity);
    exchange.issued = Some(minted.jti);
    let lives = minted.lives.as_secs();
    let answer = json!({
        "token_type": "Bearer",
        "expires_in": lives,
        "ext_expires_in": lives,
        "scope": scope,
        "access_token": minted.token,
    });
    Ok(Answer::json(StatusCode::OK, &answer).no_store())
}

/// The audience among the scopes asked for: the one that ends in `/.default`, without just that.
fn audience(scope: &str) -> Option<&str> {
    scope.split_ascii_whitespace().find_map(|one| one.strip_suffix(DEFAULT_SCOPE))
}
