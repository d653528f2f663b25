//! Bytes on their way in and at rest, with the database beside them as the server has it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use naru_access::{
    Access, DataAction, Holder, InRegistry, InRepository, Maintenance, Principal, PrincipalId,
    Pull, Push, RegistryPolicy, Rights, ScopePath, decide,
};
use naru_oci::{Algorithm, Digest};
use naru_store::content::{Directory, Disk, LocalDisk};
use naru_store::{
    BlobBody, DataDir, INLINE_LIMIT, Source, SourceError, Store, StoreError, UploadError, UploadKey,
};
use tempfile::TempDir;

use crate::world::{World, now};

/// More than lies beside a row, in more than one frame.
pub(crate) const LARGE: usize = 3 * INLINE_LIMIT + 7;

/// A store in a directory of its own, with the right to everything in the repository `a`.
pub(crate) struct Bench {
    pub(crate) directory: TempDir,
    pub(crate) store: Store,
    pub(crate) place: InRegistry,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::on(|_| Arc::new(LocalDisk)).await
    }

    /// One that has so many uploads open at once.
    async fn of_at_most(uploads: usize) -> Self {
        let World { directory, store, here, .. } = World::new().await;
        let path = directory.path();
        let (content, _) = Directory::open(path.join("blobs"), path.join("uploads")).unwrap();
        let content = content.for_at_most(uploads);
        let store = Store::new(Arc::new(store), Arc::new(content));
        Self { directory, store, place: here }
    }

    /// One whose content is written to another disk.
    pub(crate) async fn on(disk: impl FnOnce(&Path) -> Arc<dyn Disk>) -> Self {
        let World { directory, store, here, .. } = World::new().await;
        let path = directory.path();
        let (content, leftovers) =
            Directory::open_on(disk(path), path.join("blobs"), path.join("uploads")).unwrap();
        assert!(leftovers.is_empty());
        let store = Store::new(Arc::new(store), Arc::new(content));
        Self { directory, store, place: here }
    }

    /// Ends this process, as far as the store can tell, and starts the next.
    pub(crate) async fn restart(self) -> Self {
        let Self { directory, store, place } = self;
        drop(store);
        Self::open(directory, place).await
    }

    /// Starts a process on a copy of the directory.
    pub(crate) async fn start_on(&self, copy: TempDir) -> Self {
        Self::open(copy, self.place).await
    }

    async fn open(directory: TempDir, place: InRegistry) -> Self {
        let data_dir = DataDir::open(directory.path()).unwrap();
        let store = Store::open(&data_dir, &Maintenance::of_this_process()).await.unwrap();
        Self { directory, store, place }
    }

    pub(crate) fn may<A: DataAction<Place = InRepository>>(&self) -> Access<A> {
        self.may_in("a")
    }

    /// The right to everything in a repository.
    pub(crate) fn may_in<A: DataAction<Place = InRepository>>(&self, name: &str) -> Access<A> {
        self.somebody_may_in(uuid::Uuid::nil(), name)
    }

    /// The right of one of several to everything in a repository.
    fn somebody_may_in<A: DataAction<Place = InRepository>>(
        &self,
        who: uuid::Uuid,
        name: &str,
    ) -> Access<A> {
        let registry = self.place;
        let principal = Principal { id: PrincipalId(who), ..Principal::operator(registry.tenant) };
        let holder = Holder { principal, rights: Rights::Operator, ceiling: None };
        let policy =
            RegistryPolicy { place: registry, path: ScopePath::root(), anonymous_pull: false };
        let place = InRepository { registry, repository: name.parse().unwrap() };
        decide(&holder, &policy, place).unwrap()
    }

    fn begin(&self, key: UploadKey) {
        self.store.begin_upload(&self.may::<Push>(), key, Algorithm::Sha256, now()).unwrap();
    }

    async fn append(
        &self,
        key: UploadKey,
        at: Option<u64>,
        mut source: Frames,
    ) -> Result<u64, UploadError> {
        self.store.append(&self.may::<Push>(), key, at, &mut source, now()).await
    }

    async fn finish(&self, key: UploadKey, digest: Digest) -> Result<(), UploadError> {
        self.store.finish_upload(&self.may::<Push>(), key, digest, now()).await
    }

    async fn received(&self, key: UploadKey) -> Result<u64, UploadError> {
        self.store.received(&self.may::<Push>(), key).await
    }

    /// Uploads content whole.
    pub(crate) async fn push(&self, key: UploadKey, content: &[u8]) -> Result<(), UploadError> {
        self.begin(key);
        self.append(key, None, Frames::of(content)).await?;
        self.finish(key, Digest::sha256(content)).await
    }

    /// Uploads content whole, to a repository.
    pub(crate) async fn push_to(&self, name: &str, key: UploadKey, content: &[u8]) -> Digest {
        let (push, digest) = (self.may_in::<Push>(name), Digest::sha256(content));
        self.store.begin_upload(&push, key, Algorithm::Sha256, now()).unwrap();
        self.store.append(&push, key, None, &mut Frames::of(content), now()).await.unwrap();
        self.store.finish_upload(&push, key, digest, now()).await.unwrap();
        digest
    }

    /// What is stored under a digest; none where it is not linked.
    pub(crate) async fn pull(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.try_pull(digest).await.unwrap()
    }

    /// As [`Bench::pull`], where it may be damaged.
    pub(crate) async fn try_pull(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.store.metadata().blob(&self.may::<Pull>(), digest).await?;
        let Ok(blob) = found else { return Ok(None) };
        match blob.body {
            BlobBody::Inline(bytes) => Ok(Some(bytes.to_vec())),
            BlobBody::Stored(_) => self.part(digest, 0, blob.size).await.map(Some),
        }
    }

    /// A part of content that lies in a file.
    async fn part(&self, digest: &Digest, first: u64, length: u64) -> Result<Vec<u8>, StoreError> {
        let access = self.may::<Pull>();
        let blob = self.store.metadata().blob(&access, digest).await?.unwrap();
        let BlobBody::Stored(location) = blob.body else { panic!("{blob:?}") };
        let mut chunks = self.store.read(&access, (&location, blob.size), first, length).await?;
        let mut content = Vec::new();
        while let Some(frame) = std::future::poll_fn(|context| chunks.poll_next(context)).await {
            content.extend_from_slice(&frame?);
        }
        Ok(content)
    }

    /// The files under a directory.
    pub(crate) fn files(&self, directory: &str) -> Vec<PathBuf> {
        let (mut found, mut ahead) = (Vec::new(), vec![self.directory.path().join(directory)]);
        while let Some(directory) = ahead.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { ahead.push(path) } else { found.push(path) }
            }
        }
        found
    }
}

