//! Log lines, on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::serve::LogFormat;
use crate::environment::Environment;

/// Begins to log. What is wanted comes from the option, else from `NARU_LOG`, else `default`.
pub(crate) fn start(
    default: &str,
    format: LogFormat,
    wanted: Option<&str>,
    environment: &Environment,
) {
    let filter = wanted.or_else(|| environment.variable("NARU_LOG")).unwrap_or(default);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::builder().parse_lossy(filter))
        .with_ansi(environment.terminal_err && environment.variable("NO_COLOR").is_none())
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => builder.json().finish().try_init(),
        LogFormat::Text => builder.finish().try_init(),
    };
    // It fails only where logging was begun already, which nobody else does.
    drop(started);
}
