//! The command line: options and verbs. What a verb does is the server's part; here it becomes a
//! [`Call`], with the layout in which its answer is shown.

mod can_i;
pub(crate) mod check_health;
mod completions;
pub(crate) mod config;
mod credential;
pub(crate) mod events;
pub(crate) mod explain;
mod key;
mod man;
mod manifest;
mod network_rule;
mod registry;
mod repository;
mod role;
mod scope_map;
pub(crate) mod serve;
mod service_principal;
mod token;
mod upkeep;
mod user;

use std::path::PathBuf;

use clap::{
    ArgMatches, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
};
use naru_codes::Language;
use naru_server::control::scope_map::RuleGiven;
use serde::Serialize;
use serde_json::Value;

use crate::confirm::Confirmation;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::layout::Layout;
use crate::printer::{Format, Report};
use crate::words::Words;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "naru",
    version,
    propagate_version = false,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) noun: Noun,
}

/// What every command takes.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Where the server keeps everything
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// A file of settings (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Which registry is meant (default: the first); at a first start, what it is called
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) registry: Option<String>,
    /// The form of the output
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORM")]
    pub(crate) output: Format,
    /// The language of texts: en or ko (default: as LANG says)
    #[arg(long, global = true, value_parser = language, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
    /// Which log lines are written, as in `info` or `naru_server=debug`
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log_level: Option<String>,
}

/// What a command is about.
#[derive(Debug, Subcommand)]
pub(crate) enum Noun {
    Serve(Box<serve::Serve>),
    #[command(subcommand)]
    Config(config::Verb),
    #[command(subcommand)]
    Registry(registry::Verb),
    #[command(subcommand)]
    Credential(credential::Verb),
    #[command(subcommand)]
    Token(token::Verb),
    #[command(subcommand)]
    ScopeMap(scope_map::Verb),
    #[command(subcommand)]
    User(user::Verb),
    #[command(subcommand)]
    Sp(service_principal::Verb),
    #[command(subcommand)]
    Role(role::Verb),
    #[command(subcommand)]
    Key(key::Verb),
    #[command(subcommand)]
    NetworkRule(network_rule::Verb),
    Gc(upkeep::Gc),
    Verify(upkeep::Verify),
    #[command(subcommand)]
    Repository(repository::Verb),
    #[command(subcommand)]
    Manifest(manifest::Verb),
    CanI(can_i::CanI),
    #[command(subcommand)]
    Events(events::Verb),
    Completions(completions::Completions),
    Man(man::Man),
    CheckHealth(check_health::CheckHealth),
    Explain(explain::Explain),
}

/// A request to the server, and how its answer is shown.
#[derive(Debug)]
pub(crate) struct Call {
    /// Noun and verb, as the server knows them.
    pub(crate) verb: (&'static str, &'static str),
    /// The registry, where the verb itself names it.
    pub(crate) registry: Option<String>,
    /// The request.
    pub(crate) request: Value,
    /// What a table shows.
    pub(crate) layout: &'static Layout,
    /// A remark for a person.
    pub(crate) note: Option<&'static str>,
    /// What is asked before it is done.
    pub(crate) confirmation: Option<Confirmation>,
    /// Whether the answer is a text that is printed as it is.
    pub(crate) verbatim: bool,
    /// Where it takes its time, and its answer is a report.
    pub(crate) report: Option<&'static Report>,
}

/// What verbs may need beside their options.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    environment: &'a Environment,
    words: Words,
    /// The options of the verb, for those whose values come in groups.
    matches: &'a ArgMatches,
}

/// A name option, as az has it.
#[derive(Args, Debug)]
pub(crate) struct Name {
    /// Its name
    #[arg(short, long)]
    name: String,
}

/// Reads the command line. A usage error ends the process with exit code 2, as clap does.
pub(crate) fn parse(arguments: &[std::ffi::OsString], language: Language) -> (Cli, ArgMatches) {
    let matches = localized(language).get_matches_from(arguments);
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => (cli, matches),
        Err(error) => error.exit(),
    }
}

/// The language that `--lang` names, looked for before anything is parsed, since help is in it.
pub(crate) fn asked_language(arguments: &[std::ffi::OsString]) -> Option<Language> {
    let mut texts = arguments.iter().filter_map(|argument| argument.to_str());
    texts.find_map(|text| text.strip_prefix("--lang=").and_then(Language::from_tag)).or_else(|| {
        let at = arguments.iter().position(|argument| argument == "--lang")?;
        arguments.get(at + 1)?.to_str().and_then(Language::from_tag)
    })
}

