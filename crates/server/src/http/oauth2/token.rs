//! `/oauth2/token`: an access token, with what is held of the scopes that were asked for.
//!
//! `GET` with Basic or without anything, as docker asks; `POST` with a form, as az, the SDKs and
//! others do (OAuth 2.0; distribution specification, "Token authentication"). A password is never
//! answered with a refresh token: docker would store that in the password's place, and a pipeline
//! would die three hours later.

use std::sync::Arc;

use http::StatusCode;
use jiff::SignedDuration;
use naru_access::{AccessList, Denial, Holder, Scope, holds_nothing, parse_scopes, reduce};
use naru_codes::Cause;
use naru_identity::secret::SecretForm;
use naru_identity::token::{AccessGrant, mint_access};
use naru_oci::ErrorCode;
use naru_store::{Event, StoreError};
use serde::Serialize;

use super::{Form, check_service};
use crate::edge::Answer;
use crate::gate::{Caller, Exchange, Means, Presented, Refusal, Refused};
use crate::metrics::Issued;

/// How much earlier than a token's end its client is told to come back.
const EARLY: SignedDuration = SignedDuration::from_mins(5);

/// What is answered. Both names of the token are read, each by other clients; `issued_at` is left
/// out, since a clock that differs makes BuildKit keep a token for ever.
#[derive(Serialize)]
struct TokenAnswer {
    access_token: String,
    token: String,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

pub(crate) async fn get(exchange: &mut Exchange) -> Result<Answer, Refusal> {
    let form = Form::of_query(exchange);
    answer(exchange, &form).await
}

pub(crate) async fn post(exchange: &mut Exchange) -> Result<Answer, Refusal> {
    let form = Form::read(exchange).await?;
    if let Some(presented) = in_form(&form)? {
        if !matches!(exchange.presented, Presented::Nothing) {
            let message = "credentials came in the header and in the form: send one of them";
            return Err(Refused::invalid(ErrorCode::RequestInvalid, message).into());
        }
        exchange.presented = presented;
        let caller = exchange.identify().await?;
        let refreshing = form.first("refresh_token").is_some();
        if refreshing && !matches!(caller.means, Means::RefreshToken(_)) {
            let denial = Denial::new(Cause::CredentialMalformed);
            return Err(denial.with_note("an access token where a refresh token is due").into());
        }
    }
    answer(exchange, &form).await
}

/// The credential in a form, if there is one.
fn in_form(form: &Form) -> Result<Option<Presented>, Refusal> {
    let refresh = form.first("refresh_token");
    let password =
        (form.first("username").unwrap_or_default(), form.first("password").unwrap_or_default());
    match (form.first("grant_type"), refresh) {
        (Some("refresh_token"), None) => {
            let message = "`refresh_token` is missing";
            Err(Refused::invalid(ErrorCode::RequestInvalid, message).into())
        }
        // The SDKs send no grant type.
        (Some("refresh_token") | None, Some(token)) => {
            if SecretForm::of(token) != SecretForm::Token {
                return Ok(Some(Presented::Unreadable("the refresh token is not one")));
            }
            Ok(Some(Presented::password("", token)))
        }
        (Some("password") | None, _) => match Presented::password(password.0, password.1) {
            Presented::Nothing => Ok(None),
            presented => Ok(Some(presented)),
        },
        (Some(_), _) => {
            let message = "`grant_type` is `password` or `refresh_token` here";
            Err(Refused::invalid(ErrorCode::Unsupported, message).into())
        }
    }
}

async fn answer(exchange: &mut Exchange, form: &Form) -> Result<Answer, Refusal> {
    let scopes = parse_scopes(form.all("scope"))
        .map_err(|error| Refused::invalid(ErrorCode::RequestInvalid, error.to_string()))?;
    if matches!(exchange.presented, Presented::Bearer(_)) {
        let denial = Denial::new(Cause::CredentialMalformed);
        return Err(denial.with_note("Bearer where Basic is due").into());
    }
    check_service(exchange, form.first("service"))?;
    let caller = match exchange.caller.clone() {
        Some(caller) => caller,
        None => exchange.identify().await?,
    };
    let holder = caller.holder(&exchange.app).await?;
    let hosted = Arc::clone(&exchange.hosted);
    let access = reduce(&holder, &hosted.policy, &scopes);
    if caller.is_anonymous() {
        let less = admit_anonymous(exchange, &holder, &scopes, &access).await?;
        let answer = minted(exchange, caller, access)?;
        if less {
            // Its event is written; it is not to be another one.
            exchange.issued = None;
        }
        return Ok(answer);
    }
    if scopes.is_empty() && holds_nothing(&holder, &hosted.policy) {
        return Err(Denial::new(Cause::PermissionNoRole).to_holder(holder.principal).into());
    }
    minted(exchange, caller, access)
}

/// An anonymous request is granted where anonymous pull gives something of what was asked, or is
/// on where nothing was. One that gets less than it asked for leaves a trace; whether it did.
async fn admit_anonymous(
    exchange: &mut Exchange,
    holder: &Holder,
    scopes: &[Scope],
    access: &AccessList,
) -> Result<bool, Refusal> {
    let given = match scopes {
        [] => exchange.hosted.policy.anonymous_pull,
        _ => access.0.iter().any(|entry| !entry.actions.is_empty()),
    };
    if !given {
        return Err(Denial::new(Cause::CredentialMissing).into());
    }
    let less = access.0.iter().any(|entry| !entry.asked.is_empty() || entry.actions.is_empty());
    if less {
        let denial = Denial::new(Cause::PermissionAnonymousWrite)
            .to_holder(holder.principal.clone())
            .with_note("an anonymous token with less than it was asked for");
        let event = exchange.login_event_of(&denial, StatusCode::OK.as_u16());
        let (app, event) = (&exchange.app, Event::Login(event));
        exchange.inbound.correlation_id = app.audit.refused(app.store.metadata(), event).await?;
    }
    Ok(less)
}

fn minted(exchange: &mut Exchange, caller: Caller, access: AccessList) -> Result<Answer, Refusal> {
    let (ceiling, refresh_token) = match caller.means {
        Means::AccessTokenAsPassword(token) => (Some(token.access.clone()), None),
        Means::RefreshToken(token) => (None, Some(token.expose().to_owned())),
        Means::AccessToken(_) | Means::LapsedToken(_) | Means::Nothing | Means::Password => {
            (None, None)
        }
    };
    let grant = AccessGrant {
        audience: exchange.hosted.audience(),
        holder: &caller.principal,
        origin: caller.origin,
        until: caller.until,
        access,
        ceiling,
    };
    let app = &exchange.app;
    let minted = mint_access(&app.keys.ring(), grant, app.guid(), exchange.inbound.time)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    app.metrics.issued(Issued::Access);
    exchange.issued = Some(minted.jti);
    let early = EARLY.min(minted.lives / 10);
    let token = minted.token;
    let answer = TokenAnswer {
        access_token: token.clone(),
        token,
        expires_in: (minted.lives - early).as_secs(),
        refresh_token,
    };
    Ok(Answer::json(StatusCode::OK, &answer).no_store())
}
