//! Content that was read lately and is small: manifests, blobs that lie in the database, and where
//! the others are.
//!
//! What is kept is only ever what is there: that something is *not* there is always read. Each thing
//! is kept with the [`Turn`] of its repository that was current *before* it was read, and is of no use
//! in another turn. A commit that moves, hides or removes anything of a repository ends its turn
//! before anybody is told of the commit, so whoever has been told never sees what was before. This
//! process is the sole writer; an engine that several share keeps nothing here.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use naru_access::InRepository;
use naru_oci::{Digest, Reference};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Equivalent, Weighter};

use crate::record::{Blob, BlobBody, StoredManifest};

/// How many bytes are kept of each kind.
const BYTES: u64 = 8 << 20;

/// Things of this size are expected: how many there may be follows from it.
const USUAL: usize = 1 << 10;

/// What is larger is read each time.
const LARGEST: usize = 64 << 10;

/// What a thing takes beside its bytes, about.
const ASIDE: u64 = 256;

/// Repositories share so many turns: one that is written to ends those of a few others too.
const TURNS: usize = 4_096;

/// What was read lately.
pub(super) struct Recent {
    manifests: Kept<StoredManifest>,
    blobs: Kept<Blob>,
    turns: Turns,
}

/// Which turn a repository is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    own: u64,
    all: u64,
}

/// The turns of all repositories. Cheap to clone.
#[derive(Clone)]
pub(super) struct Turns(Arc<Counters>);

struct Counters {
    hasher: RandomState,
    own: Vec<AtomicU64>,
    all: AtomicU64,
}

/// Where the turn of a repository is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counter(usize);

impl Default for Turns {
    fn default() -> Self {
        let own = std::iter::repeat_with(AtomicU64::default).take(TURNS).collect();
        Self(Arc::new(Counters { hasher: RandomState::new(), own, all: AtomicU64::new(0) }))
    }
}

impl Turns {
    /// Where the turn of `place` is counted.
    pub(super) fn counter(&self, place: &InRepository) -> Counter {
        let hash = self.0.hasher.hash_one(place);
        Counter(usize::try_from(hash % TURNS as u64).unwrap_or_default())
    }

    /// The turn at present.
    pub(super) fn current(&self, place: &InRepository) -> Turn {
        let Counter(at) = self.counter(place);
        let own = self.0.own.get(at).map_or(0, |turn| turn.load(Ordering::Acquire));
        Turn { own, all: self.0.all.load(Ordering::Acquire) }
    }

    /// Ends the turn of a repository.
    pub(super) fn end(&self, Counter(at): Counter) {
        if let Some(turn) = self.0.own.get(at) {
            turn.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Ends the turns of all repositories.
    pub(super) fn end_all(&self) {
        self.0.all.fetch_add(1, Ordering::AcqRel);
    }
}

impl Recent {
    pub(super) fn new(turns: Turns) -> Self {
        Self { manifests: kept(), blobs: kept(), turns }
    }

    /// The turn that `place` is in; to be asked for before anything of it is read.
    pub(super) fn turn(&self, place: &InRepository) -> Turn {
        self.turns.current(place)
    }

    /// A manifest that was read in this turn.
    pub(super) fn manifest(
        &self,
        turn: Turn,
        place: &InRepository,
        reference: &Reference,
    ) -> Option<StoredManifest> {
        found(&self.manifests, turn, &Named { place, name: reference })
    }

    /// Keeps a manifest that was read after `turn` was asked for.
    pub(super) fn keep_manifest(
        &self,
        turn: Turn,
        place: InRepository,
        reference: Reference,
        manifest: &StoredManifest,
    ) {
        if manifest.bytes.len() <= LARGEST {
            self.manifests.insert(Name { place, name: reference }, (turn, manifest.clone()));
        }
    }

    /// A blob that was read in this turn.
    pub(super) fn blob(&self, turn: Turn, place: &InRepository, digest: &Digest) -> Option<Blob> {
        found(&self.blobs, turn, &Named { place, name: digest })
    }

    /// Keeps a blob that was read after `turn` was asked for.
    pub(super) fn keep_blob(&self, turn: Turn, place: InRepository, digest: Digest, blob: &Blob) {
        self.blobs.insert(Name { place, name: digest }, (turn, blob.clone()));
    }
}

type Kept<T> = Cache<
    Name<<T as Recalled>::By>,
    (Turn, T),
    Weight,
    RandomState,
    DefaultLifecycle<Name<<T as Recalled>::By>, (Turn, T)>,
>;

/// Something that is kept.
trait Recalled: Clone {
    /// What it is asked for by, within its repository.
    type By: Clone + Eq + Hash;
    /// How many bytes it has.
    fn bytes(&self) -> usize;
}

impl Recalled for StoredManifest {
    type By = Reference;
    fn bytes(&self) -> usize {
        self.bytes.len() + self.stat.media_type.len()
    }
}

impl Recalled for Blob {
    type By = Digest;
    fn bytes(&self) -> usize {
        match &self.body {
            BlobBody::Inline(bytes) => bytes.len(),
            BlobBody::Stored(location) => location.0.len(),
        }
    }
}

/// What a thing is kept under. Hashes as [`Named`] does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Name<N> {
    place: InRepository,
    name: N,
}

/// What a thing is looked for by.
#[derive(Hash)]
struct Named<'a, N> {
    place: &'a InRepository,
    name: &'a N,
}

