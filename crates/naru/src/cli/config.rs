//! `naru config`: what a server would be told, and from where, without starting one.

use clap::Subcommand;
use naru_server::{Pair, TlsMode};
use serde::Serialize;

use crate::environment::Environment;
use crate::failure::Failure;
use crate::layout;
use crate::printer::Printer;
use crate::settings::{InForce, Place, Settings, SettingsError};

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Check the settings, and show what is in force and from where
    Check,
}

/// A setting, as it is in force.
#[derive(Serialize)]
struct View {
    key: &'static str,
    value: Option<String>,
    from: &'static str,
    place: Option<String>,
}

impl Verb {
    /// Does it.
    pub(crate) fn run(
        &self,
        settings: &Settings,
        environment: &Environment,
        printer: Printer,
    ) -> Result<(), Failure> {
        let Self::Check = self;
        let views: Vec<_> = settings.in_force().into_iter().map(view).collect();
        let config = settings.clone().into_config(environment)?;
        if let TlsMode::Files { certificate, key } = &config.tls {
            Pair::read(certificate, key).map_err(SettingsError::Certificate)?;
        }
        let json = serde_json::to_vec_pretty(&views);
        let json = json.map_err(|error| Failure::Answer(error.to_string()))?;
        printer.data(&json, &layout::SETTING)?;
        printer.note(&printer.words.get("config-sound", &[]))?;
        Ok(())
    }
}

fn view(setting: InForce) -> View {
    let from = match setting.place {
        None => "default",
        Some(Place::File(_)) => "file",
        Some(Place::Option(_)) => "option",
        Some(Place::Variable(_)) => "environment",
    };
    View {
        key: setting.key,
        value: (!setting.values.is_empty()).then(|| setting.values.join(", ")),
        from,
        place: setting.place.map(|place| place.to_string()),
    }
}