/// A source of frames, which may end with an error.
pub(crate) struct Frames(Vec<Result<Bytes, SourceError>>);

impl Frames {
    /// Content in frames of the size in which a network brings them.
    pub(crate) fn of(content: &[u8]) -> Self {
        Self(content.chunks(16_000).rev().map(|frame| Ok(Bytes::copy_from_slice(frame))).collect())
    }

    /// Content that ends before its end.
    fn broken(content: &[u8]) -> Self {
        let mut frames = Self::of(content);
        frames.0.insert(0, Err(SourceError::Broken));
        frames
    }
}

#[async_trait]
impl Source for Frames {
    async fn next(&mut self) -> Option<Result<Bytes, SourceError>> {
        self.0.pop()
    }
}

pub(crate) const fn key(number: u8) -> UploadKey {
    UploadKey([number; 16])
}

/// Content that is like no other seed's.
pub(crate) fn content(seed: u8, size: usize) -> Vec<u8> {
    (0..size).map(|place| seed ^ u8::try_from(place % 251).unwrap()).collect()
}

#[tokio::test]
async fn content_lies_beside_its_row_up_to_a_size_and_in_a_file_beyond() {
    let bench = Bench::new().await;
    for (number, size, files) in
        [(1, 0, 0), (2, INLINE_LIMIT, 0), (3, INLINE_LIMIT + 1, 1), (4, LARGE, 2)]
    {
        let content = content(number, size);
        bench.push(key(number), &content).await.unwrap();
        assert_eq!(bench.files("blobs").len(), files, "{size}");
        assert!(bench.files("uploads").is_empty(), "{size}");
        assert!(bench.pull(&Digest::sha256(&content)).await.unwrap() == content, "{size}");
    }
}

#[tokio::test]
async fn any_part_of_a_file_can_be_read() {
    let bench = Bench::new().await;
    // Larger than the frames that it is read in.
    let content = content(1, (2 << 20) + 99);
    bench.push(key(1), &content).await.unwrap();
    let (digest, size) = (Digest::sha256(&content), content.len());
    for (first, length) in
        [(0, 0), (0, 1), (5, 100), (size - 1, 1), (1 << 20, 1 << 20), (7, size - 7), (0, size)]
    {
        let part = bench.part(&digest, first as u64, length as u64).await.unwrap();
        assert!(part == content[first..first + length], "{length} from {first}");
    }
}

#[tokio::test]
async fn a_file_that_lost_its_end_is_damage_and_no_answer() {
    let bench = Bench::new().await;
    let content = content(1, LARGE);
    bench.push(key(1), &content).await.unwrap();
    let [file] = bench.files("blobs").try_into().unwrap();
    std::fs::write(&file, &content[..LARGE - 1]).unwrap();
    let read = bench.part(&Digest::sha256(&content), 0, LARGE as u64).await;
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
    std::fs::remove_file(file).unwrap();
    let read = bench.part(&Digest::sha256(&content), 0, LARGE as u64).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
}

