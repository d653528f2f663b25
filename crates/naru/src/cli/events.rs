//! `naru events`.

use clap::{Args, Subcommand};
use naru_server::control::events::{ExportRequest, ListRequest, ShowRequest, Table};

use super::{Call, Context};
use crate::failure::Failure;
use crate::layout::{EVENT, LOGIN_EVENT, REPOSITORY_EVENT};

const NOUN: &str = "events";

/// Which table, or what of it.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Export(Export),
    Login(List),
    Repository(List),
    Show(Show),
}

/// Which events.
#[derive(Args, Clone, Debug)]
pub(crate) struct Filter {
    /// Only those that were refused
    #[arg(long)]
    failed: bool,
    /// Only those since then: so long ago, as in 1h, or a time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only those of this identity
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// Only those from this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// Only those with this reason, as in credential-invalid
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
}

/// Which of them are listed.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    filter: Filter,
    /// At most so many, the latest first (default 50)
    #[arg(long, value_name = "N")]
    top: Option<usize>,
}

/// Which of them are written out.
#[derive(Args, Clone, Debug)]
pub(crate) struct Export {
    #[command(flatten)]
    filter: Filter,
    /// Only those of this table (default: both)
    #[arg(long, value_enum)]
    table: Option<TableName>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum TableName {
    Login,
    Repository,
}

/// Which one.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The correlation id, or the message that ends in it
    #[arg(value_name = "ID", required = true, num_args = 1..)]
    id: Vec<String>,
}

impl Filter {
    fn into_request(self, top: Option<usize>) -> ListRequest {
        let Self { failed, since, identity, ip, reason } = self;
        ListRequest { failed, since, identity, ip, reason, top }
    }
}

impl Export {
    /// The tables, in the order in which they are written out.
    pub(crate) fn tables(&self) -> Vec<Table> {
        match self.table {
            None => vec![Table::Login, Table::Repository],
            Some(TableName::Login) => vec![Table::Login],
            Some(TableName::Repository) => vec![Table::Repository],
        }
    }

    /// The request of a page.
    pub(crate) fn page(&self, table: Table, after: Option<u64>) -> Result<Call, Failure> {
        let filter = self.filter.clone().into_request(None);
        let request = ExportRequest { table, filter, after };
        Call::new((NOUN, "export"), &request, &LOGIN_EVENT)
    }
}

impl Verb {
    pub(crate) fn into_call(self, context: Context<'_>) -> Result<Call, Failure> {
        match self {
            Self::Export(export) => export.page(Table::Login, None),
            Self::Login(List { filter, top }) => {
                Call::new((NOUN, "login"), &filter.into_request(top), &LOGIN_EVENT)
            }
            Self::Repository(List { filter, top }) => {
                Call::new((NOUN, "repository"), &filter.into_request(top), &REPOSITORY_EVENT)
            }
            Self::Show(Show { id }) => {
                let language = Some(context.words.0.tag().to_owned());
                Call::new((NOUN, "show"), &ShowRequest { id: id.join(" "), language }, &EVENT)
            }
        }
    }
}
