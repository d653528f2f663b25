//! `naru check-health`: every cause that it can find, made to happen for real; and set-ups in
//! which nothing is wrong and nothing may be said.

mod bench;
mod config;
mod credentials;
mod environment;
mod every_cause;
mod faults;
mod forms;
mod hands;
mod healthy;
mod network;
mod tls;
