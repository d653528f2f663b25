//! Settings that are each possible, and not together.

use super::{Place, Settings, SettingsError, Tls};

impl Settings {
    /// What contradicts something else.
    pub(super) fn contradictions(&self) -> Vec<SettingsError> {
        let mut found = Vec::new();
        let mut find = |key: &str, text, given: &str| {
            let place = self.place(key, given);
            found.push(SettingsError::Contradiction { place, text, given: given.to_owned() });
        };
        match (self.tls, &self.tls_cert, &self.tls_key) {
            (Some(Tls::Dev), Some(_), _) => find("server.tls-cert", "settings-tls-dev", ""),
            (Some(Tls::Dev), None, Some(_)) => find("server.tls-key", "settings-tls-dev", ""),
            (Some(Tls::Off), Some(_), _) => find("server.tls", "settings-tls-off", ""),
            (_, Some(_), None) => find("server.tls-cert", "settings-tls-pair", "server.tls-key"),
            (_, None, Some(_)) => find("server.tls-key", "settings-tls-pair", "server.tls-cert"),
            _ => {}
        }
        for (number, address) in self.listen.iter().enumerate() {
            // Of port 0 there may be any number, as each becomes another.
            let free = address.tcp().is_some_and(|address| address.port() == 0);
            if !free && self.listen.iter().take(number).any(|other| other == address) {
                find("server.listen", "settings-listen-twice", &address.to_string());
            }
        }
        if self.limits.connections_per_address > self.limits.connections {
            let total = self.limits.connections.to_string();
            if self.place("limits.connections-per-address", "").is_some() {
                find("limits.connections-per-address", "settings-connections", &total);
            }
        }
        found
    }

    /// Where a key was set: to this value, where it has several.
    fn place(&self, key: &str, value: &str) -> Option<Place> {
        let (_, values) = self.given.iter().find(|(name, _)| *name == key)?;
        let exact = values.iter().rfind(|(_, given)| given == value);
        exact.or(values.last()).map(|(place, _)| place.clone())
    }
}
