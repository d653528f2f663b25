//! `naru`: the server and its command line in one binary.
//!
//! [`cli`] is what can be typed, [`settings`] what a server is told, [`client`] the way to the one
//! that runs; [`printer`] alone writes anything. What a command does is decided in `naru-server`.

mod cli;
mod client;
mod confirm;
mod diagnosis;
mod document;
mod environment;
mod export;
mod failure;
mod layout;
mod logging;
mod open_files;
mod printer;
mod progress;
mod serve;
mod settings;
mod stdin;
mod systemd;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::ArgMatches;
use naru_server::control::socket::socket_path;

use cli::{Cli, Global, Noun};
use client::Client;
use environment::Environment;
use failure::Failure;
use printer::{Format, Printer};
use progress::Bar;
use settings::{Settings, Strictness};
use systemd::Systemd;
use words::Words;

/// Gives back what is freed. The system's own, once it has freed the memory of one password's Argon2id,
/// keeps every buffer of that size for good. How soon it does is in `.cargo/config.toml`.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let environment = Environment::of_this_process();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let language = cli::asked_language(&arguments).unwrap_or_else(|| environment.language());
    let (cli, matches) = cli::parse(&arguments, language);
    let printer = Printer { format: cli.global.output, words: Words(language) };
    match run(cli, &matches, &environment, printer) {
        Ok(code) => code,
        Err(failure) => {
            let code = failure.exit_code();
            // Where not even this can be written, the exit code must do.
            let _written = printer.failure(&failure);
            ExitCode::from(code)
        }
    }
}

fn run(
    Cli { global, noun }: Cli,
    matches: &ArgMatches,
    environment: &Environment,
    printer: Printer,
) -> Result<ExitCode, Failure> {
    let asks = matches!(noun, Noun::CheckHealth(_) | Noun::Explain(_));
    if printer.format == Format::Markdown && !asks {
        return Err(Failure::Form);
    }
    if let Noun::Serve(options) = &noun {
        let values = |option: &str| {
            let mut values = options.values(option);
            values.extend(global.values(option));
            values
        };
        let file = global.settings_file(environment);
        let strictness = Strictness::Everything;
        let settings = Settings::read(values, environment, file.as_deref(), strictness)?;
        let config = settings.into_config(environment)?;
        logging::start(
            "warn,naru=info",
            options.log_format,
            global.log_level.as_deref(),
            environment,
        );
        let systemd = Systemd::of(environment);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(serve::serve(config, systemd, environment, printer))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Noun::Config(verb) = &noun {
        let file = global.settings_file(environment);
        let (values, strictness) = (|option: &str| global.values(option), Strictness::Everything);
        let settings = Settings::read(values, environment, file.as_deref(), strictness)?;
        verb.run(&settings, environment, printer)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Noun::Completions(completions) = &noun {
        printer.line(completions.script(printer.words.0).trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Noun::Man(man) = &noun {
        man.write(printer)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Noun::Explain(asked) = noun {
        return diagnosis::explain(&asked, printer).map(ExitCode::from);
    }
    administer(&global, noun, matches, environment, printer)
}

fn administer(
    global: &Global,
    noun: Noun,
    matches: &ArgMatches,
    environment: &Environment,
    printer: Printer,
) -> Result<ExitCode, Failure> {
    let here =
        |option: &str| if option == "--data-dir" { global.values(option) } else { Vec::new() };
    let file = global.settings_file(environment);
    let settings = Settings::read(here, environment, file.as_deref(), Strictness::Known)?;
    let data_dir = settings.data_dir()?;
    let client = Client {
        socket: socket_path(&data_dir, environment.runtime_dir().as_deref()),
        start_command: serve::start_command(&data_dir, "serve"),
        data_dir,
        language: printer.words.0,
    };
    if let Noun::CheckHealth(asked) = noun {
        let records = (client, global.registry.clone());
        return diagnosis::check_health(asked, records, environment, printer).map(ExitCode::from);
    }
    let export = match &noun {
        Noun::Events(cli::events::Verb::Export(export)) => Some(export.clone()),
        _ => None,
    };
    let Some(call) = noun.into_call(environment, printer.words, matches)? else {
        return Ok(ExitCode::SUCCESS);
    };
    let registry = call.registry.as_deref().or(global.registry.as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(export) = export {
        runtime.block_on(export::export(&client, registry, &export, printer))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(report) = call.report {
        let mut bar = Bar::new(environment, printer);
        let told = |progress: &_| bar.show(progress);
        let view = runtime.block_on(client.watch(call.verb, registry, call.request, told));
        bar.end();
        return Ok(ExitCode::from(printer.report(&view?, report)?));
    }
    let view = runtime.block_on(async {
        if let Some(confirmation) = &call.confirmation {
            confirmation.ask(&client, registry, printer, environment.terminal_in).await?;
        }
        client.call(call.verb, registry, call.request).await
    })?;
    if call.verbatim {
        printer.verbatim(&view)?;
    } else {
        printer.data(&view, call.layout)?;
    }
    if let Some(note) = call.note {
        printer.note(&printer.words.get(note, &[]))?;
    }
    Ok(ExitCode::SUCCESS)
}
