//! The keys of a server: what tokens are signed with, and the master key of all keyed hashes.
//!
//! Kept as (key id, algorithm, use). The registry's own tokens are ES256, since signing RS256
//! takes twenty times as long; the directory's are RS256, since that is what its clients expect
//! of an OpenID Connect provider. An old key is honoured until the last token it signed is dead.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::mac::MacKey;
use crate::signer::{PrivateKey, Signer};
use crate::{Entropy, EntropyExt};

/// The longest that any signed token lives; so long an old key is honoured at least.
pub const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(4);

/// How long an upload may be continued with the access token that began it, past that token's
/// time.
pub const UPLOAD_GRACE: SignedDuration = SignedDuration::from_hours(24);

/// How long a new key of the directory is published before it signs, so that whoever keeps its
/// key set in memory has it in time.
const PUBLISHED_AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    /// Identity tokens of the directory (RS256).
    Issuer,
    /// Refresh and access tokens of registries (ES256).
    Registry,
}

impl KeyUse {
    /// Every use.
    pub const ALL: [Self; 2] = [Self::Issuer, Self::Registry];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Registry => "registry",
        }
    }

    /// How long a key is honoured once another one signs in its place: until the last token it
    /// signed is dead.
    fn honoured(self) -> SignedDuration {
        match self {
            Self::Issuer => LONGEST_LIFE,
            Self::Registry => LONGEST_LIFE + UPLOAD_GRACE,
        }
    }

    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::Issuer => Algorithm::RS256,
            Self::Registry => Algorithm::ES256,
        }
    }
}

/// Keys cannot be made, read or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The library could not make a key.
    #[error("a key could not be generated")]
    Generate,
    /// What should be a key is none.
    #[error("the key file does not hold the keys that it should")]
    Malformed,
}

/// What a key is good for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It signs no more, and what it signed holds until it is forgotten.
    Honoured,
    /// It is published, and signs later.
    Next,
    /// It signs.
    Signing,
}

/// One signing key.
#[derive(Clone)]
pub struct SigningKey {
    /// Its id: the RFC 7638 thumbprint.
    pub id: String,
    /// What it signs.
    pub usage: KeyUse,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    private: Zeroizing<Vec<u8>>,
    /// What its public part is read from.
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    pub(crate) signer: Arc<Signer>,
}

