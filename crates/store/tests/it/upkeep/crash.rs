//! Collection on a disk that fails, or whose machine does: what went is gone altogether, what
//! stays is there altogether, and the next start leaves nothing lying around.

use std::io;

use super::*;
use crate::durability::{copies_during, recorded};

/// The steps of collecting one file.
const STEPS: [&str; 3] = ["create uploads/K.sealed", "remove blobs/S/K", "remove uploads/K.sealed"];

/// Whether a blob is there whole, or gone with everything that was of it.
async fn check(bench: &Bench, kept: &Digest, garbage: &Digest, step: &str) -> bool {
    assert!(bench.pull(kept).await.unwrap() == content(1, LARGE), "{step}");
    let pulled = bench.pull(garbage).await;
    assert!(pulled.as_ref().is_none_or(|pulled| *pulled == content(2, LARGE)), "{step}");
    let rows = bench.number("SELECT count(*) FROM blob");
    assert_eq!(rows, 1 + i64::from(pulled.is_some()), "{step}");
    pulled.is_some()
}

async fn two_blobs(bench: &Bench) -> (Digest, Digest) {
    let kept = bench.push_to("a", key(1), &content(1, LARGE)).await;
    let garbage = bench.push_to("a", key(2), &content(2, LARGE)).await;
    bench.put_image("a", &[kept], "v1").await;
    (kept, garbage)
}

#[tokio::test]
async fn the_row_goes_before_its_file_and_a_marker_stands_in_between() {
    let (bench, disk) = recorded().await;
    two_blobs(&bench).await;
    disk.take();
    let root = bench.directory.path().to_owned();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = std::sync::Arc::clone(&seen);
    disk.hook(move |step| {
        let database = rusqlite::Connection::open(root.join("naru.db")).unwrap();
        let rows: i64 =
            database.query_row("SELECT count(*) FROM blob", [], |row| row.get(0)).unwrap();
        noted.lock().unwrap().push(format!("{rows}: {step}"));
        Ok(())
    });
    bench.collect(hours(24)).await;
    assert_eq!(
        *seen.lock().unwrap(),
        ["2: create uploads/K.sealed", "1: remove blobs/S/K", "1: remove uploads/K.sealed"]
    );
}

#[tokio::test]
async fn a_crash_at_any_step_of_a_collection_is_cleaned_up_by_the_next_start() {
    let (bench, disk) = recorded().await;
    let (kept, garbage) = two_blobs(&bench).await;
    disk.take();
    let copies = copies_during(&disk, async {
        bench.collect(hours(24)).await;
    });
    let copies = copies.await;
    assert_eq!(copies.iter().map(|(step, ..)| step.as_str()).collect::<Vec<_>>()[..3], STEPS);
    let mut outcomes = Vec::new();
    for (step, copy, _) in copies {
        let bench = bench.start_on(copy).await;
        let there = check(&bench, &kept, &garbage, &step).await;
        assert_eq!(bench.files("uploads").len(), 0, "{step}");
        assert_eq!(bench.files("blobs").len(), 1 + usize::from(there), "{step}");
        assert_eq!(bench.faults().await, [], "{step}");
        outcomes.push(there);
    }
    assert_eq!(outcomes, [true, false, false, false]);
}

#[tokio::test]
async fn a_loss_of_power_at_any_step_loses_nothing_that_is_of_use() {
    let (bench, disk) = recorded().await;
    let (kept, garbage) = two_blobs(&bench).await;
    let copies = copies_during(&disk, async {
        bench.collect(hours(24)).await;
    });
    for (step, copy, volatile) in copies.await {
        volatile.lose(copy.path());
        let bench = bench.start_on(copy).await;
        check(&bench, &kept, &garbage, &step).await;
    }
}

#[tokio::test]
async fn a_failure_at_any_step_costs_room_at_most_until_the_next_start() {
    for step in STEPS {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
            let (bench, disk) = recorded().await;
            let (kept, garbage) = two_blobs(&bench).await;
            disk.hook(move |text| if text == step { Err(kind.into()) } else { Ok(()) });
            let plan = CollectionPlan {
                now: hours(24),
                lease: SignedDuration::from_hours(24),
                dry_run: false,
            };
            let maintenance = Maintenance::of_this_process();
            let done = bench.store.collect(&maintenance, plan, &mut Notes::new()).await;
            // Without a marker nothing is begun, but where the disk is full: then room is needed.
            let begun = step != STEPS[0] || kind == io::ErrorKind::StorageFull;
            assert_eq!(done.is_ok(), begun, "{step} {kind}: {done:?}");
            disk.hook(|_| Ok(()));
            assert_eq!(check(&bench, &kept, &garbage, step).await, !begun, "{step}");
            let bench = bench.restart().await;
            assert_eq!(check(&bench, &kept, &garbage, step).await, !begun, "{step}");
            assert_eq!(bench.files("uploads").len(), 0, "{step}");
            assert_eq!(bench.files("blobs").len(), 1 + usize::from(!begun), "{step}");
        }
    }
}

#[tokio::test]
async fn an_upload_whose_caller_went_away_is_left_alone_while_it_runs_and_collected_after() {
    let (bench, disk) = recorded().await;
    let content = content(2, LARGE);
    let (reached, mut at_the_file) = tokio::sync::mpsc::channel(1);
    let (go_on, told) = std::sync::mpsc::channel::<()>();
    disk.hook(move |step| {
        if step == "sync blobs/S/" {
            reached.blocking_send(()).unwrap();
            told.recv().unwrap();
        }
        Ok(())
    });
    tokio::select! {
        pushed = bench.push(key(2), &content) => panic!("it did not wait: {pushed:?}"),
        _ = at_the_file.recv() => {}
    }
    // Long after the file was written: it has no row, and yet is somebody's.
    let late = Timestamp::MAX;
    assert_eq!(bench.collect(late).await.0.files, 0);
    assert_eq!(bench.faults().await, []);
    assert_eq!(bench.files("blobs").len(), 1);
    go_on.send(()).unwrap();
    // Its caller is gone, and it has no row: nothing holds it once the disk is done with it.
    let mut files = 0;
    while files == 0 {
        files = bench.collect(late).await.0.files;
    }
    assert_eq!((files, bench.files("blobs").len(), bench.files("uploads").len()), (1, 0, 0));
}
