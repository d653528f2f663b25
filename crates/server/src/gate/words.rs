//! The words of a denial, for the person who reads them in their client's output: who they are to
//! us, what is missing, what would grant it. One line, short, and nothing about others.

use naru_access::{Action, Denial, Evidence, NearMiss, Principal, PrincipalKind, Wanted};
use naru_codes::{Language, texts};

/// The longest that a message becomes: with the correlation id it stays under 300 characters.
const LONGEST: usize = 240;

/// How much is shown of each name, list or other value in it: as much as there is room for.
const WIDTHS: [usize; 4] = [120, 60, 40, 20];

/// The message, without the correlation id.
pub(super) fn message(denial: &Denial, language: Language) -> String {
    let fits = |text: &String| text.chars().count() <= LONGEST;
    let mut texts = WIDTHS.into_iter().map(|width| Words { language, width }.message(denial));
    texts.find(fits).unwrap_or_else(|| {
        Words { language, width: 0 }.message(denial).chars().take(LONGEST).collect()
    })
}

 = denial.disclosed();
    if told != denial.cause {
        return texts().get(language, &format!("{}.answer", told.code()), &[]);
    }
    let wanted = denial.wanted.first();
    let near = match &denial.evidence {
        Evidence::Near(near) => Some(near),
        _ => None,
    };
    let action = wanted.map(|wanted| wanted.action);
    let values = [
        ("action", action.map(|action| get(language, action_text(action), &[]))),
        ("address", evidence(denial, |evidence| match evidence {
            Evidence::Address(address) => Some(address.to_string()),
            _ => None,
        })),
        ("audience", evidence(denial, |evidence| match evidence {
            Evidence::Audience(audience) => Some(short(audience)),
            _ => None,
        })),
        ("host", evidence(denial, |evidence| match evidence {
            Evidence::Host(host) => Some(short(host)),
            _ => None,
        })),
        ("near", near.map(|near| near_text(language, near))),
        ("operation", evidence(denial, |evidence| match evidence {
            Evidence::Operation(operation) => Some((*operation).to_owned()),
            _ => None,
        })),
        ("remedy", near.zip(action).map(|(near, action)| remedy(language, near, action))),
        ("repository", wanted.and_then(|wanted| repository(wanted))),
        ("seconds", evidence(denial, |evidence| match evidence {
            Evidence::RetryAfter(seconds) => Some(seconds.to_string()),
            _ => None,
        })),
        ("when", evidence(denial, |evidence| match evidence {
            Evidence::When(time) => Some(seconds_of(*time)),
            _ => None,
        })),
        ("who", denial.holder.as_ref().map(|holder| who(language, holder))),
    ];
    let args: Vec<(&str, &str)> =
        values.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    texts().get(language, &format!("{}.answer", told.code()), &args)
}

fn evidence(denial: &Denial, read: impl Fn(&Evidence) -> Option<String>) -> Option<String> {
    read(&denial.evidence)
}

fn repository(wanted: &Wanted) -> Option<String> {
    wanted.repository.as_ref().map(|repository| short(repository.as_str()))
}

/// Who somebody is to us, as a message and an event name them.
pub(super) fn who(language: Language, principal: &Principal) -> String {
    let id = match principal.kind {
        PrincipalKind::Admin => "who-admin",
        PrincipalKind::Anonymous => "who-anonymous",
        PrincipalKind::Operator => "who-operator",
        PrincipalKind::ServicePrincipal => "who-service-principal",
        PrincipalKind::Token => "who-token",
        PrincipalKind::User => "who-user",
    };
    get(language, id, &[("name", &short(&principal.name))])
}

const fn action_text(action: Action) -> &'static str {
    match action {
        Action::Catalog => "action-catalog",
        Action::Delete => "action-delete",
        Action::MetadataRead => "action-metadata-read",
        Action::MetadataWrite => "action-metadata-write",
        Action::Pull => "action-pull",
        Action::Push => "action-push",
    }
}

fn near_text(language: Language, near: &NearMiss) -> String {
    match near {
        NearMiss::Ceiling => get(language, "near-ceiling", &[]),
        NearMiss::Nothing => get(language, "near-nothing", &[]),
        NearMiss::Roles { roles } => {
            get(language, "near-roles", &[("roles", &short(&roles.join(", ")))])
        }
        NearMiss::RuleActions { map, pattern, gives } => {
            let args =
                [("map", short(map)), ("pattern", short(pattern)), ("gives", short(gives))];
            let args = args.each_ref().map(|(name, value)| (*name, value.as_str()));
            get(language, "near-rule-actions", &args)
        }
        NearMiss::RulePattern { map, pattern: Some(pattern) } => {
            let args = [("map", short(map)), ("pattern", short(pattern))];
            let args = args.each_ref().map(|(name, value)| (*name, value.as_str()));
            get(language, "near-rule-pattern", &args)
        }
        NearMiss::RulePattern { map, pattern: None } => {
            get(language, "near-rule-none", &[("map", &short(map))])
        }
    }
}

fn remedy(language: Language, near: &NearMiss, action: Action) -> String {
    match near {
        NearMiss::Ceiling => get(language, "remedy-ceiling", &[]),
        NearMiss::Nothing | NearMiss::Roles { .. } => {
            get(language, "remedy-role", &[("role", action.smallest_role())])
        }
        NearMiss::RuleActions { .. } | NearMiss::RulePattern { .. } => {
            // The catalog has no word of its own: it comes with reading metadata everywhere.
            let word = action.scope_map_word().unwrap_or("metadata/read on *");
            get(language, "remedy-scope-map", &[("word", word)])
        }
    }
}

fn get(language: Language, id: &str, args: &[(&str, &str)]) -> String {
    texts().get(language, id, args)
}

/// A time without fractions of a second.
fn seconds_of(time: jiff::Timestamp) -> String {
    jiff::Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

/// A value on one line, its middle left out where it is long.
fn short(text: &str) -> String {
    let plain: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
    if plain.len() <= VALUE {
        return plain.into_iter().collect();
    }
    let half = VALUE / 2 - 1;
    let (head, tail) = (plain.iter().take(half), plain.iter().skip(plain.len() - half));
    head.copied().chain(['…']).chain(tail.copied()).collect()
}

#[cfg(test)]
mod tests;
