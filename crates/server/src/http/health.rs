//! `/healthz` and `/readyz`: outside the network rules, and silent but for their status.

use http::{Method, Request, StatusCode};

use crate::edge::{Answer, RequestBody};
use crate::state::App;

/// The answer, if the request asks for the server's health.
pub(super) async fn answer(app: &App, request: &Request<RequestBody>) -> Option<Answer> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let status = match request.uri().path() {
        "/healthz" if reads => StatusCode::OK,
        "/readyz" if reads => {
            let maintenance = &app.upkeep.maintenance;
            if app.ready.look(&app.store, maintenance, app.now()).await {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
        _ => return None,
    };
    Some(Answer::new(status))
}
