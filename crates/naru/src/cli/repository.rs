//! `naru repository`, with the verbs and options of `az acr repository`.

use clap::{Args, Subcommand, ValueEnum};
use naru_server::control::repository::{ListRequest, TagsRequest, UntagRequest, UpdateRequest};
use naru_server::control::{OrderBy, WhichRequest};

use super::Call;
use crate::confirm::Confirmation;
use crate::failure::Failure;
use crate::layout::{DELETED, DELETED_CONTENT, Layout, MANIFEST, NAMES, REPOSITORY, TAG};

const NOUN: &str = "repository";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Delete(Delete),
    List(List),
    Show(Show),
    ShowTags(ShowTags),
    Untag(Untag),
    Update(Update),
}

/// Which registry, as az names it there.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// The name of the registry, as with `--registry`
    #[arg(short, long)]
    name: Option<String>,
}

/// A repository or an image in it.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Item {
    /// The repository as a whole
    #[arg(long)]
    repository: Option<String>,
    /// An image: REPOSITORY:TAG or REPOSITORY@DIGEST
    #[arg(short = 't', long)]
    image: Option<String>,
}

/// What goes.
#[derive(Args, Debug)]
pub(crate) struct Delete {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    item: Item,
    /// Without asking
    #[arg(short, long)]
    yes: bool,
}

/// How much of the list.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    which: Which,
    /// At most so many (default: all)
    #[arg(long, value_name = "N")]
    top: Option<usize>,
}

/// What is shown.
#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    item: Item,
}

/// Which tags.
#[derive(Args, Debug)]
pub(crate) struct ShowTags {
    #[command(flatten)]
    which: Which,
    /// The repository
    #[arg(long)]
    repository: String,
    /// At most so many (default: all)
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// The order (default: by name)
    #[arg(long)]
    orderby: Option<Order>,
    /// With their metadata
    #[arg(long)]
    detail: bool,
}

/// Which tag.
#[derive(Args, Debug)]
pub(crate) struct Untag {
    #[command(flatten)]
    which: Which,
    /// The tag: REPOSITORY:TAG
    #[arg(short = 't', long)]
    image: String,
}

/// What is to change.
#[derive(Args, Debug)]
pub(crate) struct Update {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    item: Item,
    #[command(flatten)]
    switches: Switches,
}

/// What may be done.
#[derive(Args, Debug)]
#[expect(clippy::struct_field_names, reason = "the names are az's")]
pub(crate) struct Switches {
    /// Whether it may be deleted
    #[arg(long, value_name = "true|false")]
    pub(crate) delete_enabled: Option<bool>,
    /// Whether it stands in lists
    #[arg(long, value_name = "true|false")]
    pub(crate) list_enabled: Option<bool>,
    /// Whether it may be pulled
    #[arg(long, value_name = "true|false")]
    pub(crate) read_enabled: Option<bool>,
    /// Whether it may be written to or overwritten
    #[arg(long, value_name = "true|false")]
    pub(crate) write_enabled: Option<bool>,
}

/// How a list is ordered, in az's words.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Order {
    TimeAsc,
    TimeDesc,
}

impl From<Order> for OrderBy {
    fn from(order: Order) -> Self {
        match order {
            Order::TimeAsc => Self::TimeAsc,
            Order::TimeDesc => Self::TimeDesc,
        }
    }
}

impl From<Item> for WhichRequest {
    fn from(Item { repository, image }: Item) -> Self {
        Self { repository, image }
    }
}

impl Switches {
    /// The change of something.
    pub(crate) fn of(self, which: WhichRequest) -> UpdateRequest {
        UpdateRequest {
            repository: which.repository,
            image: which.image,
            delete_enabled: self.delete_enabled,
            write_enabled: self.write_enabled,
            read_enabled: self.read_enabled,
            list_enabled: self.list_enabled,
        }
    }
}

/// What is shown of something: a tag, or a manifest where it is named by its digest.
pub(crate) fn layout(which: &WhichRequest) -> &'static Layout {
    match &which.image {
        None => &REPOSITORY,
        Some(image) if image.contains('@') => &MANIFEST,
        Some(_) => &TAG,
    }
}

impl Verb {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        let (call, which) = match self {
            Self::Delete(Delete { which, item, yes }) => {
                let request = WhichRequest::from(item);
                let call = Call::new((NOUN, "delete"), &request, &DELETED_CONTENT)?;
                let asked = (!yes).then_some(Confirmation::Delete(request));
                (Call { confirmation: asked, ..call }, which)
            }
            Self::List(List { which, top }) => {
                (Call::new((NOUN, "list"), &ListRequest { top }, &NAMES)?, which)
            }
            Self::Show(Show { which, item }) => {
                let request = WhichRequest::from(item);
                (Call::new((NOUN, "show"), &request, layout(&request))?, which)
            }
            Self::ShowTags(ShowTags { which, repository, top, orderby, detail }) => {
                let orderby = orderby.map(Into::into);
                let request = TagsRequest { repository, top, orderby, detail };
                let layout = if detail { &TAG } else { &NAMES };
                (Call::new((NOUN, "show-tags"), &request, layout)?, which)
            }
            Self::Untag(Untag { which, image }) => {
                (Call::new((NOUN, "untag"), &UntagRequest { image }, &DELETED)?, which)
            }
            Self::Update(Update { which, item, switches }) => {
                let item = WhichRequest::from(item);
                let layout = layout(&item);
                (Call::new((NOUN, "update"), &switches.of(item), layout)?, which)
            }
        };
        Ok(Call { registry: which.name, ..call })
    }
}
