//! A client that pushes, moves tags, deletes and locks, in repositories of its own, with blobs
//! that all of them share.

use std::collections::BTreeMap;

use naru_testkit::MANIFEST;

use super::Numbers;
use super::journal::{Blob, Deed, Image, Repositories, Repository, Way};
use super::wire::{Cut, Reply, Wire};

/// Repositories of each client.
const REPOSITORIES: u64 = 2;

/// A client has at most so many manifests in a repository before it deletes more than it pushes.
const MANY: usize = 8;

/// What a client knows: what was acknowledged, and what it was about when the server ended.
pub(super) struct Client {
    number: u64,
    numbers: Numbers,
    pub(super) repositories: Repositories,
    /// In which repository, what.
    pub(super) begun: Option<(String, Deed)>,
    /// The correlation ids of the writes that were acknowledged since somebody looked.
    pub(super) ids: Vec<String>,
    pub(super) acknowledged: u64,
    pub(super) refused: u64,
    fresh: u64,
}

/// What became of a deed.
enum Done {
    Acknowledged(Reply),
    Refused,
}

impl Client {
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let names = (0..REPOSITORIES).map(|at| format!("client{number}/{at}"));
        Self {
            number,
            numbers: Numbers::of(seed, 100 + number),
            repositories: names.map(|name| (name, Repository::default())).collect(),
            begun: None,
            ids: Vec::new(),
            acknowledged: 0,
            refused: 0,
            fresh: 0,
        }
    }

    /// Goes on until the server ends; where it is `faulty`, until a request fails. While everything
    /// is collected that nobody names, `leased` is false.
    pub(super) fn work(&mut self, wire: &Wire, leased: bool, faulty: bool) {
        loop {
            for (repository, deed) in self.choose() {
                self.begun = Some((repository.clone(), deed.clone()));
                let held = self.repositories.get_mut(&repository).unwrap();
                held.gone.extend(deed.never().map(|blob| blob.digest.clone()));
                let done = match request(wire, &repository, &deed) {
                    Err(Cut) => return,
                    Ok(reply) if faulty && reply.failed() => return,
                    Ok(reply) => judge(reply, &repository, &deed, held, leased),
                };
                self.begun = None;
                if let Done::Acknowledged(reply) = done {
                    deed.apply(held);
                    self.acknowledged += 1;
                    if !matches!(deed, Deed::Push(..) | Deed::Mount(..) | Deed::Abandon(_)) {
                        self.ids.push(reply.header("x-ms-correlation-request-id").to_owned());
                    }
                } else {
                    // Whoever is refused a blob does not go on to its manifest.
                    self.refused += 1;
                    break;
                }
            }
        }
    }

    /// What is done next, in this order.
    fn choose(&mut self) -> Vec<(String, Deed)> {
        let repository = format!("client{}/{}", self.number, self.numbers.below(REPOSITORIES));
        let held = self.repositories[&repository].clone();
        if held.locked && !self.numbers.once_in(4) {
            return vec![(repository, Deed::Lock(false))];
        }
        let many = held.manifests.len() > MANY;
        let deeds = match self.numbers.below(20) {
            0..=6 if !many => return self.image(&repository),
            0..=8 => self.any(&held.manifests).map(|(digest, _)| Deed::DeleteManifest(digest)),
            9 | 10 => self.any(&held.manifests).map(|(_, image)| Deed::Put(image, self.tag())),
            11 => self.any(&held.tags).map(|(tag, _)| Deed::DeleteTag(tag)),
            12 => self.idle_blob(&held).map(Deed::DeleteBlob),
            13 => Some(Deed::PushWrong(self.blob(), self.blob())),
            14 => Some(Deed::Abandon(self.blob())),
            15 => Some(Deed::Lock(!held.locked)),
            16 if self.numbers.once_in(4) => Some(Deed::DeleteRepository),
            17 => return self.mount(),
            _ => Some(Deed::Push(self.shared(), self.way())),
        };
        deeds.map(|deed| (repository, deed)).into_iter().collect()
    }

    /// An image as a client pushes one.
    fn image(&mut self, repository: &str) -> Vec<(String, Deed)> {
        let blobs = vec![self.blob(), self.shared(), self.blob()];
        let mut deeds: Vec<_> =
            blobs.iter().map(|blob| Deed::Push(blob.clone(), self.way())).collect();
        deeds.push(Deed::Put(Image::new(blobs), self.tag()));
        deeds.into_iter().map(|deed| (repository.to_owned(), deed)).collect()
    }

    /// A blob that a manifest of the one repository names comes into the other.
    fn mount(&mut self) -> Vec<(String, Deed)> {
        let at = self.numbers.below(REPOSITORIES);
        let from = format!("client{}/{at}", self.number);
        let to = format!("client{}/{}", self.number, (at + 1) % REPOSITORIES);
        let manifests = self.repositories[&from].manifests.clone();
        let any = self.any(&manifests);
        any.map(|(_, image)| (to, Deed::Mount(from, image.blobs[1].clone()))).into_iter().collect()
    }

    fn any<T: Clone>(&mut self, among: &BTreeMap<String, T>) -> Option<(String, T)> {
        let count = u64::try_from(among.len()).unwrap();
        let at = usize::try_from(self.numbers.below(count.max(1))).unwrap();
        among.iter().nth(at).map(|(key, value)| (key.clone(), value.clone()))
    }

    /// A blob that no manifest names.
    fn idle_blob(&mut self, held: &Repository) -> Option<String> {
        let named = held.named();
        let idle = held.promised.iter().filter(|digest| !named.contains(*digest));
        let idle = idle.map(|digest| (digest.clone(), ())).collect();
        self.any(&idle).map(|(digest, ())| digest)
    }

    fn tag(&mut self) -> Option<String> {
        (!self.numbers.once_in(5)).then(|| format!("v{}", self.numbers.below(4)))
    }

    fn way(&mut self) -> Way {
        match self.numbers.below(3) {
            0 => Way::Whole,
            1 => Way::Twice,
            _ => Way::Chunks,
        }
    }

    /// A blob that nobody else has: most are small, some lie in files, a few are large.
    fn blob(&mut self) -> Blob {
        self.fresh += 1;
        let size = match self.numbers.below(12) {
            0 => (1 << 20) + self.numbers.below(9 << 20),
            1..=3 => 65_000 + self.numbers.below(300_000),
            _ => 20 + self.numbers.below(5_000),
        };
        Blob::new((self.number << 40) + self.fresh, usize::try_from(size).unwrap())
    }

    /// A blob that all clients have, or delete.
    fn shared(&mut self) -> Blob {
        let number = self.numbers.below(8);
        let size = if number.is_multiple_of(2) { 700 } else { 70_000 * number };
        Blob::new((1 << 60) + number, usize::try_from(size).unwrap())
    }
}

