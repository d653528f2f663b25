//! The edge: what a request really is, before anybody judges it.
//!
//! Decides which address it came from ([`client`]: a proxy is believed only where it is trusted),
//! which registry its host means and where a client is sent for tokens ([`host`]), refuses what two
//! readers may take for different requests ([`shape`]), and carries bodies in both directions
//! ([`body`], [`answer`]).

mod access_line;
pub(crate) mod answer;
pub(crate) mod body;
mod client;
pub(crate) mod host;
pub(crate) mod inbound;
pub(crate) mod shape;
mod underway;

pub(crate) use access_line::AccessLine;
pub(crate) use answer::Answer;
pub(crate) use body::{Body, RequestBody};
pub(crate) use client::{Client, Connection, is_trusted};
pub(crate) use inbound::Inbound;