impl SigningKey {
    /// A new key. The first of its use signs at once.
    fn generate(usage: KeyUse, now: Timestamp, first: bool) -> Result<Self, KeyError> {
        let private = match usage {
            KeyUse::Issuer => {
                let pair =
                    RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generate)?;
                let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair);
                pkcs8.map_err(|_| KeyError::Generate)?.as_ref().to_vec()
            }
            KeyUse::Registry => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                    .map_err(|_| KeyError::Generate)?
                    .as_ref()
                    .to_vec()
            }
        };
        let signs_from = match usage {
            KeyUse::Issuer if !first => now.saturating_add(PUBLISHED_AHEAD).unwrap_or(now),
            KeyUse::Issuer | KeyUse::Registry => now,
        };
        Self::from_parts(usage, now, signs_from, Zeroizing::new(private))
    }

    fn from_parts(
        usage: KeyUse,
        created: Timestamp,
        signs_from: Timestamp,
        private: Zeroizing<Vec<u8>>,
    ) -> Result<Self, KeyError> {
        let malformed = |_| KeyError::Malformed;
        let (encoding, decoding, key) = match usage {
            KeyUse::Issuer => {
                let pair = RsaKeyPair::from_pkcs8(&private).map_err(|_| KeyError::Malformed)?;
                let pkcs1 = pkcs1_of(&private).ok_or(KeyError::Malformed)?;
                let decoding = DecodingKey::from_rsa_der(pair.public_key().as_ref());
                (EncodingKey::from_rsa_der(pkcs1), decoding, PrivateKey::Rsa(pair))
            }
            KeyUse::Registry => {
                let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair =
                    EcdsaKeyPair::from_pkcs8(signing, &private).map_err(|_| KeyError::Malformed)?;
                let decoding = DecodingKey::from_ec_der(pair.public_key().as_ref());
                (EncodingKey::from_ec_der(&private), decoding, PrivateKey::Ecdsa(pair))
            }
        };
        let jwk = Jwk::from_encoding_key(&encoding, usage.algorithm()).map_err(malformed)?;
        let id = jwk.thumbprint(ThumbprintHash::SHA256).map_err(malformed)?;
        let signer = Arc::new(Signer::new(key, &id)?);
        Ok(Self { id, usage, created, signs_from, private, encoding, decoding, signer })
    }

    /// Its public part (RFC 7517), for a key set that others read.
    fn public(&self) -> Option<Jwk> {
        let mut jwk = Jwk::from_encoding_key(&self.encoding, self.usage.algorithm()).ok()?;
        jwk.common.key_id = Some(self.id.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Some(jwk)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("usage", &self.usage)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

/// All keys of a server.
#[derive(Clone, Debug)]
pub struct KeyRing {
    master: Zeroizing<[u8; 32]>,
    signing: Vec<SigningKey>,
}

/// The ring as it lies in its file.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    master: Zeroizing<String>,
    signing: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    #[serde(rename = "use")]
    usage: KeyUse,
    created: Timestamp,
    signs_from: Timestamp,
    private: Zeroizing<String>,
}

impl KeyRing {
    /// New keys, for a first start.
    pub fn generate(entropy: &dyn Entropy, now: Timestamp) -> Result<Self, KeyError> {
        let registry = SigningKey::generate(KeyUse::Registry, now, true)?;
        let issuer = SigningKey::generate(KeyUse::Issuer, now, true)?;
        Ok(Self { master: Zeroizing::new(entropy.bytes()), signing: vec![registry, issuer] })
    }

    /// Reads a ring that [`KeyRing::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self, KeyError> {
        let stored: Stored = serde_json::from_str(text).map_err(|_| KeyError::Malformed)?;
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| KeyError::Malformed);
        let master = decode(&stored.master)?.try_into().map_err(|_| KeyError::Malformed)?;
        let signing = stored.signing.iter().map(|key| {
            let private = Zeroizing::new(decode(&key.private)?);
            SigningKey::from_parts(key.usage, key.created, key.signs_from, private)
        });
        let ring =
            Self { master: Zeroizing::new(master), signing: signing.collect::<Result<_, _>>()? };
        let complete = [KeyUse::Issuer, KeyUse::Registry]
            .iter()
            .all(|usage| ring.signing.iter().any(|key| key.usage == *usage));
        if stored.version == 1 && complete { Ok(ring) } else { Err(KeyError::Malformed) }
    }

    /// The ring as text for its file, which only the server may read.
    pub fn to_json(&self) -> Zeroizing<String> {
        let stored = Stored {
            version: 1,
            master: Zeroizing::new(STANDARD.encode(*self.master)),
            signing: self
                .signing
                .iter()
                .map(|key| StoredKey {
                    usage: key.usage,
                    created: key.created,
                    signs_from: key.signs_from,
                    private: Zeroizing::new(STANDARD.encode(&*key.private)),
                })
                .collect(),
        };
        Zeroizing::new(serde_json::to_string_pretty(&stored).unwrap_or_default())
    }

    /// The keyed-hash key of one purpose.
    pub fn mac(&self, purpose: &str) -> MacKey {
        MacKey::new(&self.master).derive(purpose)
    }

    /// The key that signs now.
    pub fn signing(&self, usage: KeyUse, now: Timestamp) -> Option<&SigningKey> {
        let of_use = self.signing.iter().filter(|key| key.usage == usage);
        // A clock that was set back must not leave the server without a key.
        let ready = of_use.clone().filter(|key| key.signs_from <= now);
        ready.max_by_key(|key| key.created).or_else(|| of_use.min_by_key(|key| key.created))
    }

    /// The key of an id.
    pub fn find(&self, id: &str) -> Option<&SigningKey> {
        self.signing.iter().find(|key| key.id == id)
    }

    /// The public keys of the directory (RFC 7517).
    pub fn public_keys(&self) -> Vec<Jwk> {
        let issuers = self.signing.iter().filter(|key| key.usage == KeyUse::Issuer);
        issuers.filter_map(SigningKey::public).collect()
    }

    /// Makes new keys where the newest of a use is older than `age`, and drops those whose last
    /// token is dead. `None` where nothing was due.
    pub fn rotated(&self, age: SignedDuration, now: Timestamp) -> Result<Option<Self>, KeyError> {
        let mut ring = self.clone();
        let older = |time: Timestamp, age| now.duration_since(time) >= age;
        for usage in KeyUse::ALL {
            let newest =
                ring.signing.iter().filter(|key| key.usage == usage).map(|key| key.created).max();
            if newest.is_none_or(|created| older(created, age)) {
                ring.signing.push(SigningKey::generate(usage, now, newest.is_none())?);
            }
        }
        ring.forget_dead(now);
        let ids = |ring: &Self| ring.signing.iter().map(|key| key.id.clone()).collect::<Vec<_>>();
        Ok((ids(&ring) != ids(self)).then_some(ring))
    }

    /// With a successor to the key of a use, whatever its age.
    pub fn with_successor(&self, usage: KeyUse, now: Timestamp) -> Result<Self, KeyError> {
        let mut ring = self.clone();
        ring.signing.push(SigningKey::generate(usage, now, false)?);
        ring.forget_dead(now);
        Ok(ring)
    }

    /// Without a key: what it signed does not hold any more. Where it was the one that signs,
    /// another signs at once. `None` where there is no such key.
    pub fn without(&self, id: &str, now: Timestamp) -> Result<Option<Self>, KeyError> {
        let Some(key) = self.find(id) else { return Ok(None) };
        let (usage, state) = (key.usage, self.state(key, now));
        let mut ring = self.clone();
        ring.signing.retain(|key| key.id != id);
        if state == KeyState::Signing {
            let waiting =
                ring.signing.iter_mut().filter(|key| key.usage == usage && key.signs_from > now);
            // An older key must not sign again: what it signs would die with it.
            match waiting.min_by_key(|key| key.signs_from) {
                Some(next) => next.signs_from = now,
                None => ring.signing.push(SigningKey::generate(usage, now, true)?),
            }
        }
        Ok(Some(ring))
    }

    /// All signing keys, the newest of each use first.
    pub fn keys(&self) -> Vec<&SigningKey> {
        let mut keys: Vec<_> = self.signing.iter().collect();
        keys.sort_by_key(|key| {
            (key.usage.word(), std::cmp::Reverse((key.signs_from, key.created)))
        });
        keys
    }

    /// What a key is good for.
    pub fn state(&self, key: &SigningKey, now: Timestamp) -> KeyState {
        if self.signing(key.usage, now).is_some_and(|signing| signing.id == key.id) {
            KeyState::Signing
        } else if key.signs_from > now {
            KeyState::Next
        } else {
            KeyState::Honoured
        }
    }

    /// When a key is forgotten, as the last token that it signed is dead then. `None` while no
    /// other is to sign in its place.
    pub fn honoured_until(&self, key: &SigningKey) -> Option<Timestamp> {
        let later = self.signing.iter().filter(|other| other.usage == key.usage);
        let later = later.filter(|other| other.signs_from > key.signs_from);
        let next = later.map(|other| other.signs_from).min()?;
        next.checked_add(key.usage.honoured()).ok()
    }

    fn forget_dead(&mut self, now: Timestamp) {
        let dead = |key: &&SigningKey| self.honoured_until(key).is_some_and(|end| end <= now);
        let dead: Vec<_> = self.signing.iter().filter(dead).map(|key| key.id.clone()).collect();
        self.signing.retain(|key| !dead.contains(&key.id));
    }
}

