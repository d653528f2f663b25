//! What is acknowledged is durable, in the order that makes it so: bytes under their name before
//! the row that names them, the row before the caller hears of it; and a failure or crash at any
//! step loses nothing and leaves nothing.
//!
//! Seen from the seam to the file system, by a disk that writes down every step, fails at one, or
//! keeps a copy of everything as it is there.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use naru_oci::Digest;
use naru_store::content::{Disk, DiskFile, LocalDisk};
use naru_store::{StoreError, UploadError};
use tempfile::TempDir;

use crate::content::{Bench, LARGE, content, key};

/// What happens at a step, before it is done.
type Hook = Box<dyn FnMut(&str) -> io::Result<()> + Send>;

/// A disk that tells of each step before it does it.
#[derive(Clone)]
pub(crate) struct Recorder {
    root: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    steps: Vec<String>,
    hook: Option<Hook>,
    /// What the machine would not know any more if it lost its power now.
    volatile: Volatile,
}

/// What is not synced.
#[derive(Clone, Default)]
pub(crate) struct Volatile {
    contents: BTreeSet<PathBuf>,
    moves: Vec<(PathBuf, PathBuf)>,
    directories: Vec<PathBuf>,
}

impl Volatile {
    /// Takes from a copy of the directory what a loss of power would take.
    pub(crate) fn lose(&self, copy: &Path) {
        for path in &self.contents {
            if copy.join(path).exists() {
                std::fs::write(copy.join(path), "").unwrap();
            }
        }
        for (from, to) in self.moves.iter().rev() {
            std::fs::rename(copy.join(to), copy.join(from)).unwrap();
        }
        for directory in &self.directories {
            std::fs::remove_dir_all(copy.join(directory)).unwrap();
        }
    }

    fn written(&mut self, path: PathBuf) {
        self.contents.insert(path);
    }

    /// To the disk, or altogether.
    fn gone(&mut self, path: &Path) {
        self.contents.remove(path);
    }

    fn renamed(&mut self, from: PathBuf, to: PathBuf) {
        if self.contents.remove(&from) {
            self.contents.insert(to.clone());
        }
        self.moves.push((from, to));
    }

    fn synced(&mut self, directory: &Path) {
        self.moves.retain(|(_, to)| to.parent() != Some(directory));
        self.directories.retain(|one| one.parent() != Some(directory));
    }
}

impl Recorder {
    fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), state: Arc::default() }
    }

    /// Writes a step down, once; a hook may have it fail. Then it is done, and what it changes of
    /// what is durable is noted.
    fn step<T>(
        &self,
        text: String,
        work: impl FnOnce() -> io::Result<T>,
        note: impl FnOnce(&mut Volatile),
    ) -> io::Result<T> {
        let mut hook = self.state.lock().unwrap().hook.take();
        let verdict = hook.as_mut().map_or(Ok(()), |hook| hook(&text));
        let done = verdict.and_then(|()| work());
        let mut state = self.state.lock().unwrap();
        state.hook = hook;
        if done.is_ok() {
            note(&mut state.volatile);
        }
        // However many frames a file comes in is no matter here.
        if state.steps.last() != Some(&text) {
            state.steps.push(text);
        }
        done
    }

    pub(crate) fn hook(&self, hook: impl FnMut(&str) -> io::Result<()> + Send + 'static) {
        self.state.lock().unwrap().hook = Some(Box::new(hook));
    }

    fn volatile(&self) -> Volatile {
        self.state.lock().unwrap().volatile.clone()
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().steps)
    }

    /// A path below the data directory.
    fn below(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap().to_owned()
    }

    /// A path as steps name it: with `K` for a key, and `S` for the directory that it lies in.
    fn name(&self, path: &Path) -> String {
        let below = self.below(path);
        let names = below.iter().map(|name| match name.to_str().unwrap() {
            name if name.len() == 2 => "S".to_owned(),
            name if name.len() >= 32 => {
                format!("K{}", name.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
            }
            name => name.to_owned(),
        });
        names.collect::<Vec<_>>().join("/")
    }
}

