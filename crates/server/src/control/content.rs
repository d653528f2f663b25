//! What the use cases on content share: which thing is meant, whether the caller may, what is
//! written down of it, and how it is told that it did not work.

use naru_access::{
    Access, DataAction, Delete, InRepository, Place as _, ReadMetadata, WriteMetadata, decide,
};
use naru_oci::{Digest, Reference, RepositoryName, Tag};
use naru_store::{
    Barred, Deed, Item, Listing, Missing, Order, Page, Registry, RepositoryEvent, RequestFacts,
    Tally,
};
use serde::{Deserialize, Serialize};

use super::{Caller, Failure, Fault, find_registry, metadata, not_found, now, registry};
use crate::edge::host::canonical;
use crate::state::App;

/// How much of a list is read at once.
const PAGE: usize = 10_000;

/// A repository, or an image in one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhichRequest {
    /// A repository as a whole.
    pub repository: Option<String>,
    /// `REPOSITORY:TAG` or `REPOSITORY@DIGEST`.
    pub image: Option<String>,
}

/// How a list is ordered, where it is not by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderBy {
    /// Oldest change first.
    TimeAsc,
    /// Latest change first.
    TimeDesc,
}

impl OrderBy {
    pub(super) const fn order(by: Option<Self>) -> Order {
        match by {
            None => Order::Name,
            Some(Self::TimeAsc) => Order::TimeAscending,
            Some(Self::TimeDesc) => Order::TimeDescending,
        }
    }
}

/// Something that a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) place: InRepository,
    pub(super) item: Item,
}

impl Named {
    pub(super) fn read(app: &App, here: &Registry, which: &WhichRequest) -> Result<Self, Fault> {
        match (&which.repository, &which.image) {
            (Some(name), None) => Self::repository(here, name),
            (None, Some(image)) => Self::image(app, here, image),
            _ => Err(Fault::Combination("failure-image-or-repository")),
        }
    }

    pub(super) fn repository(here: &Registry, name: &str) -> Result<Self, Fault> {
        let repository = name.parse().map_err(|_| {
            let lower = name.to_ascii_lowercase();
            let bare = lower.split(['@', ':']).next().unwrap_or_default();
            let nearest = Some(bare.to_owned()).filter(|it| it.parse::<RepositoryName>().is_ok());
            Fault::Repository { given: name.to_owned(), nearest }
        })?;
        Ok(Self::at(here, repository, Item::Repository))
    }

    /// An image, with the login server in front or without it.
    pub(super) fn image(app: &App, here: &Registry, text: &str) -> Result<Self, Fault> {
        let server = registry::login_server(&app.config, here);
        let bare = text.strip_prefix(&server).and_then(|rest| rest.strip_prefix('/'));
        let (repository, item) = split(bare.unwrap_or(text)).ok_or_else(|| {
            let lower = bare.unwrap_or(text).to_ascii_lowercase();
            let tagged = format!("{lower}:latest");
            let nearest = [lower, tagged].into_iter().find(|image| split(image).is_some());
            Fault::Image { given: text.to_owned(), nearest }
        })?;
        Ok(Self::at(here, repository, item))
    }

    fn at(here: &Registry, repository: RepositoryName, item: Item) -> Self {
        Self { place: InRepository { registry: here.place(), repository }, item }
    }

    /// Something else in the same repository.
    pub(super) fn beside(&self, item: Item) -> Self {
        Self { place: self.place.clone(), item }
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        let repository = &self.place.repository;
        match &self.item {
            Item::Manifest(digest) => format!("{repository}@{digest}"),
            Item::Repository => repository.to_string(),
            Item::Tag(tag) => format!("{repository}:{tag}"),
        }
    }

    /// What kind of thing it is.
    const fn noun(&self) -> &'static str {
        match self.item {
            Item::Manifest(_) => "manifest",
            Item::Repository => "repository",
            Item::Tag(_) => "tag",
        }
    }

    /// The option by which a command names it.
    pub(super) fn option(&self) -> &'static str {
        if self.item == Item::Repository { "--repository" } else { "--image" }
    }

    /// It as what a pull asks for.
    pub(super) fn reference(&self) -> Option<Reference> {
        match &self.item {
            Item::Manifest(digest) => Some(Reference::Digest(*digest)),
            Item::Repository => None,
            Item::Tag(tag) => Some(Reference::Tag(tag.clone())),
        }
    }

    /// That it is not there.
    pub(super) fn missing(&self, missing: Missing) -> Failure {
        match missing {
            Missing::Content => not_found(self.noun(), &self.name()),
            Missing::Repository => not_found("repository", self.place.repository.as_str()),
        }
    }

    /// Why it is not handed out or changed; where it is locked, with the command that lifts it.
    pub(super) async fn barred(
        &self,
        app: &App,
        caller: &Caller,
        here: &Registry,
        (barred, deed): (Barred, Deed),
    ) -> Failure {
        match barred {
            Barred::Missing(missing) => self.missing(missing),
            Barred::Locked => {
                self.locked(app, caller, here, deed).await.unwrap_or_else(|failure| failure)
            }
        }
    }

    async fn locked(
        &self,
        app: &App,
        caller: &Caller,
        here: &Registry,
        deed: Deed,
    ) -> Result<Failure, Failure> {
        // Whoever may not look at attributes is told of the lock, and not where it is.
        let found = match allow_content::<ReadMetadata>(caller, here, self.place.clone()) {
            Ok(access) => metadata(app).locked(&access, &self.item, deed).await?,
            Err(_) => None,
        };
        let locked = found.map_or_else(|| self.clone(), |item| self.beside(item));
        let option = locked.option();
        let switches = match deed {
            Deed::Delete => "--delete-enabled true --write-enabled true",
            Deed::Pull => "--read-enabled true",
        };
        let elsewhere = if find_registry(app, None).await?.id == here.id {
            String::new()
        } else {
            format!(" -r {}", here.name)
        };
        let name = locked.name();
        let lift = format!("naru repository update {option} {name} {switches}{elsewhere}");
        Ok(Failure::Locked { what: locked.noun(), name, lift })
    }
}