#[tokio::test]
async fn what_came_before_a_break_is_kept() {
    let bench = Bench::new().await;
    for (number, size) in [(1, 30_000), (2, LARGE)] {
        let (key, content) = (key(number), content(number, 2 * size));
        bench.begin(key);
        let broken = bench.append(key, None, Frames::broken(&content[..size])).await;
        assert_eq!(broken, Err(UploadError::Source(SourceError::Broken)));
        assert_eq!(bench.received(key).await, Ok(size as u64));
        let twice = bench.append(key, Some(0), Frames::of(&content)).await;
        assert_eq!(twice, Err(UploadError::OutOfOrder(size as u64)));
        let rest = Frames::of(&content[size..]);
        assert_eq!(bench.append(key, Some(size as u64), rest).await, Ok(2 * size as u64));
        bench.finish(key, Digest::sha256(&content)).await.unwrap();
        assert!(bench.pull(&Digest::sha256(&content)).await.unwrap() == content);
    }
}

#[tokio::test]
async fn a_wrong_digest_changes_nothing() {
    let bench = Bench::new().await;
    for (number, size) in [(1, 10), (2, LARGE)] {
        let (key, content) = (key(number), content(number, size));
        bench.begin(key);
        bench.append(key, None, Frames::of(&content)).await.unwrap();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let wrong = Digest::of(algorithm, b"something else");
            assert_eq!(bench.finish(key, wrong).await, Err(UploadError::Digest));
            assert!(bench.pull(&wrong).await.is_none());
        }
        assert!(bench.files("blobs").is_empty() || number == 2);
        let right = Digest::of(Algorithm::Sha512, &content);
        bench.finish(key, right).await.unwrap();
        assert!(bench.pull(&right).await.unwrap() == content);
        assert_eq!(bench.received(key).await, Err(UploadError::Unknown));
    }
    assert_eq!(bench.files("blobs").len(), 1);
}

#[tokio::test]
async fn uploads_that_nobody_touched_go_and_others_stay() {
    let bench = Bench::new().await;
    let later = |hours| now() + SignedDuration::from_hours(hours);
    for number in [1, 2] {
        bench.begin(key(number));
        bench.append(key(number), None, Frames::of(&content(number, LARGE))).await.unwrap();
    }
    bench.begin(key(3));
    let push = bench.may::<Push>();
    let touched: Timestamp = later(20);
    bench.store.append(&push, key(2), None, &mut Frames::of(b"more"), touched).await.unwrap();
    assert_eq!(bench.files("uploads").len(), 2);
    bench.store.expire_uploads(&Maintenance::of_this_process(), later(2)).await;
    assert_eq!(bench.files("uploads").len(), 1);
    for gone in [1, 3] {
        assert_eq!(bench.received(key(gone)).await, Err(UploadError::Unknown));
    }
    assert_eq!(bench.received(key(2)).await, Ok(LARGE as u64 + 4));
}

#[tokio::test]
async fn no_more_uploads_are_open_than_the_server_keeps() {
    let bench = Bench::new().await;
    let push = bench.may::<Push>();
    let begin = |number: u128| {
        let key = UploadKey(number.to_be_bytes());
        bench.store.begin_upload(&push, key, Algorithm::Sha256, now())
    };
    for number in 0..10_000 {
        begin(number).unwrap();
    }
    assert_eq!(begin(10_000), Err(UploadError::TooMany));
    bench.store.cancel_upload(&push, UploadKey(5_u128.to_be_bytes())).await.unwrap();
    begin(10_001).unwrap();
}

#[tokio::test]
async fn whoever_has_most_uploads_gives_up_the_oldest_to_whoever_has_fewer() {
    let bench = Bench::of_at_most(6).await;
    let may = |who| bench.somebody_may_in::<Push>(uuid::Uuid::from_u128(who), "a");
    let begin =
        |who, number| bench.store.begin_upload(&may(who), key(number), Algorithm::Sha256, now());
    for number in 1..=6 {
        begin(1, number).unwrap();
        bench.append(key(number), None, Frames::of(&content(number, LARGE))).await.unwrap();
    }
    assert_eq!(begin(1, 7), Err(UploadError::TooMany), "whoever has most gets no more");
    for number in 11..=13 {
        begin(2, number).unwrap();
        bench.append(key(number), None, Frames::of(&content(number, 1000))).await.unwrap();
    }
    for number in [1, 2, 3] {
        assert_eq!(bench.received(key(number)).await, Err(UploadError::Unknown));
    }
    assert_eq!(begin(2, 14), Err(UploadError::TooMany), "both have as many");
    begin(3, 21).unwrap();
    assert_eq!(bench.store.uploads_in_progress(), 6);
    bench.finish(key(5), Digest::sha256(&content(5, LARGE))).await.unwrap();
    bench.finish(key(13), Digest::sha256(&content(13, 1000))).await.unwrap();
}

