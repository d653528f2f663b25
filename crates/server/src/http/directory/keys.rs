//! `GET /T/discovery/v2.0/keys`: the public keys of the directory (RFC 7517).

use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::json;

use super::check_tenant;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal};

pub(crate) async fn get(exchange: &mut Exchange) -> Result<Answer, Refusal> {
    check_tenant(exchange)?;
    let keys = exchange.app.keys.ring().public_keys();
    // Shorter than a new key is published before it signs.
    let answer = Answer::json(StatusCode::OK, &json!({ "keys": keys }));
    Ok(answer.header(CACHE_CONTROL, "public, max-age=1800"))
}
