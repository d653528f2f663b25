//! The words of a denial, for the person who reads them in their client's output: who they are to
//! us, what is missing, what would grant it. One line, short, and nothing about others.

use naru_access::{Action, Denial, Evidence, NearMiss, Principal, PrincipalKind};
use naru_codes::{Language, texts};

/// The longest that a message becomes: with the correlation id it stays under 300 characters.
const LONGEST: usize = 240;

/// How much is shown of each name, list or other value in it: as much as there is room for.
const WIDTHS: [usize; 4] = [120, 60, 40, 20];

/// The message, without the correlation id.
pub(super) fn message(denial: &Denial, language: Language) -> String {
    let fits = |text: &String| text.chars().count() <= LONGEST;
    let mut texts = WIDTHS.into_iter().map(|width| Words { language, width }.message(denial));
    texts.find(fits).unwrap_or_else(|| Words { language, width: 10 }.message(denial))
}

/// The words in a language, with so many characters for each value.
#[derive(Clone, Copy)]
struct Words {
    language: Language,
    width: usize,
}

impl Words {
    fn message(self, denial: &Denial) -> String {
        let told = denial.disclosed();
        let id = format!("{}.answer", told.code());
        if told != denial.cause {
            return self.get(&id, &[]);
        }
        let values = self.values(denial);
        let args: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.get(&id, &args)
    }

    /// All that a text may name of a denial.
    fn values(self, denial: &Denial) -> Vec<(&'static str, String)> {
        let mut values = Vec::new();
        if let Some(holder) = &denial.holder {
            values.push(("who", self.who(holder)));
        }
        let wanted = denial.wanted.first();
        if let Some(wanted) = wanted {
            values.push(("action", self.get(action_text(wanted.action), &[])));
            if let Some(repository) = &wanted.repository {
                values.push(("repository", self.short(repository.as_str())));
            }
        }
        match &denial.evidence {
            Evidence::None => {}
            Evidence::Address(address) => values.push(("address", address.to_string())),
            Evidence::Audience(audience) => values.push(("audience", self.short(audience))),
            Evidence::Host(host) => values.push(("host", self.short(host))),
            Evidence::Near(near) => {
                values.push(("near", self.near(near)));
                if let Some(wanted) = wanted {
                    values.push(("remedy", self.remedy(near, wanted.action)));
                }
            }
            Evidence::Operation(operation) => values.push(("operation", (*operation).to_owned())),
            Evidence::Rate { bucket, of, seconds } => {
                let who = denial.holder.as_ref().map(|holder| self.who(holder));
                let of = format!("rate-of-{}", of.word());
                let who = [("who", who.as_deref().unwrap_or_default())];
                values.push(("bucket", self.get(&format!("rate-{}", bucket.word()), &[])));
                values.push(("source", self.get(&of, &who)));
                values.push(("seconds", seconds.to_string()));
            }
            Evidence::RetryAfter(seconds) => values.push(("seconds", seconds.to_string())),
            Evidence::When(time) => {
                let second = jiff::Timestamp::from_second(time.as_second()).unwrap_or(*time);
                values.push(("when", second.to_string()));
            }
        }
        values
    }

    /// Who somebody is to us.
    fn who(self, principal: &Principal) -> String {
        let id = match principal.kind {
            PrincipalKind::Admin => "who-admin",
            PrincipalKind::Anonymous => "who-anonymous",
            PrincipalKind::Operator => "who-operator",
            PrincipalKind::ServicePrincipal => "who-service-principal",
            PrincipalKind::Token => "who-token",
            PrincipalKind::User => "who-user",
        };
        self.get(id, &[("name", &self.short(&principal.name))])
    }

    /// The rule that came nearest.
    fn near(self, near: &NearMiss) -> String {
        match near {
            NearMiss::Ceiling => self.get("near-ceiling", &[]),
            NearMiss::Nothing => self.get("near-nothing", &[]),
            NearMiss::Roles { roles } => {
                self.get("near-roles", &[("roles", &self.short(&roles.join(", ")))])
            }
            NearMiss::RuleActions { map, pattern, gives } => {
                let (map, pattern, gives) =
                    (self.short(map), self.short(pattern), self.short(gives));
                let args = [("map", map.as_str()), ("pattern", &pattern), ("gives", &gives)];
                self.get("near-rule-actions", &args)
            }
            NearMiss::RulePattern { map, pattern: Some(pattern) } => {
                let (map, pattern) = (self.short(map), self.short(pattern));
                self.get("near-rule-pattern", &[("map", &map), ("pattern", &pattern)])
            }
            NearMiss::RulePattern { map, pattern: None } => {
                self.get("near-rule-none", &[("map", &self.short(map))])
            }
        }
    }

    /// What would have made the difference.
    fn remedy(self, near: &NearMiss, action: Action) -> String {
        match near {
            NearMiss::Ceiling => self.get("remedy-ceiling", &[]),
            NearMiss::Nothing | NearMiss::Roles { .. } => {
                self.get("remedy-role", &[("role", action.smallest_role())])
            }
            NearMiss::RuleActions { .. } | NearMiss::RulePattern { .. } => {
                // The catalog has no word of its own: it comes with reading metadata everywhere.
                let word = action.scope_map_word().unwrap_or("metadata/read on *");
                self.get("remedy-scope-map", &[("word", word)])
            }
        }
    }

    fn get(self, id: &str, args: &[(&str, &str)]) -> String {
        texts().get(self.language, id, args)
    }

    /// A value on one line, its middle left out where it is long.
    fn short(self, text: &str) -> String {
        let plain: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
        if plain.len() <= self.width {
            return plain.into_iter().collect();
        }
        let half = (self.width / 2).saturating_sub(1);
        let tail = plain.iter().skip(plain.len() - half);
        plain.iter().take(half).copied().chain(['…']).chain(tail.copied()).collect()
    }
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

#[cfg(test)]
mod tests;
