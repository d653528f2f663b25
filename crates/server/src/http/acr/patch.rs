//! Changes of attributes: what a `PATCH` carries.

use http::StatusCode;
use naru_access::{Access, WriteMetadata};
use naru_oci::ErrorCode;
use naru_store::{AttributesPatch, Item, RepositoryEvent, SourceError};
use serde::Deserialize;

use crate::edge::body::read_whole;
use crate::gate::{Exchange, Refusal, Refused, repository_event};
use crate::http::v2::not_found;

/// The largest body that is read.
const LARGEST: usize = 64 * 1024;

/// What may be changed; what is not named stays, and what is not known is no business of ours.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Azure's")]
struct Change {
    delete_enabled: Option<bool>,
    write_enabled: Option<bool>,
    read_enabled: Option<bool>,
    list_enabled: Option<bool>,
}

/// Makes the change that the request carries.
pub(super) async fn apply(
    exchange: &mut Exchange,
    access: &Access<WriteMetadata>,
    item: Item,
) -> Result<(), Refusal> {
    let change = read(exchange).await?;
    let patch = AttributesPatch {
        delete_enabled: change.delete_enabled,
        write_enabled: change.write_enabled,
        read_enabled: change.read_enabled,
        list_enabled: change.list_enabled,
    };
    let event = event(exchange, access, &item);
    let metadata = exchange.app.store.metadata();
    let changed = metadata.set_attributes(access, &item, patch, event).await?;
    changed.map_err(|missing| not_found(missing, unknown(&item), "it"))
}

fn event(exchange: &Exchange, access: &Access<WriteMetadata>, item: &Item) -> RepositoryEvent {
    let mut event = repository_event(exchange, access, "Update", StatusCode::OK.as_u16());
    match item {
        Item::Manifest(digest) => event.digest = Some(digest.to_string()),
        Item::Repository => {}
        Item::Tag(tag) => event.tag = Some(tag.to_string()),
    }
    event
}

/// The code for an item that is not there.
const fn unknown(item: &Item) -> ErrorCode {
    match item {
        Item::Manifest(_) => ErrorCode::ManifestUnknown,
        Item::Repository => ErrorCode::NameUnknown,
        Item::Tag(_) => ErrorCode::TagUnknown,
    }
}

async fn read(exchange: &mut Exchange) -> Result<Change, Refusal> {
    let invalid = |message: String| Refused::invalid(ErrorCode::RequestInvalid, message);
    let read = read_whole(&mut exchange.inbound.body, LARGEST).await;
    let bytes = read.map_err(|error| match error {
        SourceError::Size => {
            let message = format!("a change has at most {LARGEST} bytes");
            Refused::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::SizeInvalid, message)
        }
        SourceError::Broken => invalid("the change ended before its end".to_owned()),
        SourceError::Stalled => Refused::stalled(),
    })?;
    let example = "a change is JSON such as {\"writeEnabled\": false}";
    // Serde skips over what is no text where no field wants it, and reads a list as the fields.
    let text = std::str::from_utf8(&bytes);
    let Some(text) = text.ok().filter(|text| text.trim_start().starts_with('{')) else {
        return Err(invalid(example.to_owned()).into());
    };
    let read = serde_json::from_str(text);
    Ok(read.map_err(|error| invalid(format!("{example}: {error}")))?)
}
