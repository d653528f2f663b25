//! Giving an upload up.

use naru_oci::Digest;
use naru_testkit::{Kit, blob};

use super::patch;
use crate::v2::{ByOwner as _, LARGE, begin, closing, files};

#[tokio::test]
async fn a_cancelled_upload_is_gone_with_its_bytes() {
    let kit = Kit::start().await;
    for size in [0, 100, LARGE] {
        let (location, content) = (begin(&kit, "a").await, blob("cancelled", size));
        patch(&kit, &location, None, &content).await.expect(202);
        assert_eq!(files(&kit, "uploads").len(), usize::from(size == LARGE));
        let cancelled = kit.delete(&location).by_owner().await.expect(204);
        assert!(cancelled.body.is_empty());
        assert!(files(&kit, "uploads").is_empty());
        let digest = Digest::sha256(&content);
        for sending in [
            kit.get(&location),
            kit.patch(&location).body("more"),
            kit.put(&closing(&location, &digest)),
            kit.delete(&location),
        ] {
            assert_eq!(sending.by_owner().await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
        }
        kit.head(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(404);
    }
}
