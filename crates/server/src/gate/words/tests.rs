use super::*;
use naru_access::{PrincipalId, TenantId, Wanted};
use naru_codes::Cause;
use uuid::Uuid;

fn principal(kind: PrincipalKind, name: &str) -> Principal {
    let id = PrincipalId(Uuid::from_u128(7));
    Principal { kind, id, name: name.to_owned(), tenant: TenantId(Uuid::from_u128(1)) }
}

fn denial(cause: Cause, kind: PrincipalKind, name: &str, near: NearMiss) -> Denial {
    let wanted = Wanted { action: Action::Push, repository: Some("team/app".parse().unwrap()) };
    Denial::new(cause)
        .to_holder(principal(kind, name))
        .with_wanted(vec![wanted])
        .with_evidence(Evidence::Near(near))
}

#[test]
fn a_message_says_who_what_why_and_what_would_help() {
    let roles = NearMiss::Roles { roles: vec!["AcrPull".to_owned()] };
    let reader = denial(Cause::PermissionPush, PrincipalKind::User, "reader", roles);
    assert_eq!(
        message(&reader, Language::English),
        "user reader may not push to team/app: its role AcrPull does not include this; assign AcrPush"
    );
    assert_eq!(
        message(&reader, Language::Korean),
        "사용자 reader: team/app에 푸시할 권한이 없습니다. 할당된 역할(AcrPull)에 이 권한이 없습니다. \
         AcrPush 역할을 할당하세요"
    );
    let near = NearMiss::RulePattern { map: "ci".to_owned(), pattern: Some("team/*".to_owned()) };
    let token = denial(Cause::PermissionScopeMap, PrincipalKind::Token, "ci-build", near);
    assert_eq!(
        message(&token, Language::English),
        "token ci-build may not push to team/app: scope map ci has no rule for it (nearest: \
         team/*); add content/write to the scope map"
    );
}

#[test]
fn a_message_stays_on_one_line_and_below_300_characters() {
    let long = "x/".repeat(150) + "y";
    let (map, pattern) = (long.clone(), Some(long.clone()));
    let gives = long.clone();
    let nears = [
        NearMiss::Ceiling,
        NearMiss::Nothing,
        NearMiss::Roles { roles: vec![long.clone(); 5] },
        NearMiss::RulePattern { map: map.clone(), pattern },
        NearMiss::RuleActions { map: map.clone(), pattern: map, gives },
    ];
    let kinds = [PrincipalKind::ServicePrincipal, PrincipalKind::Token, PrincipalKind::User];
    for cause in Cause::ALL {
        for near in &nears {
            for kind in kinds {
                for language in Language::ALL {
                    let mut denial = denial(*cause, kind, &format!("evil\n{long}"), near.clone());
                    for wanted in &mut denial.wanted {
                        wanted.repository = "a/".repeat(120).trim_end_matches('/').parse().ok();
                    }
                    let text = message(&denial, *language);
                    let length = text.chars().count() + " CorrelationId: .".len() + 1 + 36;
                    assert!(length < 300, "{cause}: {length}: {text}");
                    assert!(!text.contains(char::is_control), "{cause}: {text:?}");
                }
            }
        }
    }
}

#[test]
fn a_stranger_reads_the_same_whatever_the_cause() {
    let told = |cause| message(&Denial::new(cause), Language::English);
    let stranger = told(Cause::CredentialInvalid);
    for cause in [
        Cause::CredentialDisabled,
        Cause::CredentialExpiredSecret,
        Cause::CredentialRevoked,
        Cause::CredentialAdminDisabled,
        Cause::PermissionPush,
    ] {
        assert_eq!(told(cause), stranger, "{cause}");
    }
}
