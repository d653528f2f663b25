//! Reading content in frames, one hop to the blocking threads a frame, with the next one read
//! ahead; so a slow client holds no thread. Where many read at once the frames are smaller, so that
//! those who read and do not take what they asked for hold little memory either.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::StoreError;

/// The largest frame, and the smallest. Small ones cost a hop each.
const FRAME: u64 = 512 << 10;
const SMALLEST: u64 = 16 << 10;

/// What the frames of all readers together should have, as long as none is smaller than the smallest.
/// Each reader has two: one that the client takes, and the next one.
const ALL_FRAMES: u64 = 64 << 20;

/// How many read in this process.
static READERS: AtomicU64 = AtomicU64::new(0);

type Frame = Result<(File, Bytes), StoreError>;

/// The frames of a range of content.
#[derive(Debug)]
pub struct Chunks {
    next: Option<JoinHandle<Frame>>,
    remaining: u64,
    _reader: Reader,
}

/// One of those who read.
#[derive(Debug)]
struct Reader;

impl Reader {
    fn new() -> Self {
        READERS.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        READERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The size of the next frame, where so many read.
fn frame(readers: u64) -> u64 {
    (ALL_FRAMES / 2 / readers.max(1)).clamp(SMALLEST, FRAME)
}

impl Chunks {
    /// Opens a file of a known size and reads its first frame, so that what cannot be read is
    /// known before an answer begins.
    pub(super) async fn open(
        path: &Path,
        size: u64,
        first: u64,
        length: u64,
    ) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let opened = spawn_blocking(move || -> Result<File, StoreError> {
            let mut file = File::open(&path)?;
            let found = file.metadata()?.len();
            if found != size {
                let path = path.display();
                return Err(StoreError::Damaged(format!("{path} has {found} B, not {size} B")));
            }
            file.seek(SeekFrom::Start(first))?;
            Ok(file)
        });
        let file = opened.await.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        let mut chunks = Self { next: None, remaining: length, _reader: Reader::new() };
        chunks.read_ahead(file);
        Ok(chunks)
    }

    /// The next frame; none at the end.
    pub fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, StoreError>>> {
        let Some(handle) = self.next.as_mut() else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(handle).poll(context));
        self.next = None;
        Poll::Ready(Some(match frame {
            Ok(Ok((file, bytes))) => {
                self.read_ahead(file);
                Ok(bytes)
            }
            Ok(Err(error)) => Err(error),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }))
    }

    fn read_ahead(&mut self, mut file: File) {
        let length = self.remaining.min(frame(READERS.load(Ordering::Relaxed)));
        if length == 0 {
            return;
        }
        self.remaining -= length;
        self.next = Some(spawn_blocking(move || {
            let mut buffer = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
            let read = (&mut file).take(length).read_to_end(&mut buffer)?;
            if read as u64 == length {
                Ok((file, Bytes::from(buffer)))
            } else {
                Err(StoreError::Damaged("a content file ends early".to_owned()))
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_readers_have_large_frames_and_many_have_little_together() {
        assert_eq!([0, 1, 64].map(frame), [FRAME; 3]);
        assert_eq!(frame(128), FRAME / 2);
        assert_eq!(frame(1024) * 1024 * 2, ALL_FRAMES);
        assert_eq!(frame(1_000_000), SMALLEST);
    }
}
