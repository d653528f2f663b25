//! Every route, by everybody: the answers as `model` computes them from the contract, and all of
//! them in one file for those who review a change (`snapshots/`).

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use naru_oci::Digest;
use naru_server::RowBounds;
use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, Reply, host, image};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::cast::{Credential, Size, cast};
use super::model::{Outcome, Setting, expected};
use super::probes::{Probe, probes};

/// How many requests are on their way at once.
const AT_ONCE: usize = 48;

/// A registry that is walked, and what it is set to.
const REGISTRIES: [(&str, Size, Setting); 3] = [
    ("registry", Size::Full, Setting { anonymous_pull: false, azure: false }),
    ("openair", Size::Small, Setting { anonymous_pull: true, azure: false }),
    ("azureform", Size::Small, Setting { anonymous_pull: false, azure: true }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_everybody_as_the_contract_says() {
    // Each refusal gets a row of its own here, however many are alike.
    let rows = RowBounds { same: u32::MAX, address: u32::MAX, registry: u32::MAX };
    let kit = Kit::start_with_domain_and(|config| config.events.bounds = rows).await;
    let kit = Arc::new(kit);
    let (mut golden, mut wrong) = (String::new(), String::new());
    for (registry, size, setting) in REGISTRIES {
        if registry != "registry" {
            kit.create_registry(registry).await;
        }
        let image = image("walk");
        push(&kit, registry, &image).await;
        let update = json!({
            "anonymousPullEnabled": setting.anonymous_pull,
            "denials": if setting.azure { "azure" } else { "explained" },
        });
        kit.admin_at(registry, "registry", "update", update).await;
        let cast = Arc::new(cast(&kit, registry, registry, size).await);
        let probes =
            probes(&kit.tenant().await, registry, &image.digest(), &Digest::sha256(&image.layer));
        let probes = Arc::new(probes);
        let outcomes = walk(&kit, registry, &probes, &cast).await;
        let _ = writeln!(golden, "# {registry}: {setting:?}, {} credentials", cast.len());
        for (at, probe) in probes.iter().enumerate() {
            let _ = writeln!(
                golden,
                "\n## {}: {} {}",
                probe.label,
                probe.method,
                shown(probe, &kit.tenant().await)
            );
            let mut by_outcome: BTreeMap<Outcome, Vec<&Credential>> = BTreeMap::new();
            for (who, credential) in cast.iter().enumerate() {
                let outcome = &outcomes[&(at, who)];
                let model = expected(probe, credential, setting);
                if *outcome != model {
                    let (name, form) = (credential.principal(), credential.shown());
                    let _ = writeln!(
                        wrong,
                        "{registry}: {} for {name} by {form}\n  is {outcome}\n  not {model}",
                        probe.label
                    );
                }
                by_outcome.entry(outcome.clone()).or_default().push(credential);
            }
            if let [(outcome, _)] = by_outcome.iter().collect::<Vec<_>>()[..] {
                let _ = writeln!(golden, "{outcome}\n    everybody");
                continue;
            }
            for (outcome, credentials) in by_outcome {
                let _ = writeln!(golden, "{outcome}\n{}", grouped(&credentials));
            }
        }
        golden.push('\n');
    }
    assert!(
        wrong.is_empty(),
        "{} differ from the contract:\n{wrong}",
        wrong.matches("  is ").count()
    );
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("walk", golden);
    });
}

/// Every probe by every credential.
async fn walk(
    kit: &Arc<Kit>,
    registry: &'static str,
    probes: &Arc<Vec<Probe>>,
    cast: &Arc<Vec<Credential>>,
) -> HashMap<(usize, usize), Outcome> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for at in 0..probes.len() {
        for who in 0..cast.len() {
            let (kit, probes, cast) = (Arc::clone(kit), Arc::clone(probes), Arc::clone(cast));
            let turns = Arc::clone(&turns);
            tasks.spawn(async move {
                let _turn = turns.acquire_owned().await.expect("nobody closes it");
                let reply = probes[at].request(&kit, registry, &cast[who]).send().await;
                (at, who, reply)
            });
        }
    }
    let replies = tasks.join_all().await;
    let reasons = kit.reasons(registry).await;
    let cell = |(at, who, reply): (usize, usize, Reply)| {
        let reason = reasons.get(&reply.correlation_id()).cloned();
        ((at, who), outcome(registry, &reply, reason))
    };
    replies.into_iter().map(cell).collect()
}

