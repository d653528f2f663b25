//! What verification finds, what it says about it, and how it goes on after an interruption.

use super::*;

/// The one fault that there is.
async fn only(bench: &Bench) -> Fault {
    let (sum, faults) = bench.verify(false).await;
    assert!(!sum.interrupted);
    let [fault] = faults.try_into().unwrap_or_else(|faults| panic!("{faults:?}"));
    fault
}

/// Repositories with their tags.
fn concerned(fault: &Fault) -> Vec<String> {
    let line = |one: &naru_store::Concerned| {
        format!("{}/{} {}", one.registry, one.repository, one.tags.join(","))
    };
    fault.concerned.iter().map(line).collect()
}

/// An image of one small and one large blob, tagged, and in an index that is tagged too.
async fn pushed(bench: &Bench) -> (Digest, Digest, Digest) {
    let small = bench.push_to("a", key(1), b"small").await;
    let large = bench.push_to("a", key(2), &content(2, LARGE)).await;
    let image = bench.put_image("a", &[small, large], "v1").await;
    bench.put_index("a", &[image], "multi").await;
    (small, large, image)
}

fn the_file(bench: &Bench) -> std::path::PathBuf {
    let [file] = bench.files("blobs").try_into().unwrap();
    file
}

#[tokio::test]
async fn what_is_whole_is_clean() {
    let bench = Bench::new().await;
    pushed(&bench).await;
    let mut notes = Notes::new();
    let (sum, faults) = bench.verify_with(false, &mut notes).await;
    assert_eq!(faults, []);
    assert_eq!((sum.blobs, sum.bytes, sum.manifests, sum.files), (2, 5 + LARGE as u64, 2, 1));
    let mut steps: Vec<_> = notes.steps.iter().map(|progress| progress.step).collect();
    steps.dedup();
    assert_eq!(steps, [Step::Database, Step::Blobs, Step::Manifests, Step::Files]);
    for step in steps {
        let last = notes.steps.iter().rfind(|progress| progress.step == step).unwrap();
        assert_eq!(last.done, last.total, "{step:?}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_found_with_the_tags_that_lead_to_it() {
    let bench = Bench::new().await;
    let (_, large, _) = pushed(&bench).await;
    bench.push_to("b", key(3), &content(2, LARGE)).await;
    let file = the_file(&bench);
    let mut bytes = content(2, LARGE);
    bytes[LARGE / 2] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let fault = only(&bench).await;
    assert_eq!((fault.kind, fault.digest), (FaultKind::BlobDamaged, Some(large)));
    assert_eq!(concerned(&fault), ["registry/a multi,v1", "registry/b "]);
    assert!(file.ends_with(fault.file.unwrap()));
    // Of another size it is damaged too, and that is seen at once.
    std::fs::write(&file, b"short").unwrap();
    let fault = only(&bench).await;
    assert_eq!(fault.kind, FaultKind::BlobDamaged);
    assert_eq!(fault.detail.unwrap(), format!("5 B != {LARGE} B"));
}

/// What a client is told of a blob: whether it is there, and its bytes, where it is given any.
async fn served(bench: &Bench, digest: &Digest) -> (bool, Option<Vec<u8>>) {
    let there = bench.store.stat_blob(&bench.may(), digest).await.unwrap().is_ok();
    (there, bench.try_pull(digest).await.ok().flatten())
}

#[tokio::test]
async fn what_is_known_to_be_damaged_is_not_served_and_whole_again_once_it_is_pushed_again() {
    let bench = Bench::new().await;
    let (small, large, _) = pushed(&bench).await;
    let (whole, file) = (content(2, LARGE), the_file(&bench));
    let mut turned = whole.clone();
    turned[LARGE / 2] ^= 1;
    std::fs::write(&file, &turned).unwrap();
    bench.sql().execute("UPDATE blob_content SET bytes = x'00'", []).unwrap();
    // Nobody knows yet, and what lies in the database is looked at each time.
    assert_eq!(served(&bench, &large).await, (true, Some(turned)));
    assert_eq!(served(&bench, &small).await, (true, None));
    assert_eq!(bench.faults().await, [FaultKind::BlobDamaged, FaultKind::BlobDamaged]);
    assert_eq!(served(&bench, &large).await, (false, None));
    assert_eq!(served(&bench, &small).await, (false, None));
    // To another repository, whose client does not ask: the bytes are the same ones.
    bench.push_to("b", key(3), &whole).await;
    bench.push_to("b", key(4), b"small").await;
    assert_eq!(served(&bench, &large).await, (true, Some(whole)));
    assert_eq!(served(&bench, &small).await, (true, Some(b"small".to_vec())));
    assert_eq!(bench.files("blobs"), [file]);
    assert_eq!(bench.files("uploads").len(), 0);
    assert_eq!(bench.faults().await, []);
}

#[tokio::test]
async fn what_is_short_or_gone_is_missing_at_once_and_whole_again_once_it_is_pushed_again() {
    let bench = Bench::new().await;
    let (_, large, _) = pushed(&bench).await;
    let (whole, file) = (content(2, LARGE), the_file(&bench));
    for (number, damage) in [Some(&whole[1..]), None].into_iter().enumerate() {
        match damage {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        assert_eq!(served(&bench, &large).await, (false, None));
        bench.push_to("a", number_key(u16::try_from(number).unwrap()), &whole).await;
        assert_eq!(served(&bench, &large).await, (true, Some(whole.clone())));
        assert_eq!(bench.faults().await, []);
    }
}

#[tokio::test]
async fn what_was_put_back_is_served_once_a_verification_has_seen_it() {
    let bench = Bench::new().await;
    let (_, large, _) = pushed(&bench).await;
    let (whole, file) = (content(2, LARGE), the_file(&bench));
    std::fs::write(&file, vec![0; LARGE]).unwrap();
    assert_eq!(bench.faults().await, [FaultKind::BlobDamaged]);
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(served(&bench, &large).await, (false, None));
    assert_eq!(bench.faults().await, []);
    assert_eq!(served(&bench, &large).await, (true, Some(whole)));
}

#[tokio::test]
async fn a_missing_file_is_found() {
    let bench = Bench::new().await;
    let (_, large, _) = pushed(&bench).await;
    std::fs::remove_file(the_file(&bench)).unwrap();
    let fault = only(&bench).await;
    assert_eq!((fault.kind, fault.digest), (FaultKind::BlobMissing, Some(large)));
    assert_eq!(concerned(&fault), ["registry/a multi,v1"]);
}

#[tokio::test]
async fn what_cannot_be_read_is_said_so() {
    let bench = Bench::new().await;
    pushed(&bench).await;
    let file = the_file(&bench);
    std::fs::remove_file(&file).unwrap();
    // A link to itself can be neither looked at nor read, whoever tries.
    std::os::unix::fs::symlink(&file, &file).unwrap();
    let (_, faults) = bench.verify(false).await;
    assert_eq!(faults[0].kind, FaultKind::BlobUnreadable);
    assert!(faults[0].detail.is_some());
}

#[tokio::test]
async fn a_file_without_a_row_is_found_and_named() {
    let bench = Bench::new().await;
    pushed(&bench).await;
    let blobs = bench.directory.path().join("blobs");
    let name = format!("ab/{}", "ab".repeat(16));
    std::fs::write(blobs.join(&name), "stray").unwrap();
    let fault = only(&bench).await;
    assert_eq!((fault.kind, fault.file.as_deref()), (FaultKind::FileStray, Some(name.as_str())));
    assert_eq!(fault.detail.as_deref(), Some("5 B"));
    std::fs::remove_file(blobs.join(&name)).unwrap();
    std::fs::write(blobs.join("notes.txt"), "somebody else's").unwrap();
    assert_eq!(only(&bench).await.file.as_deref(), Some("notes.txt"));
}

#[tokio::test]
async fn damage_beside_a_row_is_found() {
    let bench = Bench::new().await;
    let (small, _, image) = pushed(&bench).await;
    let sql = bench.sql();
    sql.execute("UPDATE blob_content SET bytes = x'00'", []).unwrap();
    let fault = only(&bench).await;
    assert_eq!((fault.kind, fault.digest), (FaultKind::BlobDamaged, Some(small)));
    sql.execute("DELETE FROM blob_content", []).unwrap();
    assert_eq!(only(&bench).await.kind, FaultKind::BlobMissing);
    sql.execute(
        "INSERT INTO blob_content SELECT id, CAST('small' AS BLOB) FROM blob WHERE size = 5",
        [],
    )
    .unwrap();
    assert_eq!(bench.faults().await, []);
    let by = "manifest = (SELECT manifest FROM tag WHERE name = 'v1')";
    sql.execute(&format!("UPDATE manifest_content SET bytes = x'00' WHERE {by}"), []).unwrap();
    let fault = only(&bench).await;
    assert_eq!((fault.kind, fault.digest), (FaultKind::ManifestDamaged, Some(image)));
    assert_eq!(concerned(&fault), ["registry/a multi,v1"]);
}

#[tokio::test]
async fn references_are_held_against_what_manifests_name_and_against_their_targets() {
    let bench = Bench::new().await;
    let (small, large, image) = pushed(&bench).await;
    let sql = bench.sql();
    let lost = "DELETE FROM blob_link WHERE blob = (SELECT id FROM blob WHERE size > 5)";
    sql.execute(lost, []).unwrap();
    let fault = only(&bench).await;
    assert_eq!(fault.kind, FaultKind::BlobUnlinked);
    assert_eq!((fault.digest, fault.manifest), (Some(large), Some(image)));
    // Where sparse manifests are taken, that is no fault.
    sql.execute("UPDATE registry SET sparse_manifests = 1", []).unwrap();
    assert_eq!(bench.faults().await, []);
    // Lost rows of references are always one: collection goes by them.
    let lost =
        "DELETE FROM manifest_reference WHERE digest = (SELECT digest FROM blob WHERE size = 5)";
    sql.execute(lost, []).unwrap();
    let fault = only(&bench).await;
    assert_eq!((fault.kind, fault.digest), (FaultKind::ReferencesWrong, Some(image)));
    assert_eq!(concerned(&fault), ["registry/a multi,v1"]);
    assert!(bench.pull(&small).await.is_some());
}

#[tokio::test]
async fn what_a_client_deleted_out_of_an_index_or_under_a_referrer_is_a_remark() {
    let bench = Bench::new().await;
    let (small, _, image) = pushed(&bench).await;
    let more = format!(r#","subject":{}"#, descriptor(IMAGE, &image));
    let referrer = super::image(&[small], &more);
    let referrer = bench.put("a", IMAGE, referrer, "").await;
    bench.delete_manifest("a", &image, now()).await;
    let (sum, faults) = bench.verify(false).await;
    let kinds: Vec<_> = faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::ManifestAbsent, FaultKind::SubjectAbsent]);
    assert_eq!((sum.faults, sum.remarks), (0, 2));
    assert_eq!(
        (faults[0].digest, concerned(&faults[0])),
        (Some(image), vec!["registry/a multi".to_owned()])
    );
    assert_eq!(faults[1].manifest, Some(referrer));
}

#[tokio::test]
async fn a_tag_and_a_row_that_lead_nowhere_are_found() {
    let bench = Bench::new().await;
    pushed(&bench).await;
    let sql = bench.sql();
    sql.execute_batch(
        "PRAGMA foreign_keys = OFF; UPDATE tag SET manifest = 99 WHERE name = 'v1';
         INSERT INTO blob_content VALUES (77, x'00');",
    )
    .unwrap();
    let (_, faults) = bench.verify(false).await;
    let of = |kind| faults.iter().filter(move |fault| fault.kind == kind).collect::<Vec<_>>();
    assert_eq!(concerned(of(FaultKind::TagDangling)[0]), ["registry/a v1"]);
    let told: Vec<_> = of(FaultKind::DatabaseDamaged);
    let told: Vec<_> = told.iter().map(|fault| fault.detail.as_deref().unwrap()).collect();
    assert_eq!(
        told,
        [
            "blob_content: row 77 refers to nothing in blob",
            "tag: a row refers to nothing in manifest"
        ]
    );
}

#[tokio::test]
async fn an_interrupted_verification_goes_on_from_where_it_was() {
    let bench = Bench::new().await;
    for number in 0..200 {
        bench.push_to("a", number_key(number), &number.to_be_bytes()).await;
    }
    bench.push_to("a", number_key(999), &content(9, LARGE)).await;
    let sql = bench.sql();
    let damage = |id: i64| {
        sql.execute("UPDATE blob_content SET bytes = x'00' WHERE blob = ?1", [id]).unwrap();
    };
    damage(10);
    damage(150);
    let (sum, faults) = bench.verify_with(false, &mut Notes::until(Step::Blobs, 3)).await;
    assert_eq!((sum.interrupted, sum.blobs, faults.len()), (true, 128, 1));
    // Another process goes on, and says what the first found too.
    let bench = bench.restart().await;
    let mut notes = Notes::new();
    let (sum, faults) = bench.verify_with(true, &mut notes).await;
    assert_eq!((sum.blobs, faults.len(), sum.resumed), (201, 2, Some(now())));
    let first = notes.steps[0];
    assert_eq!((first.step, first.done > 0), (Step::Blobs, true));
    // It came to its end: there is nothing to go on from.
    let (sum, faults) = bench.verify(true).await;
    assert_eq!((sum.blobs, faults.len(), sum.resumed), (201, 2, None));
    // In every other stage too.
    for step in [Step::Database, Step::Manifests, Step::Files] {
        let (sum, _) = bench.verify_with(false, &mut Notes::until(step, 1)).await;
        assert!(sum.interrupted, "{step:?}");
        let (sum, faults) = bench.verify(true).await;
        assert_eq!((sum.blobs, faults.len(), sum.interrupted), (201, 2, false), "{step:?}");
    }
    // And one that does not ask to go on begins anew.
    bench.verify_with(false, &mut Notes::until(Step::Files, 1)).await;
    assert_eq!(bench.verify(false).await.0.resumed, None);
}

/// Collects after each page was read: its rows and files are gone when it comes to them.
struct Collecting<'a>(&'a Bench, Vec<Fault>);

#[async_trait]
impl Observer<Fault> for Collecting<'_> {
    async fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        if progress.step == Step::Blobs {
            self.0.collect(hours(24)).await;
        }
        ControlFlow::Continue(())
    }

    async fn found(&mut self, fault: Fault) {
        self.1.push(fault);
    }
}

#[tokio::test]
async fn what_goes_while_it_is_read_is_no_fault() {
    let bench = Bench::new().await;
    for number in 1..9 {
        bench.push_to("a", key(number), &content(number, LARGE)).await;
    }
    let mut observer = Collecting(&bench, Vec::new());
    let maintenance = Maintenance::of_this_process();
    bench.store.verify(&maintenance, false, now(), &mut observer).await.unwrap();
    assert_eq!(observer.1, []);
    assert!(bench.files("blobs").is_empty());
}
