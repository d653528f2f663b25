//! Asking before something goes for good.
//!
//! What is said to go is looked up first, so that whoever agrees knows what to. Where nobody can
//! be asked nothing is done: a script says `--yes`.

use std::io::BufRead;

use naru_server::control::WhichRequest;
use serde_json::json;

use crate::client::Client;
use crate::document::Document;
use crate::failure::Failure;
use crate::printer::Printer;

/// What is to be agreed to.
#[derive(Debug)]
pub(crate) enum Confirmation {
    /// That a repository or a manifest goes.
    Delete(WhichRequest),
}

impl Confirmation {
    /// Asks; and fails unless the answer is yes.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        registry: Option<&str>,
        printer: Printer,
        terminal: bool,
    ) -> Result<(), Failure> {
        if !terminal {
            return Err(Failure::Unconfirmed);
        }
        let Self::Delete(which) = self;
        let question = question(which, client, registry, printer).await?;
        printer.prompt(&format!("{question}\n{} ", printer.words.get("prompt-continue", &[])))?;
        if agreed(std::io::stdin().lock())? { Ok(()) } else { Err(Failure::Cancelled) }
    }
}

/// What goes, in words.
async fn question(
    which: &WhichRequest,
    client: &Client,
    registry: Option<&str>,
    printer: Printer,
) -> Result<String, Failure> {
    let show = async |request| {
        let answer = client.call(("repository", "show"), registry, request).await?;
        let read: Result<Document, _> = serde_json::from_slice(&answer);
        read.map_err(|error| Failure::Answer(error.to_string()))
    };
    let text = |document: &Document, path: &str| match document.at(path) {
        Some(Document::Text(text)) => text.clone(),
        Some(Document::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if let Some(repository) = &which.repository {
        let shown = show(json!({ "repository": repository })).await?;
        let (manifests, tags) = (text(&shown, "manifestCount"), text(&shown, "tagCount"));
        let arguments = [("name", repository.as_str()), ("manifests", &manifests), ("tags", &tags)];
        return Ok(printer.words.get("question-delete-repository", &arguments));
    }
    let image = which.image.as_deref().unwrap_or_default();
    let mut shown = show(json!({ "image": image })).await?;
    let digest = text(&shown, "digest");
    let name = image.split('@').next().unwrap_or_default();
    let repository = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    };
    if !image.contains('@') {
        shown = show(json!({ "image": format!("{repository}@{digest}") })).await?;
    }
    let tags: Vec<_> = match shown.at("tags") {
        Some(Document::List(tags)) => tags.iter().filter_map(Document::text).collect(),
        _ => Vec::new(),
    };
    let tags = if tags.is_empty() { "-".to_owned() } else { tags.join(", ") };
    let arguments = [("name", repository), ("digest", &digest), ("tags", &tags)];
    Ok(printer.words.get("question-delete-manifest", &arguments))
}

/// Whether a line says yes, in either language; an empty one, or none, says no.
fn agreed(mut input: impl BufRead) -> std::io::Result<bool> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes" | "예" | "네"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for yes in ["y\n", "Y\n", "yes\r\n", " Yes ", "예\n", "네"] {
            assert!(agreed(yes.as_bytes()).unwrap(), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "no", "yess", "아니요\n", "\ny\n"] {
            assert!(!agreed(no.as_bytes()).unwrap(), "{no:?}");
        }
    }
}