impl Disk for Recorder {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let below = self.below(path);
        let file = self.step(
            format!("create {}", self.name(path)),
            || LocalDisk.create(path),
            |volatile| volatile.written(below),
        )?;
        Ok(Box::new(RecordedFile { file, path: path.to_owned(), disk: self.clone() }))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        let (below, new) = (self.below(path), !path.exists());
        self.step(
            format!("make {}", self.name(path)),
            || LocalDisk.create_directory(path),
            |volatile| volatile.directories.extend(new.then_some(below)),
        )
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (old, new) = (self.below(from), self.below(to));
        self.step(
            format!("move {} to {}", self.name(from), self.name(to)),
            || LocalDisk.rename(from, to),
            |volatile| volatile.renamed(old, new),
        )
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let below = self.below(path);
        self.step(
            format!("remove {}", self.name(path)),
            || LocalDisk.remove(path),
            |volatile| volatile.gone(&below),
        )
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let below = self.below(path);
        self.step(
            format!("sync {}/", self.name(path)),
            || LocalDisk.sync_directory(path),
            |volatile| volatile.synced(&below),
        )
    }
}

struct RecordedFile {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    disk: Recorder,
}

impl DiskFile for RecordedFile {
    fn write(&mut self, bytes: &Bytes) -> io::Result<()> {
        let Self { file, path, disk } = self;
        let below = disk.below(path);
        let mut failed = true;
        let written = disk.step(
            format!("write {}", disk.name(path)),
            || {
                failed = false;
                file.write(bytes)
            },
            |volatile| volatile.written(below),
        );
        // A disk that is full takes what it can.
        if failed {
            file.write(&bytes.slice(..bytes.len() / 2))?;
        }
        written
    }

    fn sync(&mut self) -> io::Result<()> {
        let Self { file, path, disk } = self;
        let below = disk.below(path);
        let text = format!("sync {}", disk.name(path));
        disk.step(text, || file.sync(), |volatile| volatile.gone(&below))
    }
}

/// A store on a recording disk.
pub(crate) async fn recorded() -> (Bench, Recorder) {
    let mut recorder = None;
    let bench = Bench::on(|root| {
        let disk = Recorder::new(root);
        recorder = Some(disk.clone());
        Arc::new(disk)
    });
    let bench = bench.await;
    (bench, recorder.unwrap())
}

/// How many rows name content, by a connection of one's own: what others see, and no more.
fn rows(directory: &Path) -> i64 {
    let database = rusqlite::Connection::open(directory.join("naru.db")).unwrap();
    database.query_row("SELECT count(*) FROM blob_link", [], |row| row.get(0)).unwrap()
}

/// The steps of one whole push.
const STEPS: [&str; 7] = [
    "create uploads/K",
    "write uploads/K",
    "sync uploads/K",
    "create uploads/K.sealed",
    "move uploads/K to blobs/S/K",
    "sync blobs/S/",
    "remove uploads/K.sealed",
];

#[tokio::test]
async fn the_directories_are_durable_before_anything_lies_in_them() {
    let (_bench, disk) = recorded().await;
    let steps = disk.take();
    let expected =
        ["make blobs", "sync /", "make uploads", "sync /", "make blobs/S", "sync blobs/"];
    assert_eq!(steps, expected);
    let Volatile { contents, moves, directories } = disk.volatile();
    assert!(contents.is_empty() && moves.is_empty() && directories.is_empty());
}

#[tokio::test]
async fn a_file_is_durable_under_its_name_before_its_row_is_there() {
    let (bench, disk) = recorded().await;
    let root = bench.directory.path().to_owned();
    for number in [1, 2] {
        disk.take();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (noted, root) = (Arc::clone(&seen), root.clone());
        disk.hook(move |step| {
            let row = if rows(&root) == i64::from(number) { "row" } else { "no row" };
            noted.lock().unwrap().push(format!("{row}: {step}"));
            Ok(())
        });
        let content = content(number, LARGE);
        bench.push(key(number), &content).await.unwrap();
        assert_eq!(disk.take(), STEPS);
        let mut seen = seen.lock().unwrap().clone();
        seen.dedup();
        let (before, after) = seen.split_at(STEPS.len() - 1);
        assert_eq!(
            before,
            STEPS[..before.len()].iter().map(|step| format!("no row: {step}")).collect::<Vec<_>>()
        );
        assert_eq!(after, ["row: remove uploads/K.sealed"]);
    }
}

