//! A clock that jumps by hours, forward and back: nothing that is kept is lost for it.

use jiff::SignedDuration;
use naru_oci::Digest;
use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, Reply, blob, image};
use serde_json::{Value, json};

const WHO: (&str, &str) = (OWNER, OWNER_PASSWORD);
const PULL: &str = "repository:team/app:pull";

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

async fn collected(kit: &Kit) -> Value {
    kit.admin("gc", "run", json!({})).await["links"].clone()
}

async fn pull(kit: &Kit, content: &[u8]) -> Reply {
    let target = format!("/v2/team/app/blobs/{}", Digest::sha256(content));
    kit.get(&target).basic(WHO.0, WHO.1).send().await
}

#[tokio::test]
async fn nothing_young_is_collected_because_the_clock_jumped() {
    for jump in [48, -48, 24 * 365] {
        let kit = Kit::start().await;
        let image = image("app");
        let stranger = blob("nobody names it", 70_000);
        kit.push_blob(WHO, "team/app", &image.config).await.expect(201);
        kit.push_blob(WHO, "team/app", &image.layer).await.expect(201);
        kit.push_blob(WHO, "team/app", &stranger).await.expect(201);
        kit.clock().jump(hours(jump));
        assert_eq!(collected(&kit).await, 0, "{jump}");
        // Back and forth, as a server of time does that is itself wrong.
        kit.clock().jump(hours(-jump));
        kit.clock().jump(hours(jump));
        kit.clock().advance(hours(20));
        assert_eq!(collected(&kit).await, 0, "{jump}");
        // The image of a push that takes so long is there.
        kit.push_image(WHO, "team/app", "v1", &image).await;
        // And in the end it goes, by a time that is to be trusted again.
        kit.clock().advance(hours(if jump < 0 { 80 } else { 30 }));
        assert_eq!(collected(&kit).await, 1, "{jump}");
        pull(&kit, &stranger).await.expect(404);
        pull(&kit, &image.layer).await.expect(200);
    }
}

#[tokio::test]
async fn an_upload_goes_on() {
    let kit = Kit::start().await;
    let content = blob("layer", 200_000);
    let send = |sending: naru_testkit::Sending| sending.basic(WHO.0, WHO.1).send();
    let begun = send(kit.post("/v2/team/app/blobs/uploads/")).await.expect(202);
    let mut location = begun.header("location").to_owned();
    for (chunk, jump) in content.chunks(50_000).zip([30, -60, 300, -2]) {
        let sent = send(kit.request(http::Method::PATCH, &location).body(chunk.to_vec())).await;
        location = sent.expect(202).header("location").to_owned();
        kit.clock().jump(hours(jump));
    }
    let target = format!("{location}?digest={}", Digest::sha256(&content));
    send(kit.put(&target)).await.expect(201);
    assert_eq!(pull(&kit, &content).await.expect(200).body, content);
}

#[tokio::test]
async fn tokens_hold_for_their_time_and_whoever_logs_in_again_gets_one_that_does() {
    let kit = Kit::start_with_domain().await;
    let login = kit.create_service_principal("deploy").await;
    kit.assign("registry", &login, "AcrPull").await;
    for jump in [5, -5, -24, 48] {
        let refresh = kit.refresh_token("registry", &login).await;
        let access = kit.access_token("registry", &login, &[PULL]).await;
        kit.clock().jump(hours(jump));
        let old = kit.get("/v2/").at("registry").bearer(&access).send().await;
        let causes = ["credential-expired-access-token", "credential-not-yet-valid"];
        let known = old.status == 200 || causes.contains(&old.header("x-naru-cause"));
        assert!(known, "{jump}: {} {}", old.header("x-naru-cause"), old.text());
        assert!(jump < 0 || old.status == 401, "{jump}");
        let access = kit.access_token("registry", &login, &[PULL]).await;
        kit.get("/v2/").at("registry").bearer(&access).send().await.expect(200);
        drop(refresh);
    }
}

#[tokio::test]
async fn keys_that_were_made_in_a_future_that_was_none_log_nobody_out() {
    let mut kit = Kit::start_with_domain().await;
    let login = kit.create_service_principal("deploy").await;
    kit.assign("registry", &login, "AcrPull").await;
    let before = kit.access_token("registry", &login, &[PULL]).await;
    // A start in which the clock is wrong gives the keys successors.
    kit.clock().jump(hours(24 * 40));
    kit.restart().await;
    let meanwhile = kit.access_token("registry", &login, &[PULL]).await;
    kit.get("/v2/").at("registry").bearer(&meanwhile).send().await.expect(200);
    kit.clock().jump(hours(-24 * 40));
    kit.restart().await;
    kit.get("/v2/").at("registry").bearer(&before).send().await.expect(200);
    let after = kit.access_token("registry", &login, &[PULL]).await;
    kit.get("/v2/").at("registry").bearer(&after).send().await.expect(200);
}

#[tokio::test]
async fn events_stay_and_keep_the_order_in_which_they_happened() {
    let kit = Kit::start().await;
    let mut ids = Vec::new();
    for jump in [7, -30, 24 * 100, -1, -24 * 100, 0] {
        let refused = kit.get("/v2/").basic("owner", "a wrong password").send().await.expect(401);
        ids.push(refused.correlation_id());
        kit.clock().jump(hours(jump));
        kit.server().app().expire_events().await.unwrap();
    }
    let written = kit.export("login").await;
    let written: Vec<_> = written.iter().map(|event| event["CorrelationId"].clone()).collect();
    assert_eq!(json!(written), json!(ids));
}
