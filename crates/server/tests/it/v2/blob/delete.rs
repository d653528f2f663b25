//! Taking blobs out of a repository.

use naru_oci::Digest;
use naru_testkit::{Kit, image};

use crate::v2::{ByOwner as _, WHO};

#[tokio::test]
async fn a_blob_goes_at_once() {
    let kit = Kit::start().await;
    kit.push_blob(WHO, "a", b"something").await.expect(201);
    let digest = Digest::sha256(b"something");
    let target = format!("/v2/a/blobs/{digest}");
    let deleted = kit.delete(&target).by_owner().await.expect(202);
    assert_eq!(deleted.header("content-length"), "0");
    for sending in [kit.get(&target), kit.head(&target), kit.delete(&target)] {
        sending.by_owner().await.expect(404);
    }
    let events = kit.export("repository").await;
    let deletions: Vec<_> = events.iter().filter(|event| event["Reason"].is_null()).collect();
    let [event] = deletions[..] else { panic!("one deletion: {events:?}") };
    assert_eq!(event["OperationName"], "Delete");
    assert_eq!(event["CorrelationId"], deleted.correlation_id());
    assert_eq!(event["Digest"], digest.to_string());
    // And comes back as if it had never been there.
    kit.push_blob(WHO, "a", b"something").await.expect(201);
    assert_eq!(kit.get(&target).by_owner().await.expect(200).text(), "something");
}

#[tokio::test]
async fn what_a_manifest_names_does_not_go_before_it() {
    let kit = Kit::start().await;
    let image = image("named");
    kit.push_image(WHO, "a", "v1", &image).await;
    for content in [&image.config, &image.layer] {
        let target = format!("/v2/a/blobs/{}", Digest::sha256(content));
        let refused = kit.delete(&target).by_owner().await.expect(405);
        assert_eq!(refused.code(), "UNSUPPORTED");
        assert!(refused.message().contains(&image.digest().to_string()), "{}", refused.message());
        kit.head(&target).by_owner().await.expect(200);
    }
    kit.delete(&format!("/v2/a/manifests/{}", image.digest())).by_owner().await.expect(202);
    let target = format!("/v2/a/blobs/{}", Digest::sha256(&image.layer));
    kit.delete(&target).by_owner().await.expect(202);
}

#[tokio::test]
async fn a_blob_that_went_from_one_repository_stays_in_another_and_nowhere_else() {
    let kit = Kit::start().await;
    kit.push_blob(WHO, "a", b"shared").await.expect(201);
    let digest = Digest::sha256(b"shared");
    kit.post(&format!("/v2/b/blobs/uploads/?mount={digest}&from=a")).by_owner().await.expect(201);
    kit.delete(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(202);
    kit.get(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(404);
    let kept = kit.get(&format!("/v2/b/blobs/{digest}")).by_owner().await.expect(200);
    assert_eq!(kept.text(), "shared");
    // Nor does its bytes' being there help anybody to them.
    let mount = format!("/v2/c/blobs/uploads/?mount={digest}&from=a");
    kit.post(&mount).by_owner().await.expect(202);
    kit.get(&format!("/v2/c/blobs/{digest}")).by_owner().await.expect(404);
}