/// The `RSAPrivateKey` (RFC 8017) inside a PKCS #8 document (RFC 5958): the contents of its only
/// octet string, after the version and the algorithm.
fn pkcs1_of(pkcs8: &[u8]) -> Option<&[u8]> {
    let (_, body) = der(pkcs8, 0x30)?;
    let (body, _) = der(body, 0x02)?;
    let (body, _) = der(body, 0x30)?;
    let (_, key) = der(body, 0x04)?;
    Some(key)
}

/// Splits a DER element of the given tag off: (what follows it, its contents).
fn der(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = input.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(*length & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (contents, after) = rest.split_at_checked(length)?;
    (*first == tag).then_some((after, contents))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = at.to_le_bytes()[0]);
        }
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap()
    }

    fn ring() -> KeyRing {
        KeyRing::generate(&Counting, at(0)).unwrap()
    }

    #[test]
    fn a_ring_reads_back_as_itself() {
        let ring = ring();
        let back = KeyRing::from_json(&ring.to_json()).unwrap();
        assert_eq!(back.signing[0].id, ring.signing[0].id);
        assert_eq!(back.mac("x").tag(&[b"y"]), ring.mac("x").tag(&[b"y"]));
        for bad in ["", "{}", r#"{"version":1,"master":"AA==","signing":[]}"#] {
            assert_eq!(KeyRing::from_json(bad).err(), Some(KeyError::Malformed), "{bad}");
        }
    }

    #[test]
    fn nothing_secret_prints() {
        let ring = ring();
        let shown = format!("{ring:?}");
        let json = ring.to_json();
        let stored: Stored = serde_json::from_str(&json).unwrap();
        assert!(!shown.contains(stored.signing[0].private.as_str()));
        let public = serde_json::to_string(&ring.public_keys()).unwrap();
        assert!(public.contains("\"kty\":\"RSA\"") && !public.contains("\"d\":"), "{public}");
    }

    #[test]
    fn rotation_logs_nobody_out() {
        let month = SignedDuration::from_hours(720);
        let first = ring();
        assert!(first.rotated(month, at(719)).unwrap().is_none());
        let second = first.rotated(month, at(720)).unwrap().unwrap();
        let old = first.signing(KeyUse::Registry, at(720)).unwrap().id.clone();
        assert!(second.find(&old).is_some(), "tokens of the old key still hold");
        assert_ne!(second.signing(KeyUse::Registry, at(720)).unwrap().id, old);
        let issuer =
            |ring: &KeyRing, hour| ring.signing(KeyUse::Issuer, at(hour)).unwrap().id.clone();
        assert_eq!(issuer(&second, 720), issuer(&first, 720), "published before it signs");
        assert_ne!(issuer(&second, 721), issuer(&first, 720));
        let third = second.rotated(month, at(725)).unwrap().unwrap();
        assert_eq!(third.public_keys().len(), 1, "the last identity token is dead");
        assert!(third.find(&old).is_some(), "an upload may go on with its token for a day");
        assert!(third.rotated(month, at(747)).unwrap().is_none());
        let fourth = third.rotated(month, at(748)).unwrap().unwrap();
        assert!(fourth.find(&old).is_none(), "its last token is dead");
    }

    fn states(ring: &KeyRing, hours: i64) -> Vec<(KeyUse, KeyState)> {
        let keys = ring.keys();
        keys.into_iter().map(|key| (key.usage, ring.state(key, at(hours)))).collect()
    }

    #[test]
    fn a_key_gets_a_successor_whenever_somebody_wants_it() {
        let first = ring();
        let signing =
            |ring: &KeyRing, usage, hours| ring.signing(usage, at(hours)).unwrap().id.clone();
        let second = first.with_successor(KeyUse::Registry, at(1)).unwrap();
        let third = second.with_successor(KeyUse::Issuer, at(1)).unwrap();
        let (issuer, registry) = (KeyUse::Issuer, KeyUse::Registry);
        assert_eq!(
            states(&third, 1),
            [
                (issuer, KeyState::Next),
                (issuer, KeyState::Signing),
                (registry, KeyState::Signing),
                (registry, KeyState::Honoured)
            ]
        );
        assert_eq!(
            states(&third, 2)[..2],
            [(issuer, KeyState::Signing), (issuer, KeyState::Honoured)]
        );
        let old = signing(&first, registry, 0);
        let until = third.honoured_until(third.find(&old).unwrap());
        assert_eq!(until, Some(at(29)), "the last upload that it began is dead");
        let new = third.signing(registry, at(1)).unwrap();
        assert_eq!(third.honoured_until(new), None);
    }

    #[test]
    fn a_revoked_key_is_gone_at_once_and_no_older_one_signs_again() {
        let (issuer, registry) = (KeyUse::Issuer, KeyUse::Registry);
        for usage in KeyUse::ALL {
            let first = ring();
            let old = first.signing(usage, at(0)).unwrap().id.clone();
            let second = first.with_successor(usage, at(0)).unwrap();
            let new = second.signing(usage, at(1)).unwrap().id.clone();
            assert_ne!(old, new);
            let third = second.without(&new, at(1)).unwrap().unwrap();
            assert!(third.find(&new).is_none());
            let signing = third.signing(usage, at(1)).unwrap().id.clone();
            assert!(signing != new && signing != old, "the old one does not sign again");
            let fourth = third.without(&old, at(1)).unwrap().unwrap();
            assert_eq!(
                states(&fourth, 1),
                [(issuer, KeyState::Signing), (registry, KeyState::Signing)]
            );
            assert_eq!(fourth.signing(usage, at(1)).unwrap().id, signing);
            assert!(fourth.without("nobody's", at(1)).unwrap().is_none());
            KeyRing::from_json(&fourth.to_json()).unwrap();
        }
    }

    #[test]
    fn a_key_that_was_to_sign_later_signs_at_once_where_the_one_before_is_revoked() {
        let first = ring();
        let second = first.with_successor(KeyUse::Issuer, at(0)).unwrap();
        let old = second.signing(KeyUse::Issuer, at(0)).unwrap().id.clone();
        let third = second.without(&old, at(0)).unwrap().unwrap();
        assert_eq!(states(&third, 0)[..1], [(KeyUse::Issuer, KeyState::Signing)]);
        assert_eq!(third.public_keys().len(), 1);
        assert!(second.find(&third.signing(KeyUse::Issuer, at(0)).unwrap().id).is_some());
    }
}