/// The repository of an image, and what is meant in it: by its digest, where it has one.
fn split(image: &str) -> Option<(RepositoryName, Item)> {
    let (before, digest) = match image.split_once('@') {
        Some((before, digest)) => (before, Some(digest.parse::<Digest>().ok()?)),
        None => (image, None),
    };
    let (repository, tag) = match before.split_once(':') {
        Some((repository, tag)) => (repository, Some(tag.parse::<Tag>().ok()?)),
        None => (before, None),
    };
    let item = digest.map(Item::Manifest).or_else(|| tag.map(Item::Tag))?;
    Some((repository.parse().ok()?, item))
}

/// Decides whether the caller may do `A` to content.
pub(super) fn allow_content<A: DataAction>(
    caller: &Caller,
    registry: &Registry,
    place: A::Place,
) -> Result<Access<A>, Failure> {
    decide::<A>(&caller.holder, &registry.policy(), place)
        .map_err(|denial| Failure::Denied(Box::new(denial)))
}

/// A right on content that changes it.
pub(super) trait Writing: DataAction<Place = InRepository> {}

impl Writing for Delete {}
impl Writing for WriteMetadata {}

/// The event of a change, to commit with it.
pub(super) fn event<A: Writing>(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    access: &Access<A>,
    (operation, item): (&str, &Item),
) -> RepositoryEvent {
    let taken = app.now().duration_since(caller.time).as_millis();
    let request = RequestFacts {
        time: now(app),
        duration_ms: i64::try_from(taken).unwrap_or(i64::MAX),
        correlation_id: caller.correlation_id,
        client_request_id: None,
        caller_ip: String::new(),
        user_agent: String::new(),
        login_server: canonical(&app.config, &registry.key()),
        identity: access.holder().name.clone(),
        identity_kind: Some(access.holder().kind),
        credential: access.holder().kind.word().to_owned(),
    };
    let (digest, tag) = match item {
        Item::Manifest(digest) => (Some(digest.to_string()), None),
        Item::Repository => (None, None),
        Item::Tag(tag) => (None, Some(tag.to_string())),
    };
    RepositoryEvent {
        place: *access.place().registry(),
        tally: Tally::one(request.time),
        request,
        operation: operation.to_owned(),
        result: 200,
        reason: None,
        repository: access.repository().to_string(),
        tag,
        digest,
        media_type: None,
        artifact_type: None,
        size: None,
        rule: Some(access.rule().to_string()),
    }
}

/// A list to its end, or as much of it as was asked for.
pub(super) async fn whole<T, Reading>(
    top: Option<usize>,
    mut read: impl FnMut(Page) -> Reading,
) -> Result<Vec<T>, Failure>
where
    Reading: Future<Output = Result<Listing<T>, Failure>>,
{
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let left = top.map_or(PAGE, |top| top.saturating_sub(entries.len()).min(PAGE));
        let listing = read(Page { limit: left, after }).await?;
        entries.extend(listing.entries);
        match listing.next {
            Some(next) if top.is_none_or(|top| entries.len() < top) => after = Some(next),
            _ => return Ok(entries),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some of the numbers below `count`, as a list that is read page by page.
    fn numbers(count: usize, page: &Page) -> Listing<usize> {
        let start = page.after.as_ref().map_or(0, |after| after.parse::<usize>().unwrap() + 1);
        let end = count.min(start + page.limit);
        let next = (end < count && end > start).then(|| (end - 1).to_string());
        Listing { entries: (start..end).collect(), next }
    }

    #[tokio::test]
    async fn a_list_is_read_to_its_end_or_as_far_as_was_asked() {
        for count in [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE] {
            for top in [None, Some(0), Some(1), Some(PAGE), Some(PAGE + 7), Some(usize::MAX)] {
                let read = |page: Page| async move { Ok(numbers(count, &page)) };
                let read = whole(top, read).await.unwrap();
                let due: Vec<_> = (0..count.min(top.unwrap_or(usize::MAX))).collect();
                assert_eq!(read, due, "{count} {top:?}");
            }
        }
    }

    #[test]
    fn an_image_is_named_by_its_tag_or_by_its_digest() {
        let digest = Digest::sha256(b"x");
        let (name, tag) = ("team/app".parse::<RepositoryName>().unwrap(), "v1".parse().unwrap());
        assert_eq!(split("team/app:v1"), Some((name.clone(), Item::Tag(tag))));
        for text in [format!("team/app@{digest}"), format!("team/app:v1@{digest}")] {
            assert_eq!(split(&text), Some((name.clone(), Item::Manifest(digest))), "{text}");
        }
        for bad in
            ["", "team/app", ":v1", "team/app:", "team/app:v 1", "team/app@v1", "a:1/b", "A:v1"]
        {
            assert_eq!(split(bad), None, "{bad}");
        }
    }
}
