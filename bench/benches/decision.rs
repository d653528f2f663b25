//! The decision: by many role assignments, by a scope map with many rules, and by what an access
//! token lists. `cargo bench -p naru-bench --bench decision`; the medians are in `bench/README.md`.
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up is to fail")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use naru_access::{
    Access, Action, AssignmentId, Denial, Holder, InRegistry, InRepository, Principal, PrincipalId,
    PrincipalKind, Pull, Push, RegistryId, RegistryPolicy, Rights, RoleAssignment, RoleDefinition,
    ScopeMap, ScopeMapRule, ScopePath, TenantId, TokenRights, built_in_roles, decide,
    decide_by_token, parse_scopes, reduce,
};
use uuid::Uuid;

/// How many role assignments somebody has.
const ASSIGNMENTS: u16 = 1_000;

/// How many rules a scope map has.
const RULES: u16 = 500;

const TENANT: TenantId = TenantId(Uuid::from_u128(1));

const PLACE: InRegistry = InRegistry { tenant: TENANT, registry: RegistryId(Uuid::from_u128(2)) };

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    by_roles(&mut criterion);
    by_scope_map(&mut criterion);
    by_token(&mut criterion);
    criterion.final_summary();
}

/// Assignments at as many other registries of the same resource group; the one that counts, if it
/// is there, is looked at last.
fn by_roles(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("1,000 role assignments");
    let (last, none) = (by_assignments(true), by_assignments(false));
    group.bench_function("granted by the last", |it| it.iter(|| pull(black_box(&last))));
    group.bench_function("denied, all of them elsewhere", |it| it.iter(|| pull(black_box(&none))));
    group.bench_function("denied, for want of the action", |it| {
        it.iter(|| push(black_box(&last)).expect_err("AcrPull gives no push"));
    });
    group.finish();
}

fn by_scope_map(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("500 scope-map rules");
    let (last, none) = (by_rules(true), by_rules(false));
    group.bench_function("granted by the last", |it| it.iter(|| pull(black_box(&last))));
    group.bench_function("denied, no rule covers it", |it| it.iter(|| pull(black_box(&none))));
    group.finish();
}

fn by_token(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("access token");
    let holder = by_assignments(true);
    let scopes = parse_scopes(["repository:team-499/app:pull,push"]).expect("scopes");
    let policy = policy();
    let access = reduce(&holder, &policy, &scopes);
    let rights = TokenRights { principal: &holder.principal, access: &access };
    let place = place();
    group.bench_function("granted by its list", |it| {
        it.iter(|| decide_by_token::<Pull>(black_box(rights), black_box(&place)));
    });
    group.bench_function("its list made, 1,000 role assignments", |it| {
        it.iter(|| reduce(black_box(&holder), black_box(&policy), black_box(&scopes)));
    });
    group.finish();
}

fn pull(holder: &Holder) -> Result<Access<Pull>, Denial> {
    decide::<Pull>(holder, &policy(), place())
}

fn push(holder: &Holder) -> Result<Access<Push>, Denial> {
    decide::<Push>(holder, &policy(), place())
}

fn place() -> InRepository {
    InRepository { registry: PLACE, repository: "team-499/app".parse().expect("a name") }
}

fn policy() -> RegistryPolicy {
    RegistryPolicy { place: PLACE, path: path("registry-of-the-team"), anonymous_pull: false }
}

fn path(registry: &str) -> ScopePath {
    let group = "/subscriptions/5b4c0b5e-1f0e-4b6f-9f1c-2d3e4f5a6b7c/resourceGroups/naru";
    let path = format!("{group}/providers/Microsoft.ContainerRegistry/registries/{registry}");
    path.parse().expect("a path")
}

fn holder(kind: PrincipalKind, rights: Rights) -> Holder {
    let id = PrincipalId(Uuid::from_u128(3));
    let principal = Principal { kind, id, name: "ci-build".to_owned(), tenant: TENANT };
    Holder { principal, rights, ceiling: None }
}

fn by_assignments(here: bool) -> Holder {
    let roles: Vec<Arc<RoleDefinition>> = built_in_roles().into_iter().map(Arc::new).collect();
    let pull = roles.first().expect("AcrPull");
    let assigned = |number: u16| RoleAssignment {
        id: AssignmentId(Uuid::from_u128(number.into())),
        role: Arc::clone(pull),
        scope: match number {
            ASSIGNMENTS if here => path("registry-of-the-team"),
            _ => path(&format!("registry{number}")),
        },
        condition: None,
    };
    holder(PrincipalKind::User, Rights::Roles((1..=ASSIGNMENTS).map(assigned).collect()))
}

fn by_rules(here: bool) -> Holder {
    let rule = |number: u16| ScopeMapRule {
        pattern: match (number, number % 2) {
            (RULES, _) if here => "team-499/*".parse().expect("a pattern"),
            (_, 0) => format!("team-{number}/application/*").parse().expect("a pattern"),
            (_, _) => format!("team-{number}/application").parse().expect("a pattern"),
        },
        actions: [Action::Pull, Action::MetadataRead].into_iter().collect(),
    };
    let rules = (1..=RULES).map(rule).collect();
    let map = ScopeMap { name: "ci-build".to_owned(), rules };
    holder(PrincipalKind::Token, Rights::ScopeMap(Arc::new(map)))
}
