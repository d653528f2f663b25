//! `GET /v2/`: whether a credential holds. Logins of every client end here.

use http::StatusCode;
use serde_json::json;

use crate::edge::Answer;
use crate::gate::{Caller, Exchange, Refusal};

pub(crate) async fn get(_exchange: &mut Exchange, _caller: &Caller) -> Result<Answer, Refusal> {
    Ok(Answer::json(StatusCode::OK, &json!({})).no_store())
}
