//! The uploads that are open, by whose they are; and who gives one up where there are as many as
//! there may be: whoever has most of them, unless the newcomer has as many.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use naru_access::PrincipalId;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::UploadKey;
use super::upload::Upload;

/// An upload, which one request at a time goes on with.
pub(super) type Open = Arc<Mutex<Upload>>;

/// All that are open.
#[derive(Default)]
pub(super) struct Uploads {
    open: HashMap<UploadKey, Entry>,
    /// Of each principal, in the order in which they were begun.
    by_owner: HashMap<PrincipalId, BTreeMap<u64, UploadKey>>,
    last: u64,
}

struct Entry {
    owner: PrincipalId,
    number: u64,
    upload: Open,
}

impl Uploads {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn contains(&self, key: UploadKey) -> bool {
        self.open.contains_key(&key)
    }

    pub(super) fn upload(&self, key: UploadKey) -> Option<Open> {
        self.open.get(&key).map(|entry| Arc::clone(&entry.upload))
    }

    pub(super) fn all(&self) -> Vec<Open> {
        self.open.values().map(|entry| Arc::clone(&entry.upload)).collect()
    }

    pub(super) fn insert(&mut self, owner: PrincipalId, upload: Upload) {
        self.last += 1;
        let (key, number) = (upload.key, self.last);
        let entry = Entry { owner, number, upload: Arc::new(Mutex::new(upload)) };
        self.open.insert(key, entry);
        self.by_owner.entry(owner).or_default().insert(number, key);
    }

    pub(super) fn remove(&mut self, key: UploadKey) {
        let Some(Entry { owner, number, .. }) = self.open.remove(&key) else { return };
        let Some(owned) = self.by_owner.get_mut(&owner) else { return };
        owned.remove(&number);
        if owned.is_empty() {
            self.by_owner.remove(&owner);
        }
    }

    /// Takes out the oldest of whoever has most, if that is more than this one has. What a request
    /// goes on with at this moment stays.
    pub(super) fn take_from_who_has_most(
        &mut self,
        newcomer: PrincipalId,
    ) -> Option<OwnedMutexGuard<Upload>> {
        let has = self.by_owner.get(&newcomer).map_or(0, BTreeMap::len);
        let most = self.by_owner.values().max_by_key(|owned| owned.len())?;
        if most.len() <= has {
            return None;
        }
        let open = most.values().filter_map(|key| self.open.get(key));
        let taken = open
            .map(|entry| Arc::clone(&entry.upload))
            .find_map(|upload| upload.try_lock_owned().ok())?;
        self.remove(taken.key);
        Some(taken)
    }
}