#[tokio::test]
async fn small_content_touches_no_file_and_comes_with_its_row() {
    let (bench, disk) = recorded().await;
    disk.take();
    bench.push(key(1), b"small").await.unwrap();
    assert_eq!(disk.take(), Vec::<String>::new());
    assert_eq!(rows(bench.directory.path()), 1);
    let bench = bench.restart().await;
    assert_eq!(bench.pull(&Digest::sha256(b"small")).await.unwrap(), b"small");
}

#[tokio::test]
async fn content_that_is_there_already_leaves_one_file() {
    let (bench, disk) = recorded().await;
    let content = content(1, LARGE);
    bench.push(key(1), &content).await.unwrap();
    disk.take();
    bench.push(key(2), &content).await.unwrap();
    assert_eq!(disk.take()[STEPS.len() - 1..], ["remove blobs/S/K", "remove uploads/K.sealed"]);
    assert_eq!((bench.files("blobs").len(), bench.files("uploads").len()), (1, 0));
    assert!(bench.pull(&Digest::sha256(&content)).await.unwrap() == content);
}

#[tokio::test]
async fn a_failure_at_any_step_is_told_and_leaves_nothing() {
    for step in STEPS {
        for (kind, told) in [
            (io::ErrorKind::StorageFull, StoreError::Full),
            (io::ErrorKind::Other, StoreError::Unavailable("other error".to_owned())),
        ] {
            let (bench, disk) = recorded().await;
            let (old, new) = (content(1, LARGE), content(2, LARGE));
            bench.push(key(1), &old).await.unwrap();
            disk.hook(move |text| if text == step { Err(kind.into()) } else { Ok(()) });
            let pushed = bench.push(key(2), &new).await;
            // Once its row is there a blob is safe, whatever becomes of the marker.
            let safe = step == STEPS[STEPS.len() - 1];
            let expected = if safe { Ok(()) } else { Err(UploadError::Store(told)) };
            assert_eq!(pushed, expected, "{step}");
            disk.hook(|_| Ok(()));
            check(&bench, &old, &new, Some(safe), step).await;
            let bench = bench.restart().await;
            check(&bench, &old, &new, Some(safe), step).await;
            nothing_is_left(&bench, step);
            // And whoever tries again succeeds.
            bench.push(key(3), &new).await.unwrap();
            check(&bench, &old, &new, Some(true), step).await;
        }
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_in_the_middle_leaves_nothing_for_good() {
    let (bench, disk) = recorded().await;
    let (old, new) = (content(1, LARGE), content(2, LARGE));
    bench.push(key(1), &old).await.unwrap();
    disk.take();
    let (reached, mut at_the_file) = tokio::sync::mpsc::channel(1);
    let (go_on, told) = std::sync::mpsc::channel::<()>();
    disk.hook(move |step| {
        if step == "sync uploads/K" {
            reached.blocking_send(()).unwrap();
            told.recv().unwrap();
        }
        Ok(())
    });
    tokio::select! {
        pushed = bench.push(key(2), &new) => panic!("it did not wait: {pushed:?}"),
        _ = at_the_file.recv() => {}
    }
    go_on.send(()).unwrap();
    // What was begun on the disk is done to its end, with nobody there to write the row.
    while !disk.state.lock().unwrap().steps.iter().any(|step| step == "sync blobs/S/") {
        tokio::task::yield_now().await;
    }
    check(&bench, &old, &new, Some(false), "left").await;
    let bench = bench.restart().await;
    check(&bench, &old, &new, Some(false), "restarted").await;
    nothing_is_left(&bench, "restarted");
}

#[tokio::test]
async fn a_crash_at_any_step_loses_nothing_acknowledged_and_is_cleaned_up() {
    let (bench, disk) = recorded().await;
    let (old, new) = (content(1, LARGE), content(2, LARGE));
    bench.push(key(1), &old).await.unwrap();
    let copies = copies_at_each_step(&bench, &disk, &new).await;
    let mut outcomes = Vec::new();
    for (step, copy, _) in copies {
        let bench = bench.start_on(copy).await;
        let there = check(&bench, &old, &new, None, &step).await;
        nothing_is_left(&bench, &step);
        outcomes.push((step, there));
    }
    // Before the row there is no blob, though its file was moved; from then on there is.
    outcomes.dedup();
    let (last, before) = outcomes.split_last().unwrap();
    assert_eq!(last, &("the end".to_owned(), true));
    let (marker, before) = before.split_last().unwrap();
    assert_eq!(marker, &(STEPS[STEPS.len() - 1].to_owned(), true));
    let expected = STEPS[..STEPS.len() - 1].iter().map(|step| ((*step).to_owned(), false));
    assert_eq!(before, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_loss_of_power_at_any_step_loses_nothing_acknowledged() {
    let (bench, disk) = recorded().await;
    let (old, new) = (content(1, LARGE), content(2, LARGE));
    bench.push(key(1), &old).await.unwrap();
    let copies = copies_at_each_step(&bench, &disk, &new).await;
    let end = copies.len() - 1;
    for (number, (step, copy, volatile)) in copies.into_iter().enumerate() {
        volatile.lose(copy.path());
        let bench = bench.start_on(copy).await;
        let there = check(&bench, &old, &new, None, &step).await;
        assert!(there || number != end, "what was acknowledged is gone");
    }
}

/// Pushes, and keeps copies.
async fn copies_at_each_step(
    bench: &Bench,
    disk: &Recorder,
    content: &[u8],
) -> Vec<(String, TempDir, Volatile)> {
    copies_during(disk, async { bench.push(key(2), content).await.unwrap() }).await
}

/// Keeps a copy of the directory from before each step of something, and from its end, with what
/// of it was not durable then.
pub(crate) async fn copies_during(
    disk: &Recorder,
    work: impl Future<Output = ()>,
) -> Vec<(String, TempDir, Volatile)> {
    let copies = Arc::new(Mutex::new(Vec::new()));
    let (kept, watched) = (Arc::clone(&copies), disk.clone());
    let keep = move |step: &str| {
        let copy = tempfile::tempdir().unwrap();
        copy_directory(&watched.root, copy.path());
        kept.lock().unwrap().push((step.to_owned(), copy, watched.volatile()));
    };
    let keep = Arc::new(keep);
    let at_steps = Arc::clone(&keep);
    disk.hook(move |step| {
        at_steps(step);
        Ok(())
    });
    work.await;
    keep("the end");
    std::mem::take(&mut copies.lock().unwrap())
}

fn copy_directory(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_directory(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Whether the new blob is there, whole, or not at all; the old one must be.
async fn check(bench: &Bench, old: &[u8], new: &[u8], expected: Option<bool>, step: &str) -> bool {
    assert!(bench.pull(&Digest::sha256(old)).await.unwrap() == old, "{step}");
    let pulled = bench.pull(&Digest::sha256(new)).await;
    assert!(pulled.as_ref().is_none_or(|pulled| pulled == new), "{step}");
    let there = pulled.is_some();
    assert!(expected.is_none_or(|expected| expected == there), "{step}: {there}");
    there
}

/// No file but those that rows name.
fn nothing_is_left(bench: &Bench, step: &str) {
    assert_eq!(bench.files("uploads"), Vec::<PathBuf>::new(), "{step}");
    let named = rows(bench.directory.path());
    assert_eq!(i64::try_from(bench.files("blobs").len()), Ok(named), "{step}");
}