impl<N: Eq + Hash> Equivalent<Name<N>> for Named<'_, N> {
    fn equivalent(&self, kept: &Name<N>) -> bool {
        *self.place == kept.place && *self.name == kept.name
    }
}

#[derive(Clone)]
struct Weight;

impl<T: Recalled> Weighter<Name<T::By>, (Turn, T)> for Weight {
    fn weight(&self, name: &Name<T::By>, (_, kept): &(Turn, T)) -> u64 {
        ASIDE + (name.place.repository.as_str().len() + kept.bytes()) as u64
    }
}

fn kept<T: Recalled>() -> Kept<T> {
    let expected = usize::try_from(BYTES).unwrap_or(usize::MAX) / USUAL;
    Cache::with(expected, BYTES, Weight, RandomState::new(), DefaultLifecycle::default())
}

fn found<T: Recalled>(kept: &Kept<T>, turn: Turn, named: &Named<'_, T::By>) -> Option<T> {
    let (then, thing) = kept.get(named)?;
    (then == turn).then_some(thing)
}

#[cfg(test)]
mod tests {
    use naru_access::{InRegistry, RegistryId, TenantId};
    use uuid::Uuid;

    use super::*;
    use crate::record::{Location, ManifestStat};

    fn place(name: &str) -> InRepository {
        let registry = InRegistry {
            tenant: TenantId(Uuid::from_u128(1)),
            registry: RegistryId(Uuid::from_u128(2)),
        };
        InRepository { registry, repository: name.parse().unwrap() }
    }

    fn manifest(text: &str) -> StoredManifest {
        let digest = Digest::sha256(text.as_bytes());
        let size = text.len() as u64;
        let stat = ManifestStat { digest, media_type: "text/plain".to_owned(), size };
        StoredManifest { stat, bytes: text.to_owned().into() }
    }

    fn tag(name: &str) -> Reference {
        name.parse().unwrap()
    }

    #[test]
    fn what_was_read_in_this_turn_is_found_where_it_was_read_and_under_its_name_alone() {
        let recent = Recent::new(Turns::default());
        let here = place("team/app");
        let turn = recent.turn(&here);
        recent.keep_manifest(turn, here.clone(), tag("v1"), &manifest("one"));
        assert_eq!(recent.manifest(turn, &here, &tag("v1")).unwrap().bytes, "one");
        assert!(recent.manifest(turn, &here, &tag("v2")).is_none());
        let there = place("team/other");
        assert!(recent.manifest(recent.turn(&there), &there, &tag("v1")).is_none());
    }

    #[test]
    fn what_was_read_before_a_turn_ended_is_of_no_use_after_it() {
        let turns = Turns::default();
        let recent = Recent::new(turns.clone());
        let here = place("team/app");
        let before = recent.turn(&here);
        turns.end(turns.counter(&here));
        // The reading began before the commit, and is kept after it.
        recent.keep_manifest(before, here.clone(), tag("v1"), &manifest("old"));
        assert!(recent.manifest(recent.turn(&here), &here, &tag("v1")).is_none());
    }

    #[test]
    fn a_turn_of_all_ends_that_of_each() {
        let turns = Turns::default();
        let recent = Recent::new(turns.clone());
        let here = place("team/app");
        let (turn, digest) = (recent.turn(&here), Digest::sha256(b"layer"));
        let blob = Blob { size: 5, body: BlobBody::Stored(Location("00/00".to_owned())) };
        recent.keep_blob(turn, here.clone(), digest, &blob);
        assert!(recent.blob(recent.turn(&here), &here, &digest).is_some());
        turns.end_all();
        assert!(recent.blob(recent.turn(&here), &here, &digest).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded_by_its_bytes() {
        let recent = Recent::new(Turns::default());
        let here = place("team/app");
        let turn = recent.turn(&here);
        let large = manifest(&"x".repeat(LARGEST));
        for number in 0..1_000 {
            recent.keep_manifest(turn, here.clone(), tag(&format!("v{number}")), &large);
        }
        assert!(recent.manifests.weight() <= BYTES);
        let beyond = manifest(&"x".repeat(LARGEST + 1));
        recent.keep_manifest(turn, here.clone(), tag("beyond"), &beyond);
        assert!(recent.manifest(turn, &here, &tag("beyond")).is_none());
    }
}
