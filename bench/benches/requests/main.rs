//! What every request is read and judged with. `cargo bench -p naru-bench --bench requests`; the
//! medians are in `bench/README.md`.
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up is to fail")]

mod parsing;
mod tokens;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    parsing::run(&mut criterion);
    tokens::run(&mut criterion);
    criterion.final_summary();
}