#[tokio::test]
async fn what_a_request_goes_on_with_is_not_given_up() {
    let bench = Bench::of_at_most(2).await;
    let may = |who| bench.somebody_may_in::<Push>(uuid::Uuid::from_u128(who), "a");
    let begin =
        |who, number| bench.store.begin_upload(&may(who), key(number), Algorithm::Sha256, now());
    begin(1, 1).unwrap();
    begin(1, 2).unwrap();
    let (send, mut source) = Piped::new();
    let push = may(1);
    let going_on = bench.store.append(&push, key(1), None, &mut source, now());
    let meanwhile = async {
        send.send(Bytes::from_static(b"first")).await.unwrap();
        begin(2, 3).unwrap();
        send.send(Bytes::from_static(b" and last")).await.unwrap();
        drop(send);
    };
    let (went_on, ()) = tokio::join!(going_on, meanwhile);
    assert_eq!(went_on, Ok(14));
    assert_eq!(bench.received(key(2)).await, Err(UploadError::Unknown));
}

/// A source that another fills.
struct Piped(tokio::sync::mpsc::Receiver<Bytes>);

impl Piped {
    fn new() -> (tokio::sync::mpsc::Sender<Bytes>, Self) {
        let (send, receive) = tokio::sync::mpsc::channel(1);
        (send, Self(receive))
    }
}

#[async_trait]
impl Source for Piped {
    async fn next(&mut self) -> Option<Result<Bytes, SourceError>> {
        self.0.recv().await.map(Ok)
    }
}

/// Small uploads wait in memory, and all of them together have a bound, beyond which they are files.
#[tokio::test]
async fn many_small_uploads_do_not_all_wait_in_memory() {
    let bench = Bench::new().await;
    let push = bench.may::<Push>();
    let many = |number: u128| UploadKey(number.to_be_bytes());
    let small = content(1, INLINE_LIMIT);
    // 32 MiB of them, and ten more.
    for number in 0..522 {
        let store = &bench.store;
        store.begin_upload(&push, many(number), Algorithm::Sha256, now()).unwrap();
        store.append(&push, many(number), None, &mut Frames::of(&small), now()).await.unwrap();
    }
    assert_eq!(bench.files("uploads").len(), 10);
    for number in [0, 521] {
        bench.finish(many(number), Digest::sha256(&small)).await.unwrap();
    }
    assert!(bench.pull(&Digest::sha256(&small)).await.unwrap() == small);
    for number in 1..521 {
        bench.store.cancel_upload(&push, many(number)).await.unwrap();
    }
    assert!(bench.files("uploads").is_empty());
    bench.begin(key(1));
    bench.append(key(1), None, Frames::of(&small)).await.unwrap();
    assert!(bench.files("uploads").is_empty(), "there is room again");
}

#[tokio::test]
async fn a_start_removes_what_was_in_progress_and_nothing_that_is_not_its_own() {
    let bench = Bench::new().await;
    let kept = content(1, LARGE);
    bench.push(key(1), &kept).await.unwrap();
    bench.begin(key(2));
    bench.append(key(2), None, Frames::of(&content(2, LARGE))).await.unwrap();
    let foreign = bench.directory.path().join("uploads/notes.txt");
    std::fs::write(&foreign, "somebody else's").unwrap();
    let bench = bench.restart().await;
    assert_eq!(bench.files("uploads"), [foreign]);
    assert_eq!(bench.received(key(2)).await, Err(UploadError::Unknown));
    assert!(bench.pull(&Digest::sha256(&kept)).await.unwrap() == kept);
}

/// A disk on which no file can be made.
struct ReadOnly;

impl Disk for ReadOnly {
    fn create(&self, _: &Path) -> io::Result<Box<dyn naru_store::content::DiskFile>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        LocalDisk.create_directory(path)
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        LocalDisk.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        LocalDisk.sync_directory(path)
    }
}

#[tokio::test]
async fn a_disk_that_takes_no_file_is_unavailable_and_small_content_does_not_need_it() {
    let bench = Bench::on(|_| Arc::new(ReadOnly)).await;
    bench.push(key(1), b"small").await.unwrap();
    assert_eq!(bench.pull(&Digest::sha256(b"small")).await.unwrap(), b"small");
    let refused = bench.push(key(2), &content(2, LARGE)).await;
    assert!(matches!(refused, Err(UploadError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    // An upload of unknown extent is not one to go on with.
    assert_eq!(bench.received(key(2)).await, Err(UploadError::Unknown));
}