/// What is compared of an answer; what every answer has is looked at here.
fn outcome(registry: &str, reply: &Reply, reason: Option<String>) -> Outcome {
    let id = reply.correlation_id();
    assert_eq!(id.len(), 36, "{reply:?}");
    let status = reply.status.as_u16();
    let mut code = reply.code();
    if !code.is_empty() {
        let message = reply.message();
        assert!(message.ends_with(&format!(" CorrelationId: {id}.")), "{message}");
        assert!(message.chars().count() < 300 && !message.contains('\n'), "{message}");
    }
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if let (Some(error), Some(number)) = (body["error"].as_str(), body["error_codes"][0].as_u64()) {
        code = format!("{error} {number}");
        let text = body["error_description"].as_str().unwrap_or_default();
        assert!(text.starts_with(&format!("AADSTS{number}: ")), "{text}");
    }
    if status == 401 {
        assert_eq!(reply.headers.get_all("www-authenticate").iter().count(), 1);
    }
    let challenge = match reply.header("www-authenticate") {
        "" => None,
        r#"Basic realm="directory""# => Some("directory".to_owned()),
        challenge => {
            let host = host(registry);
            let start = format!(r#"Bearer realm="http://{host}/oauth2/token",service="{host}""#);
            let rest = challenge.strip_prefix(&start);
            let rest = rest.unwrap_or_else(|| panic!("another host: {challenge}"));
            assert_eq!((reply.header("cache-control"), reply.header("vary")), ("no-store", "Host"));
            let rest = rest.trim_start_matches(',').replace("\",", " ").replace('"', "");
            Some(rest)
        }
    };
    Outcome { status, code, challenge, reason }
}

fn shown(probe: &Probe, tenant: &str) -> String {
    let target = probe.target.replace(tenant, "TENANT");
    target.split("sha256:").next().unwrap_or_default().to_owned()
}

/// Principals that get the same by the same forms on one line.
fn grouped(credentials: &[&Credential]) -> String {
    let mut by_principal: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for credential in credentials {
        by_principal.entry(credential.principal()).or_default().push(credential.shown());
    }
    let mut by_forms: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for (principal, forms) in by_principal {
        by_forms.entry(forms).or_default().push(principal);
    }
    let line = |(forms, who): (Vec<String>, Vec<String>)| {
        format!("    {} by {}", who.join(", "), forms.join(", "))
    };
    by_forms.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// An image in `team/app`, pushed by the owner with one token: one run of Argon2id.
async fn push(kit: &Kit, registry: &str, image: &naru_testkit::Image) {
    let owner = naru_testkit::Login { name: OWNER.to_owned(), secret: OWNER_PASSWORD.to_owned() };
    let token = kit.access_token(registry, &owner, &["repository:team/app:pull,push"]).await;
    for content in [&image.config, &image.layer] {
        let digest = Digest::sha256(content);
        let request =
            kit.post(&format!("/v2/team/app/blobs/uploads/?digest={digest}")).at(registry);
        request.bearer(&token).body(content.clone()).send().await.expect(201);
    }
    let request = kit.put("/v2/team/app/manifests/v1").at(registry).bearer(&token);
    let request = request.header("content-type", naru_testkit::MANIFEST);
    request.body(image.manifest.clone()).send().await.expect(201);
    // So that whoever may delete the repository is refused by the lock, and it is there to the end.
    let token = kit.access_token(registry, &owner, &["repository:team/app:metadata_write"]).await;
    let request = kit.patch("/acr/v1/team/app/_tags/v1").at(registry).bearer(&token);
    request.body(r#"{"deleteEnabled":false}"#).send().await.expect(200);
}
