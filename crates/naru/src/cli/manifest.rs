//! `naru manifest`, with the verbs and options of `az acr manifest`.

use clap::{Args, Subcommand};
use naru_server::control::WhichRequest;
use naru_server::control::manifest::{ImageRequest, ListRequest, ReferrersRequest, ShowRequest};

use super::Call;
use super::repository::{Order, Switches, layout};
use crate::confirm::Confirmation;
use crate::failure::Failure;
use crate::layout::{DELETED_CONTENT, MANIFEST, PUSHED, REFERRER};

const NOUN: &str = "manifest";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Delete(Delete),
    ListMetadata(ListMetadata),
    ListReferrers(ListReferrers),
    Show(Show),
    ShowMetadata(Image),
    UpdateMetadata(UpdateMetadata),
}

/// An image, named as az takes it: by itself, or as an option.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Image {
    /// REPOSITORY:TAG or REPOSITORY@DIGEST, with the login server before it or without
    #[arg(value_name = "IMAGE")]
    image: Option<String>,
    /// The same as an option
    #[arg(short, long, value_name = "IMAGE")]
    name: Option<String>,
}

/// A repository, named as az takes it: by itself, or as an option.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Repository {
    /// The repository
    #[arg(value_name = "REPOSITORY")]
    repository: Option<String>,
    /// The same as an option
    #[arg(short, long, value_name = "REPOSITORY")]
    name: Option<String>,
}

/// What goes.
#[derive(Args, Debug)]
pub(crate) struct Delete {
    #[command(flatten)]
    image: Image,
    /// Without asking
    #[arg(short, long)]
    yes: bool,
}

/// Which manifests.
#[derive(Args, Debug)]
pub(crate) struct ListMetadata {
    #[command(flatten)]
    repository: Repository,
    /// At most so many (default: all)
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// The order (default: by digest)
    #[arg(long)]
    orderby: Option<Order>,
}

/// Which referrers.
#[derive(Args, Debug)]
pub(crate) struct ListReferrers {
    #[command(flatten)]
    image: Image,
    /// Only those of this type
    #[arg(long, value_name = "TYPE")]
    artifact_type: Option<String>,
}

/// Which manifest.
#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    image: Image,
    /// Byte for byte as it was pushed, and nothing else
    #[arg(long)]
    raw: bool,
}

/// What is to change.
#[derive(Args, Debug)]
pub(crate) struct UpdateMetadata {
    #[command(flatten)]
    image: Image,
    #[command(flatten)]
    switches: Switches,
}

impl Image {
    fn given(self) -> String {
        self.image.or(self.name).unwrap_or_default()
    }

    fn which(self) -> WhichRequest {
        WhichRequest { repository: None, image: Some(self.given()) }
    }
}

impl Verb {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        match self {
            Self::Delete(Delete { image, yes }) => {
                let image = image.given();
                let which = WhichRequest { repository: None, image: Some(image.clone()) };
                let request = ImageRequest { image };
                let call = Call::new((NOUN, "delete"), &request, &DELETED_CONTENT)?;
                Ok(Call { confirmation: (!yes).then_some(Confirmation::Delete(which)), ..call })
            }
            Self::ListMetadata(ListMetadata { repository, top, orderby }) => {
                let repository = repository.repository.or(repository.name).unwrap_or_default();
                let orderby = orderby.map(Into::into);
                let request = ListRequest { repository, top, orderby };
                Call::new((NOUN, "list-metadata"), &request, &MANIFEST)
            }
            Self::ListReferrers(ListReferrers { image, artifact_type }) => {
                let request = ReferrersRequest { image: image.given(), artifact_type };
                Call::new((NOUN, "list-referrers"), &request, &REFERRER)
            }
            Self::Show(Show { image, raw }) => {
                let request = ShowRequest { image: image.given(), raw };
                let call = Call::new((NOUN, "show"), &request, &PUSHED)?;
                Ok(Call { verbatim: raw, ..call })
            }
            Self::ShowMetadata(image) => {
                let which = image.which();
                let layout = layout(&which);
                let request = ImageRequest { image: which.image.unwrap_or_default() };
                Call::new((NOUN, "show-metadata"), &request, layout)
            }
            Self::UpdateMetadata(UpdateMetadata { image, switches }) => {
                let which = image.which();
                let layout = layout(&which);
                Call::new((NOUN, "update-metadata"), &switches.of(which), layout)
            }
        }
    }
}
