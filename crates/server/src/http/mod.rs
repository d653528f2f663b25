//! From a request to its answer: the fixed order of judging, and the routes, one a file.

pub(crate) mod acr;
pub(crate) mod directory;
mod health;
pub(crate) mod oauth2;
mod page;
pub(crate) mod v2;

use std::sync::Arc;

use http::header::{ALLOW, CONNECTION, EXPECT, HeaderName};
use http::{Request, Response, StatusCode, Version};
use naru_access::{Denial, PrincipalKind};
use naru_codes::Cause;
use naru_oci::{ErrorCode, Errors};
use naru_store::{Event, StoreError};
use serde_json::json;
use uuid::Uuid;

use crate::edge::answer::CORRELATION_ID;
use crate::edge::{AccessLine, Answer, Body, Connection, Inbound, RequestBody, host, shape};
use crate::gate::answer::Situation;
use crate::gate::{Exchange, Found, Kind, Presented, Refusal, Refused, Target, find};
use crate::gate::{entra, event};
use crate::state::App;

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// The longest target that is looked at. A token request may name a hundred repositories.
const TARGET_BYTES: usize = 48 * 1024;

/// Answers a request.
pub(crate) async fn handle(
    app: Arc<App>,
    request: Request<RequestBody>,
    connection: Connection,
) -> Response<Body> {
    let unjudged =
        |answer: Answer| answer.header(CORRELATION_ID, app.guid().to_string()).into_response();
    if let Some(status) = too_long(&request, app.config.limits.head_bytes) {
        return unjudged(Answer::new(status));
    }
    let (uri, headers) = (request.uri(), request.headers());
    if let Err(error) = shape::judge(request.method(), uri, request.version(), headers) {
        let said = Errors::one(ErrorCode::RequestInvalid, error.to_string(), json!({}));
        let answer = Answer::json(error.status(), &said);
        // Where it ends, two readers may differ about too.
        let ends = request.version() < Version::HTTP_2;
        return unjudged(answer.header_if(CONNECTION, ends.then_some("close")));
    }
    if let Some(answer) = health::answer(&app, &request).await {
        return unjudged(answer);
    }
    let Some(inbound) = Inbound::new(&app, request, connection) else {
        return unjudged(Answer::new(StatusCode::BAD_REQUEST));
    };
    let in_registry = inbound.path.starts_with("/v2");
    let (began, method) = (inbound.time, inbound.method.clone());
    let target = Target::read(&inbound.path);
    let route = target.as_ref().map_or(Kind::Unknown, Target::kind);
    let access_line = AccessLine::of(&inbound);
    let (answer, correlation_id) = answer(Arc::clone(&app), inbound, target).await;
    let took = app.now().duration_since(began);
    app.metrics.answered(&method, route, answer.status(), took);
    if let Some(line) = access_line {
        line.write(correlation_id, answer.status(), took);
    }
    let answer = answer
        .header(CORRELATION_ID, correlation_id.to_string())
        .header(http::header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header_if(API_VERSION, in_registry.then_some("registry/2.0"));
    answer.into_response()
}

/// A target or head beyond what any client of a registry sends.
fn too_long(request: &Request<RequestBody>, most: usize) -> Option<StatusCode> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let head: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if target > TARGET_BYTES.min(most) {
        Some(StatusCode::URI_TOO_LONG)
    } else if head > most {
        Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else {
        None
    }
}

/// The answer, and the id by which it is found again.
async fn answer(
    app: Arc<App>,
    mut inbound: Inbound,
    target: Result<Target, Refused>,
) -> (Answer, Uuid) {
    let registries = match app.present.registries(&app.config, app.store.metadata()).await {
        Ok(registries) => registries,
        Err(error) => return nowhere(&inbound, &error.into()),
    };
    let hosted = match host::registry(&app.config, &registries, &inbound.client) {
        Ok(hosted) => Arc::clone(hosted),
        Err(denial) => {
            app.metrics.denied(denial.cause);
            let event = event::to_no_registry(&app, &registries, &inbound, &denial);
            let recorded = record(&app, &mut inbound, event).await;
            log(&app, &inbound, denial.cause);
            return match recorded {
                Ok(()) => nowhere(&inbound, &denial.into()),
                Err(error) => nowhere(&inbound, &error.into()),
            };
        }
    };
    let (target, fault) = match target {
        Ok(target) => (target, None),
        Err(fault) => (Target::Unknown, Some(fault)),
    };
    let presented = Presented::in_headers(&inbound.headers);
    let mut exchange = Exchange {
        app,
        registries,
        hosted,
        inbound,
        target,
        presented,
        caller: None,
        grantee: None,
        granted: None,
        issued: None,
    };
    match judge(&mut exchange, fault).await {
        Ok(answer) => {
            exchange.note_what_was_allowed(&answer);
            (answer, exchange.inbound.correlation_id)
        }
        Err(refusal) => refuse(exchange, refusal).await,
    }
}

fn nowhere(inbound: &Inbound, refusal: &Refusal) -> (Answer, Uuid) {
    (Situation::nowhere(inbound).answer(refusal), inbound.correlation_id)
}

/// Writes the event of a refusal, durably. The answer carries the id that leads to it.
async fn record(app: &App, inbound: &mut Inbound, event: Option<Event>) -> Result<(), StoreError> {
    if let Some(event) = event {
        inbound.correlation_id = app.audit.refused(app.store.metadata(), event).await?;
    }
    Ok(())
}

/// Judges a request, step by step (`gate.md` §1), and lets its route answer.
async fn judge(exchange: &mut Exchange, fault: Option<Refused>) -> Result<Answer, Refusal> {
    if let Some(fault) = fault {
        return Err(fault.into());
    }
    exchange.hosted.network.judge(exchange.inbound.client.address)?;
    exchange.admit()?;
    match find(&exchange.target, &exchange.inbound.method) {
        Found::Route(row) => (row.run)(exchange).await,
        Found::OtherMethods(methods) => {
            let methods: Vec<_> = methods.iter().map(http::Method::as_str).collect();
            let message = format!("this path answers {}", methods.join(", "));
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let refused = Refused::new(status, ErrorCode::Unsupported, message);
            Err(refused.with_header(ALLOW, &methods.join(", ")).into())
        }
        Found::NoPath => {
            // Whether a path is there is told to nobody who has not shown a credential.
            if matches!(exchange.target, Target::Unknown) {
                exchange.authenticate().await?;
            }
            Err(Refused::missing(ErrorCode::NameUnknown, "there is nothing at this path").into())
        }
    }
}

/// The answer in the form that the endpoint's clients know.
fn answer_refusal(exchange: &Exchange, situation: &Situation, refusal: &Refusal) -> Answer {
    let user = exchange.grantee == Some(PrincipalKind::User);
    let directory = match (&exchange.target, refusal) {
        (
            Target::IdentityConfiguration(_) | Target::IdentityKeys(_) | Target::IdentityToken(_),
            Refusal::Denied(denial),
        ) => entra::denied(denial, &exchange.inbound, user),
        _ => None,
    };
    directory.unwrap_or_else(|| situation.answer(refusal))
}

/// Counts a denial, and logs it: its cause, and the id by which its event is found.
fn note(exchange: &Exchange, denial: &Denial) {
    let metrics = &exchange.app.metrics;
    metrics.denied(denial.cause);
    // A credential that held was counted when it was known whose it is.
    if exchange.caller.is_none() && !matches!(exchange.presented, Presented::Nothing) {
        metrics.login(exchange.presented.kind().word(), false);
    }
    log(&exchange.app, &exchange.inbound, denial.cause);
}

/// Logs a refusal with the id by which its event is found, within what a minute has lines for.
fn log(app: &App, inbound: &Inbound, cause: Cause) {
    let Inbound { correlation_id, client, method, time, .. } = inbound;
    let (code, address) = (cause.code(), client.address);
    // Every login of a client begins with the challenge: it is no news.
    if cause == Cause::CredentialMissing {
        tracing::debug!(%correlation_id, cause = code, %address, %method, "challenged");
    } else if app.audit.logs(cause, address, *time) {
        tracing::info!(%correlation_id, cause = code, %address, %method, "denied");
    }
}

/// Answers a refusal, once its event is written.
async fn refuse(mut exchange: Exchange, refusal: Refusal) -> (Answer, Uuid) {
    let event = exchange.refusal_event(&refusal, &Situation::of(&exchange));
    let recorded = record(&exchange.app, &mut exchange.inbound, event).await;
    let situation = Situation::of(&exchange);
    if let Refusal::Denied(denial) = &refusal {
        note(&exchange, denial);
    }
    // A client that waits to be told to go on does not send what it has.
    if let Some(body) = exchange.inbound.body.take()
        && !exchange.inbound.headers.contains_key(EXPECT)
    {
        body.drain();
    }
    let answer = match (recorded, &refusal) {
        // A denial is never dropped: one that cannot be written is not given either.
        (Err(error), Refusal::Denied(_)) => situation.answer(&error.into()),
        (Err(error), _) => {
            // What is not there is not there, also while nothing can be written.
            tracing::warn!(%error, "the event of a refusal was not written");
            answer_refusal(&exchange, &situation, &refusal)
        }
        (Ok(()), _) => answer_refusal(&exchange, &situation, &refusal),
    };
    (answer, exchange.inbound.correlation_id)
}
