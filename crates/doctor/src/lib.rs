//! Why a login, pull or push fails, against any registry.
//!
//! A [`check::Check`] is a claim about the world, in a table; checks are joined by the [`fact`]s
//! that they need and yield, and the [`engine`] runs them in the order that follows. A check never
//! prints and reads neither clock nor environment: it gets facts and a [`context::Context`], and
//! returns an outcome. [`relate`] draws the conclusion which finding explains which, and
//! [`render`] writes the report for people and programs. [`explain`] needs no registry: it knows
//! the pages of the causes, and the words that tools print for them.
//!
//! Knows the wire (`naru-client`) and the catalogue (`naru-codes`), and nothing of the server.
#![cfg_attr(
    not(test),
    warn(
        clippy::wildcard_enum_match_arm,
        reason = "a new cause or outcome must break the build where it is not handled"
    )
)]

pub mod check;
pub mod context;
pub mod engine;
pub mod explain;
pub mod fact;
mod finding;
pub mod relate;
mod remedy;
pub mod render;

use std::sync::Arc;

use naru_codes::report::Report;

use check::{CHECKS, Check};
use context::Context;
use engine::Options;
use fact::{Credential, Facts};

/// Runs checks, and draws the conclusion. With `only` or `skip`, a word is the id of a check or
/// the name of a category; what a chosen check needs runs too, and is shown.
pub async fn diagnose(context: Arc<Context>, options: &Options<'_>) -> Report {
    let started = context.clock.now();
    let chosen = check::choose(CHECKS, options.only, options.skip);
    let runner = {
        let context = Arc::clone(&context);
        move |check: &'static Check, facts: Facts| (check.run)(Arc::clone(&context), facts)
    };
    let (mut checks, facts) = engine::run(&chosen, options, &context.clock, runner).await;
    relate::relate(&mut checks);
    let duration_ms = context.clock.now().duration_since(started).as_millis();
    Report {
        target: context.asked.target.clone().unwrap_or_default(),
        principal: facts
            .get::<Credential>()
            .and_then(|found| Some(found.chosen.as_ref()?.principal())),
        started,
        duration_ms: i64::try_from(duration_ms).unwrap_or(i64::MAX),
        checks,
    }
}
