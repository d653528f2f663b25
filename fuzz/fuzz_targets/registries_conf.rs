//! `registries_conf` of `naru_testkit::targets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| naru_testkit::targets::run("registries_conf", data));