impl Noun {
    /// The request of an administrative command; none of what no server is asked for.
    pub(crate) fn into_call(
        self,
        environment: &Environment,
        words: Words,
        matches: &ArgMatches,
    ) -> Result<Option<Call>, Failure> {
        let mut leaf = matches;
        while let Some((_, inner)) = leaf.subcommand() {
            leaf = inner;
        }
        let context = Context { environment, words, matches: leaf };
        Ok(Some(match self {
            Self::CheckHealth(_)
            | Self::Completions(_)
            | Self::Config(_)
            | Self::Explain(_)
            | Self::Man(_)
            | Self::Serve(_) => return Ok(None),
            Self::Registry(verb) => verb.into_call()?,
            Self::Credential(verb) => verb.into_call()?,
            Self::Token(verb) => verb.into_call(context)?,
            Self::ScopeMap(verb) => verb.into_call(context)?,
            Self::User(verb) => verb.into_call(context)?,
            Self::Sp(verb) => verb.into_call()?,
            Self::Role(role::Verb::Assignment(verb)) => verb.into_call()?,
            Self::Key(verb) => verb.into_call()?,
            Self::NetworkRule(verb) => verb.into_call()?,
            Self::Repository(verb) => verb.into_call()?,
            Self::Manifest(verb) => verb.into_call()?,
            Self::Gc(options) => options.into_call()?,
            Self::Verify(options) => options.into_call()?,
            Self::CanI(question) => question.into_call(context)?,
            Self::Events(verb) => verb.into_call(context)?,
        }))
    }
}

impl Call {
    fn new(
        verb: (&'static str, &'static str),
        request: &impl Serialize,
        layout: &'static Layout,
    ) -> Result<Self, Failure> {
        let request = serde_json::to_value(request);
        let request = request.map_err(|error| Failure::Answer(error.to_string()))?;
        Ok(Self {
            verb,
            registry: None,
            request,
            layout,
            note: None,
            confirmation: None,
            verbatim: false,
            report: None,
        })
    }

    fn with_report(mut self, report: &'static Report) -> Self {
        self.report = Some(report);
        self
    }

    fn with_note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }
}

impl Context<'_> {
    /// The rules of an option `REPOSITORY ACTION...` that may be repeated.
    fn rules(&self, option: &str) -> Vec<RuleGiven> {
        let groups = self.matches.get_occurrences::<String>(option).into_iter().flatten();
        let mut rules = Vec::new();
        for mut words in groups {
            let repository = words.next().cloned().unwrap_or_default();
            rules.push(RuleGiven { repository, actions: words.cloned().collect() });
        }
        rules
    }

    fn password(&self, wanted: bool) -> Result<Option<naru_server::control::Disclosed>, Failure> {
        wanted.then(|| crate::stdin::password(self.environment, self.words)).transpose()
    }
}

fn language(text: &str) -> Result<Language, String> {
    Language::from_tag(text).ok_or_else(|| "en or ko".to_owned())
}

/// The command with what it says about itself in a language.
pub(crate) fn localized(language: Language) -> Command {
    describe(Cli::command(), "help", Words(language))
}

fn describe(command: Command, id: &str, words: Words) -> Command {
    let command = command.mut_args(|option| {
        let english = option.get_help().map(ToString::to_string).unwrap_or_default();
        match naru_codes::texts().option(words.0, &english) {
            Some(text) => option.help(text),
            None => option,
        }
    });
    command.about(words.get(id, &[])).mut_subcommands(|inner| {
        let id = format!("{id}-{}", inner.get_name());
        describe(inner, &id, words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(command: &Command, id: &str, all: &mut Vec<String>) {
        all.push(id.to_owned());
        for inner in command.get_subcommands() {
            ids(inner, &format!("{id}-{}", inner.get_name()), all);
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_is_for_in_every_language() {
        let mut all = Vec::new();
        ids(&Cli::command(), "help", &mut all);
        assert!(all.len() > 55, "{all:?}");
        for id in all {
            for language in Language::ALL {
                assert!(
                    naru_codes::texts().find(*language, &id, &[]).is_some(),
                    "{id} in {language:?}"
                );
            }
        }
    }

    /// The help of every option.
    fn options(command: &Command, all: &mut Vec<String>) {
        let helps = command.get_arguments().filter_map(|option| option.get_help());
        all.extend(helps.map(ToString::to_string));
        for inner in command.get_subcommands() {
            options(inner, all);
        }
    }

    #[test]
    fn every_text_of_an_option_is_some_options_and_is_shown_in_the_language_of_its_reader() {
        let mut all = Vec::new();
        options(&Cli::command(), &mut all);
        let file = include_str!("../../../../locales/en/options.ftl");
        let texts: Vec<_> = file.lines().filter_map(|line| line.split_once(" = ")).collect();
        for (id, text) in &texts {
            assert!(all.iter().any(|help| help == text), "{id} is no option's help any more");
        }
        let known = texts.iter().filter(|(_, text)| all.iter().any(|help| help == text)).count();
        assert!(known >= 60, "{known}");
        let mut korean = Vec::new();
        options(&localized(Language::Korean), &mut korean);
        assert_eq!(korean.len(), all.len());
        let named = |text: &str| korean.iter().any(|help| help == text);
        assert!(
            named("서버가 모든 내용을 두는 디렉터리")
                && !named("Where the server keeps everything")
        );
    }

    #[test]
    fn the_language_is_found_wherever_it_stands() {
        let asked =
            |line: &str| asked_language(&line.split(' ').map(Into::into).collect::<Vec<_>>());
        assert_eq!(asked("naru token list --lang ko"), Some(Language::Korean));
        assert_eq!(asked("naru --lang=ko token"), Some(Language::Korean));
        assert_eq!(asked("naru token list"), None);
    }
}
