//! What collection takes away, and above all what it does not.

use naru_access::{Pull, Push};
use naru_oci::Algorithm;
use naru_store::Reason;

use super::*;

/// What went, as `reason repository bytes`.
fn told(items: &[Collected]) -> Vec<String> {
    let line = |item: &Collected| {
        let reason = match item.reason {
            Reason::Stray => "stray",
            Reason::Unlinked => "unlinked",
            Reason::Unnamed => "unnamed",
        };
        format!("{reason} {} {}", item.repository.as_deref().unwrap_or("-"), item.bytes)
    };
    items.iter().map(line).collect()
}

#[tokio::test]
async fn what_no_manifest_names_goes_when_its_lease_has_run_out_and_not_before() {
    let bench = Bench::new().await;
    let small = bench.push_to("a", key(1), b"small").await;
    let large = bench.push_to("a", key(2), &content(2, LARGE)).await;
    let named = bench.push_to("a", key(3), &content(3, LARGE)).await;
    bench.put_image("a", &[named], "").await;
    let (sum, items) = bench.collect(hours(23)).await;
    assert_eq!((sum.checked, items.len()), (3, 0));
    let (sum, items) = bench.collect(hours(24)).await;
    let size = LARGE as u64;
    assert_eq!(told(&items), ["unnamed a 5", &format!("unnamed a {size}")]);
    assert_eq!((sum.links, sum.blobs, sum.files, sum.bytes), (2, 2, 0, 5 + size));
    assert_eq!(items[0].digest, Some(small));
    assert!(items[0].file.is_none() && items[1].file.is_some());
    assert!(bench.pull(&small).await.is_none() && bench.pull(&large).await.is_none());
    // An untagged manifest is no garbage, nor is anything that it names.
    assert!(bench.pull(&named).await.unwrap() == content(3, LARGE));
    assert_eq!((bench.files("blobs").len(), bench.files("uploads").len()), (1, 0));
    assert_eq!(bench.number("SELECT count(*) FROM blob_content"), 0);
    assert_eq!(bench.collect(hours(999)).await.1, []);
    assert_eq!(bench.faults().await, []);
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_takes_nothing() {
    let bench = Bench::new().await;
    let both = bench.push_to("a", key(1), &content(1, LARGE)).await;
    bench.push_to("b", key(2), &content(1, LARGE)).await;
    let gone = bench.push_to("a", key(3), b"gone").await;
    bench.unlink("a", &gone, hours(1)).await;
    let (dry, would) = bench.collect_with(hours(30), true).await;
    assert!(bench.pull(&both).await.is_some());
    assert_eq!(bench.number("SELECT count(*) FROM blob"), 2);
    assert_eq!((bench.files("blobs").len(), bench.files("uploads").len()), (1, 0));
    let (wet, went) = bench.collect(hours(30)).await;
    assert_eq!((dry, &would), (wet, &went));
    let size = LARGE as u64;
    // Bytes that two repositories share are freed once, with the last of them.
    assert_eq!(told(&went), ["unnamed a 0", &format!("unnamed b {size}"), "unlinked - 4"]);
    assert!(bench.files("blobs").is_empty());
}

#[tokio::test]
async fn bytes_stay_while_any_repository_needs_them() {
    let bench = Bench::new().await;
    let shared = bench.push_to("a", key(1), &content(1, LARGE)).await;
    bench.push_to("b", key(2), &content(1, LARGE)).await;
    let image = bench.put_image("b", &[shared], "v1").await;
    assert_eq!(told(&bench.collect(hours(24)).await.1), ["unnamed a 0"]);
    assert!(bench.pull(&shared).await.is_none(), "it is out of `a`");
    let pull = bench.may_in::<Pull>("b");
    assert!(bench.store.metadata().blob(&pull, &shared).await.unwrap().is_ok());
    // Deleting what names them starts their lease.
    bench.delete_manifest("b", &image, hours(40)).await;
    assert_eq!(bench.collect(hours(63)).await.1, []);
    assert_eq!(told(&bench.collect(hours(64)).await.1), [format!("unnamed b {LARGE}")]);
    assert!(bench.files("blobs").is_empty());
}

#[tokio::test]
async fn what_was_unlinked_waits_for_the_lease_of_its_bytes() {
    let bench = Bench::new().await;
    let digest = bench.push_to("a", key(1), &content(1, LARGE)).await;
    bench.unlink("a", &digest, hours(10)).await;
    assert_eq!(bench.collect(hours(33)).await.1, []);
    assert_eq!(told(&bench.collect(hours(34)).await.1), [format!("unlinked - {LARGE}")]);
    // Pushed again it is another file, and there.
    bench.push_to("a", key(2), &content(1, LARGE)).await;
    assert!(bench.pull(&digest).await.unwrap() == content(1, LARGE));
}

#[tokio::test]
async fn a_renewed_lease_protects_and_one_that_came_too_late_says_so() {
    let bench = Bench::new().await;
    let digest = bench.push_to("a", key(1), b"layer").await;
    let pull = bench.may_in::<Pull>("a");
    let renew = async |then| bench.store.metadata().renew_lease(&pull, &digest, then).await;
    assert_eq!(renew(hours(20)).await, Ok(true));
    assert_eq!(bench.collect(hours(43)).await.1, []);
    assert_eq!(bench.collect(hours(44)).await.1.len(), 1);
    assert_eq!(renew(hours(44)).await, Ok(false));
}

#[tokio::test]
async fn what_was_of_use_again_since_it_was_looked_at_stays() {
    let bench = Bench::new().await;
    let kept = bench.push_to("a", key(1), &content(1, LARGE)).await;
    bench.push_to("a", key(2), &content(2, LARGE)).await;
    // As between the search and the removal: judged by an older state of things.
    let (metadata, maintenance) = (bench.store.metadata(), Maintenance::of_this_process());
    let suspects = metadata.suspects(&maintenance, hours(0), naru_store::BlobId::default()).await;
    let (suspects, _, _) = suspects.unwrap().unwrap();
    assert_eq!(suspects.len(), 2);
    let judged = metadata.judge(&maintenance, hours(0), suspects.clone()).await.unwrap();
    assert!(judged.iter().all(|verdict| verdict.bytes));
    bench.put_image("a", &[kept], "v1").await;
    let all = suspects.iter().map(|&blob| (blob, true)).collect();
    let removed = metadata.remove_garbage(&maintenance, hours(0), all).await.unwrap();
    assert_eq!(removed.len(), 1);
    assert_ne!(removed[0].collected[0].digest, Some(kept));
    assert!(bench.pull(&kept).await.is_some());
}

#[tokio::test]
async fn a_blob_in_very_many_repositories_goes_in_several_transactions() {
    let bench = Bench::new().await;
    let digest = bench.push_to("a", key(1), b"popular").await;
    for number in 0..700 {
        let push = bench.may_in::<Push>(&format!("team/{number:03}"));
        let from = bench.may_in::<Pull>("a");
        assert!(
            bench.store.metadata().mount_blob(&push, &from, &digest, now()).await.unwrap().unwrap()
        );
    }
    let (sum, items) = bench.collect(hours(24)).await;
    assert_eq!((sum.links, sum.blobs, sum.bytes, items.len()), (701, 1, 7, 701));
    assert_eq!(bench.number("SELECT count(*) FROM blob_link"), 0);
}

#[tokio::test]
async fn a_repository_stays_when_its_last_blob_goes() {
    let bench = Bench::new().await;
    bench.push_to("a", key(1), b"layer").await;
    bench.collect(hours(24)).await;
    assert_eq!(bench.number("SELECT count(*) FROM repository"), 1);
}

#[tokio::test]
async fn a_file_without_a_row_goes_and_uploads_in_progress_stay() {
    let bench = Bench::new().await;
    let kept = bench.push_to("a", key(1), &content(1, LARGE)).await;
    let blobs = bench.directory.path().join("blobs");
    let (stray, foreign) = (blobs.join("ab").join("ab".repeat(16)), blobs.join("notes.txt"));
    std::fs::write(&stray, "stray").unwrap();
    std::fs::write(&foreign, "somebody else's").unwrap();
    // Names that the store gives are those in their own directory alone.
    let misplaced = blobs.join("cd").join("ab".repeat(16));
    std::fs::write(&misplaced, "misplaced").unwrap();
    let push = bench.may::<Push>();
    bench.store.begin_upload(&push, key(7), Algorithm::Sha256, now()).unwrap();
    let mut source = crate::content::Frames::of(&content(7, LARGE));
    bench.store.append(&push, key(7), None, &mut source, now()).await.unwrap();

    let written = |path: &std::path::Path| {
        let modified = std::fs::metadata(path).unwrap().modified().unwrap();
        Timestamp::try_from(modified).unwrap()
    };
    let day = SignedDuration::from_hours(24);
    let young = bench.collect(written(&stray) + day - SignedDuration::from_secs(9)).await;
    assert_eq!((young.0.files, stray.exists()), (0, true));
    let then = written(&stray) + day;
    let (dry, _) = bench.collect_with(then, true).await;
    assert_eq!((dry.files, stray.exists()), (1, true));
    let (sum, items) = bench.collect(then).await;
    assert_eq!((sum.files, told(&items).last().unwrap().as_str()), (1, "stray - 5"));
    assert_eq!(items.last().unwrap().file.as_deref(), Some(&*format!("ab/{}", "ab".repeat(16))));
    assert!(!stray.exists() && foreign.exists() && misplaced.exists());
    assert_eq!(bench.files("uploads").len(), 1);
    // The blob itself had its day long ago; the upload goes on.
    assert!(bench.pull(&kept).await.is_none());
    let digest = Digest::sha256(&content(7, LARGE));
    bench.store.finish_upload(&push, key(7), digest, now()).await.unwrap();
    assert!(bench.pull(&digest).await.is_some());
}

#[tokio::test]
async fn it_ends_when_nobody_listens_and_leaves_the_rest() {
    let bench = Bench::new().await;
    for number in 0..200 {
        bench.push_to("a", number_key(number), &number.to_be_bytes()).await;
    }
    let plan =
        CollectionPlan { now: hours(24), lease: SignedDuration::from_hours(24), dry_run: false };
    let maintenance = Maintenance::of_this_process();
    let mut notes = Notes::until(Step::Removal, 2);
    let sum = bench.store.collect(&maintenance, plan, &mut notes).await.unwrap();
    assert_eq!((sum.interrupted, sum.blobs, notes.items.len()), (true, 64, 64));
    let mut notes = Notes::until(Step::Search, 1);
    let sum = bench.store.collect(&maintenance, plan, &mut notes).await.unwrap();
    assert_eq!((sum.interrupted, sum.blobs), (true, 0));
    let mut notes = Notes::new();
    let sum = bench.store.collect(&maintenance, plan, &mut notes).await.unwrap();
    assert_eq!((sum.interrupted, sum.blobs), (false, 136));
    let last = notes.steps.last().unwrap();
    assert_eq!((last.step, last.done), (Step::Files, last.total));
}

/// Pushes something between any two batches.
struct Pushing<'a>(&'a Bench, u16);

#[async_trait]
impl Observer<Collected> for Pushing<'_> {
    async fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        if progress.step == Step::Removal {
            self.1 += 1;
            self.0.push_to("b", number_key(self.1), &self.1.to_be_bytes()).await;
        }
        ControlFlow::Continue(())
    }

    async fn found(&mut self, _: Collected) {}
}

#[tokio::test]
async fn a_push_does_not_wait_for_a_collection() {
    let bench = Bench::new().await;
    for number in 0..300 {
        bench.push_to("a", number_key(number), &number.to_be_bytes()).await;
    }
    let plan =
        CollectionPlan { now: hours(24), lease: SignedDuration::from_hours(24), dry_run: false };
    let maintenance = Maintenance::of_this_process();
    let mut pushing = Pushing(&bench, 1000);
    let sum = bench.store.collect(&maintenance, plan, &mut pushing).await.unwrap();
    assert_eq!((sum.blobs, pushing.1 - 1000), (300, 6));
    assert_eq!(bench.number("SELECT count(*) FROM blob_link"), 6);
}
