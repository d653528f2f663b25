//! The metrics: what real requests leave in them, their form, and that no client makes a series.

use std::collections::BTreeSet;

use naru_server::{Address, Config};
use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, Reply, Sending, image};
use serde_json::json;

const OWNER_LOGIN: (&str, &str) = (OWNER, OWNER_PASSWORD);

fn watched(config: &mut Config) {
    config.metrics_listen = Some("127.0.0.1:0".parse().unwrap());
}

async fn ask(kit: &Kit, method: http::Method, path: &str) -> Reply {
    let metrics = kit.server().metrics().unwrap();
    let Address::Tcp(address) = metrics.address else { panic!("{metrics}") };
    Sending::new(address, method, path).send().await
}

async fn scrape(kit: &Kit) -> String {
    let reply = ask(kit, http::Method::GET, "/metrics").await.expect(200);
    assert_eq!(
        reply.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    String::from_utf8(reply.body.to_vec()).unwrap()
}

/// The value of a series, whatever order its labels stand in.
fn value(text: &str, name: &str, labels: &[&str]) -> u64 {
    let series = |line: &&str| {
        let rest = line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        rest && labels.iter().all(|label| line.contains(label))
    };
    let line = text.lines().find(series);
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn what_clients_do_is_in_the_figures() {
    let kit = Kit::start_with(watched).await;
    kit.push_image(OWNER_LOGIN, "team/app", "v1", &image("metrics")).await;
    kit.get("/v2/").send().await.expect(401);
    kit.get("/v2/").basic("owner", "wrong wrong").send().await.expect(401);
    let scope = "/oauth2/token?service=registry&scope=repository:team/app:pull";
    kit.get(scope).basic(OWNER, OWNER_PASSWORD).send().await.expect(200);
    kit.admin("gc", "run", json!({})).await;
    let text = scrape(&kit).await;
    let of = |name: &str, labels: &[&str]| value(&text, name, labels);
    let put = [r#"method="PUT""#, r#"route="manifest""#, r#"status="201""#];
    assert_eq!(of("naru_http_requests_total", &put), 1, "{text}");
    assert_eq!(of("naru_http_request_duration_seconds_count", &[r#"route="base""#]), 2, "{text}");
    let login = r#"credential="user-password""#;
    assert_eq!(of("naru_logins_total", &[login, r#"result="denied""#]), 1, "{text}");
    assert!(of("naru_logins_total", &[login, r#"result="allowed""#]) >= 2, "{text}");
    assert_eq!(of("naru_denials_total", &[r#"cause="credential-invalid""#]), 1, "{text}");
    assert_eq!(of("naru_denials_total", &[r#"cause="credential-missing""#]), 1, "{text}");
    assert_eq!(of("naru_tokens_issued_total", &[r#"kind="access""#]), 1, "{text}");
    assert_eq!(of("naru_collections_total", &[r#"result="done""#]), 1, "{text}");
    assert_eq!(of("naru_storage_blobs", &[]), 2, "{text}");
    assert!(of("naru_storage_size_bytes", &[]) > 300, "{text}");
    assert!(of("naru_received_bytes_total", &[]) > 300, "{text}");
    assert!(of("naru_sent_bytes_total", &[]) > 300, "{text}");
    assert_eq!(of("naru_database_readers", &[]), 4, "{text}");
}

#[tokio::test]
async fn a_login_by_an_identity_token_counts_whether_it_is_allowed_or_not() {
    let kit = Kit::start_with(watched).await;
    let exchange = async |token: &str| {
        let form = [("grant_type", "access_token"), ("access_token", token)];
        kit.post("/oauth2/exchange").form(&form).send().await
    };
    exchange("eyJhbGciOiJub25lIn0.e30.").await.expect(401);
    let login = kit.create_service_principal("deploy").await;
    kit.admin("role-assignment", "create", json!({"assignee": "deploy", "role": "AcrPull"})).await;
    exchange(&kit.identity_token(&login).await).await.expect(200);
    let text = scrape(&kit).await;
    for result in [r#"result="denied""#, r#"result="allowed""#] {
        let labels = [r#"credential="identity-token""#, result];
        assert_eq!(value(&text, "naru_logins_total", &labels), 1, "{text}");
    }
}

#[tokio::test]
async fn an_upload_is_in_progress_until_it_ends() {
    let kit = Kit::start_with(watched).await;
    let begun = kit.post("/v2/team/app/blobs/uploads/").basic(OWNER, OWNER_PASSWORD).send().await;
    let location = begun.expect(202).header("location").to_owned();
    assert_eq!(value(&scrape(&kit).await, "naru_uploads_in_progress", &[]), 1);
    let path = location.split_once("/v2/").map(|(_, rest)| format!("/v2/{rest}")).unwrap();
    kit.delete(&path).basic(OWNER, OWNER_PASSWORD).send().await.expect(204);
    assert_eq!(value(&scrape(&kit).await, "naru_uploads_in_progress", &[]), 0);
}

/// Every series, without its value.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

#[tokio::test]
async fn no_client_makes_a_series() {
    let kit = Kit::start_with(watched).await;
    let storm = async |from: u32, to: u32| {
        for number in from..to {
            let name = format!("marked{number}");
            let path = format!("/v2/{name}/app/manifests/{name}");
            kit.get(&path).basic(&name, "narux").header("user-agent", &name).send().await;
            let method = http::Method::from_bytes(format!("MARKED{number}").as_bytes()).unwrap();
            kit.request(method, &format!("/{name}")).host(&name).send().await;
        }
    };
    storm(0, 2).await;
    let few = scrape(&kit).await;
    storm(2, 40).await;
    let many = scrape(&kit).await;
    assert_eq!(series(&few), series(&many));
    assert!(!many.to_ascii_lowercase().contains("marked"), "{many}");
    assert!(many.contains(r#"method="other""#), "{many}");
}

#[tokio::test]
async fn the_text_is_openmetrics_and_each_family_is_in_the_documentation() {
    let kit = Kit::start_with(watched).await;
    // A family has no lines before the first of what it counts.
    kit.get("/v2/").basic("owner", "wrong wrong").send().await.expect(401);
    kit.get("/oauth2/token?service=registry").basic(OWNER, OWNER_PASSWORD).send().await.expect(200);
    kit.admin("gc", "run", json!({})).await;
    let text = scrape(&kit).await;
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut families = BTreeSet::new();
    let mut family = String::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(described) = line.strip_prefix("# ") {
            let mut words = described.splitn(3, ' ');
            let (kind, name) = (words.next().unwrap(), words.next().unwrap());
            assert!(["HELP", "TYPE", "UNIT"].contains(&kind), "{line}");
            if kind == "UNIT" {
                assert!(name.ends_with(&format!("_{}", words.next().unwrap())), "{line}");
            }
            family = name.to_owned();
            families.insert(family.clone());
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with(&family), "{line} stands in {family}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    let page = include_str!("../../../../docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `naru_"));
    let listed: BTreeSet<_> =
        rows.map(|row| format!("naru_{}", row.split('`').next().unwrap())).collect();
    assert_eq!(listed, families);
}

#[tokio::test]
async fn nothing_else_is_there_and_the_registry_does_not_answer_for_it() {
    let kit = Kit::start_with(watched).await;
    assert_eq!(ask(&kit, http::Method::GET, "/v2/").await.status, 404);
    assert_eq!(ask(&kit, http::Method::POST, "/metrics").await.status, 405);
    let registry = kit.get("/metrics").send().await;
    assert!(!String::from_utf8_lossy(&registry.body).contains("naru_"), "{registry:?}");
}
