//! `POST /oauth2/exchange`: a refresh token of the registry for an identity token of the directory.

use http::StatusCode;
use naru_access::{Denial, holds_nothing};
use naru_codes::Cause;
use naru_identity::secret::Secret;
use naru_identity::token::{RefreshGrant, mint_refresh};
use naru_oci::ErrorCode;
use naru_store::StoreError;
use serde_json::json;
use uuid::Uuid;

use super::{Form, check_service};
use crate::edge::Answer;
use crate::gate::{Exchange, Presented, Refusal, Refused};
use crate::metrics::Issued;

pub(crate) async fn post(exchange: &mut Exchange) -> Result<Answer, Refusal> {
    let form = Form::read(exchange).await?;
    let invalid = |code, message: &str| Refusal::from(Refused::invalid(code, message));
    if !matches!(form.first("grant_type"), Some("access_token" | "access_token_refresh_token")) {
        return Err(invalid(ErrorCode::Unsupported, "`grant_type` is `access_token` here"));
    }
    let Some(token) = form.first("access_token").filter(|token| !token.is_empty()) else {
        return Err(invalid(ErrorCode::RequestInvalid, "`access_token` is missing"));
    };
    check_service(exchange, form.first("service"))?;
    exchange.presented = Presented::Identity(Secret::new(token.to_owned()));
    let tenant = form.first("tenant").and_then(|tenant| tenant.parse::<Uuid>().ok());
    if tenant.is_some_and(|tenant| tenant != exchange.hosted.registry.tenant.0) {
        return Err(Denial::new(Cause::CredentialWrongTenant).into());
    }
    let caller = exchange.identify().await?;
    let app = &exchange.app;
    let holder = caller.holder(app).await?;
    if holds_nothing(&holder, &exchange.hosted.policy) {
        return Err(Denial::new(Cause::PermissionNoRole).to_holder(holder.principal).into());
    }
    let grant = RefreshGrant {
        audience: exchange.hosted.audience(),
        holder: &caller.principal,
        origin: caller.origin,
        until: caller.until,
    };
    let minted = mint_refresh(&app.keys.ring(), grant, app.guid(), exchange.inbound.time)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    app.metrics.issued(Issued::Refresh);
    (exchange.caller, exchange.issued) = (Some(caller), Some(minted.jti));
    Ok(Answer::json(StatusCode::OK, &json!({ "refresh_token": minted.token })).no_store())
}
