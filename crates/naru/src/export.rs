//! `naru events export`: whole tables as JSON lines, fetched page by page.

use crate::cli::events::Export;
use crate::client::Client;
use crate::document::Document;
use crate::failure::Failure;
use crate::printer::Printer;

/// Writes all events that are wanted, a line each, whatever form of output was asked for.
pub(crate) async fn export(
    client: &Client,
    registry: Option<&str>,
    export: &Export,
    printer: Printer,
) -> Result<(), Failure> {
    for table in export.tables() {
        let mut after = None;
        loop {
            let call = export.page(table, after)?;
            let page = client.call(call.verb, registry, call.request).await?;
            let page: Document = serde_json::from_slice(&page).map_err(unreadable)?;
            if let Some(Document::List(events)) = page.at("events") {
                let lines: Result<Vec<_>, _> = events.iter().map(serde_json::to_string).collect();
                let lines = lines.map_err(unreadable)?;
                if !lines.is_empty() {
                    printer.line(&lines.join("\n"))?;
                }
            }
            after = match page.at("next") {
                Some(Document::Number(next)) => next.as_u64(),
                _ => None,
            };
            if after.is_none() {
                break;
            }
        }
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn unreadable(error: serde_json::Error) -> Failure {
    Failure::Answer(error.to_string())
}