/// What an answer comes to; what else comes than may come is a fault.
fn judge(reply: Reply, repository: &str, deed: &Deed, held: &Repository, leased: bool) -> Done {
    let known = !held.manifests.is_empty() || !held.promised.is_empty();
    match (deed, reply.status) {
        (Deed::Push(..) | Deed::Mount(..) | Deed::Put(..), 201)
        | (
            Deed::DeleteManifest(_)
            | Deed::DeleteTag(_)
            | Deed::DeleteBlob(_)
            | Deed::DeleteRepository
            | Deed::Abandon(_),
            202,
        )
        | (Deed::Lock(_), 200) => Done::Acknowledged(reply),
        (Deed::PushWrong(..), 400) => Done::Refused,
        // Everything but the lock itself and what only begins.
        (_, 405) if held.locked => Done::Refused,
        // Nothing was ever there.
        (Deed::Lock(_) | Deed::DeleteRepository, 404) if !known => Done::Refused,
        // Collection was faster.
        (Deed::Put(..), 400) | (Deed::DeleteBlob(_), 404) if !leased => Done::Refused,
        _ => panic!("{repository} {deed:?}, leased {leased}: {}", reply.text()),
    }
}

fn request(wire: &Wire, repository: &str, deed: &Deed) -> Result<Reply, Cut> {
    let v2 = |path: &str| format!("/v2/{repository}/{path}");
    match deed {
        Deed::Push(blob, way) => push(wire, repository, &blob.digest, &blob.bytes(), *way),
        Deed::PushWrong(blob, other) => {
            push(wire, repository, &other.digest, &blob.bytes(), Way::Whole)
        }
        Deed::Mount(from, Blob { digest, .. }) => {
            wire.send("POST", &v2(&format!("blobs/uploads/?mount={digest}&from={from}")), "", b"")
        }
        Deed::Abandon(blob) => {
            let begun = wire.send("POST", &v2("blobs/uploads/"), "", b"")?;
            if begun.status != 202 {
                return Ok(begun);
            }
            let bytes = blob.bytes();
            wire.send("PATCH", begun.header("location"), "", &bytes[..bytes.len() / 2])
        }
        Deed::Put(image, tag) => {
            let path = v2(&format!("manifests/{}", tag.as_ref().unwrap_or(&image.digest)));
            wire.send("PUT", &path, &format!("Content-Type: {MANIFEST}\r\n"), &image.manifest)
        }
        Deed::DeleteManifest(reference) | Deed::DeleteTag(reference) => {
            wire.send("DELETE", &v2(&format!("manifests/{reference}")), "", b"")
        }
        Deed::DeleteBlob(digest) => wire.send("DELETE", &v2(&format!("blobs/{digest}")), "", b""),
        Deed::DeleteRepository => wire.send("DELETE", &format!("/acr/v1/{repository}"), "", b""),
        Deed::Lock(locked) => {
            let body = format!("{{\"writeEnabled\":{}}}", !locked);
            let path = format!("/acr/v1/{repository}");
            wire.send("PATCH", &path, "Content-Type: application/json\r\n", body.as_bytes())
        }
    }
}

fn push(wire: &Wire, repository: &str, digest: &str, bytes: &[u8], way: Way) -> Result<Reply, Cut> {
    let uploads = format!("/v2/{repository}/blobs/uploads/");
    if matches!(way, Way::Whole) {
        return wire.send("POST", &format!("{uploads}?digest={digest}"), "", bytes);
    }
    let mut reply = wire.send("POST", &uploads, "", b"")?;
    let (chunks, last) = match way {
        Way::Chunks => bytes.split_at(bytes.len() / 4 * 3),
        Way::Whole | Way::Twice => (&bytes[..0], bytes),
    };
    for chunk in chunks.chunks(bytes.len() / 3 + 1) {
        if reply.status != 202 {
            return Ok(reply);
        }
        let location = reply.header("location").to_owned();
        reply = wire.send("PATCH", &location, "", chunk)?;
    }
    if reply.status != 202 {
        return Ok(reply);
    }
    wire.send("PUT", &format!("{}?digest={digest}", reply.header("location")), "", last)
}
