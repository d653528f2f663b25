//! The texts that people read, from the Fluent files under `locales/`.
//!
//! Every message exists in every language: a test compares the files. A message that is missing
//! all the same is shown as its own name, since a refusal must never fail for want of words.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::{Cause, Language};

/// The files of one language, compiled in: (name, text).
type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($language:literal: $($name:literal),+) => {
        &[$(($name, include_str!(concat!("../../../locales/", $language, "/", $name)))),+]
    };
}

const ENGLISH: Files = files!(
    "en": "answers.ftl", "can-i.ftl", "causes.ftl", "cli.ftl", "doctor.ftl", "events.ftl",
    "help.ftl", "options.ftl"
);
const KOREAN: Files = files!(
    "ko": "answers.ftl", "can-i.ftl", "causes.ftl", "cli.ftl", "doctor.ftl", "events.ftl",
    "help.ftl", "options.ftl"
);

/// All texts, in all languages.
pub struct Texts {
    /// The ids of the help of options, by their English text.
    options: HashMap<String, String>,
    english: FluentBundle<FluentResource>,
    korean: FluentBundle<FluentResource>,
}

/// The texts of this build.
pub fn texts() -> &'static Texts {
    static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts {
        options: options(ENGLISH),
        english: bundle(Language::English, ENGLISH),
        korean: bundle(Language::Korean, KOREAN),
    });
    &TEXTS
}

impl Texts {
    /// The text `id` (`message` or `message.attribute`) with its arguments filled in.
    pub fn get(&self, language: Language, id: &str, args: &[(&str, &str)]) -> String {
        self.find(language, id, args).unwrap_or_else(|| id.to_owned())
    }

    /// As [`Texts::get`], but `None` where there is no such text.
    pub fn find(&self, language: Language, id: &str, args: &[(&str, &str)]) -> Option<String> {
        let bundle = match language {
            Language::English => &self.english,
            Language::Korean => &self.korean,
        };
        let (message, attribute) = match id.split_once('.') {
            Some((message, attribute)) => (message, Some(attribute)),
            None => (id, None),
        };
        let message = bundle.get_message(message)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            values.set((*name).to_owned(), Cow::Owned((*value).to_owned()));
        }
        let mut errors = Vec::new();
        Some(bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned())
    }

    /// The help of an option, which stands in the source in English.
    pub fn option(&self, language: Language, english: &str) -> Option<String> {
        self.find(language, self.options.get(english)?, &[])
    }

    /// A cause in a few words.
    pub fn title(&self, language: Language, cause: Cause) -> String {
        self.get(language, cause.code(), &[])
    }

    /// What fixes a cause, for the person who met it.
    pub fn fix(&self, language: Language, cause: Cause) -> String {
        self.get(language, &format!("{}.fix", cause.code()), &[])
    }
}

/// The ids of the texts of options, by the texts: each is one line without arguments.
fn options(files: Files) -> HashMap<String, String> {
    let lines = files.iter().filter(|(name, _)| *name == "options.ftl");
    let lines = lines.flat_map(|(_, text)| text.lines()).filter_map(|line| line.split_once(" = "));
    lines.map(|(id, text)| (text.to_owned(), id.to_owned())).collect()
}

/// Parses the files of a language. The files are part of the build and tested, so that a fault in
/// them costs its own message and nothing else.
fn bundle(language: Language, files: Files) -> FluentBundle<FluentResource> {
    let id: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    bundle.set_use_isolating(false);
    for (_, text) in files {
        let resource = match FluentResource::try_new((*text).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests;
