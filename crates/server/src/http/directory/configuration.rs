//! `GET /T/v2.0/.well-known/openid-configuration` (OpenID Connect Discovery 1.0).

use http::StatusCode;
use serde_json::json;

use super::{base, check_tenant, issuer};
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal};

pub(crate) async fn get(exchange: &mut Exchange) -> Result<Answer, Refusal> {
    check_tenant(exchange)?;
    let base = base(exchange);
    let document = json!({
        "issuer": issuer(exchange),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        // Clients fail on its absence; there is no sign-in page yet that would answer there.
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "grant_types_supported": ["client_credentials", "password"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "offline_access"],
    });
    Ok(Answer::json(StatusCode::OK, &document))
}
