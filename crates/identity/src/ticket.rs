//! Upload ids: unknown to everybody but the principal that began the upload, and outside the
//! repository that it was begun in.
//!
//! An id is random bytes and a keyed hash over registry, repository, principal and those bytes.
//! It also binds the access token that began the upload, so that just that token may go on with
//! it for some time past its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use naru_access::{InRepository, PrincipalId};

use crate::mac::{MacKey, Tag};

const NONCE: usize = 16;
const BEGUN_BY: usize = 8;
const SEAL: usize = 16;

/// What an upload belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// Where it was begun.
    pub place: &'a InRepository,
    /// Who began it.
    pub principal: PrincipalId,
}

/// An upload id that is its bearer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    nonce: [u8; NONCE],
    begun_by: [u8; BEGUN_BY],
}

impl Ticket {
    /// A ticket for an upload that begins, with the `jti` of the token that began it.
    pub fn begin(key: &MacKey, nonce: [u8; NONCE], jti: Option<&str>) -> Self {
        Self { nonce, begun_by: jti.map(|jti| begun_by(key, jti)).unwrap_or_default() }
    }

    /// The upload's key in the store.
    pub const fn upload(&self) -> [u8; NONCE] {
        self.nonce
    }

    /// The id as the client gets it.
    pub fn seal(&self, key: &MacKey, owner: Owner<'_>) -> String {
        let mut bytes = Vec::with_capacity(NONCE + BEGUN_BY + SEAL);
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.begun_by);
        bytes.extend(self.mac(key, owner).0.into_iter().take(SEAL));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads an id back; `None` for whatever is not this owner's.
    pub fn open(key: &MacKey, owner: Owner<'_>, id: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE>()?;
        let (begun_by, seal) = rest.split_first_chunk::<BEGUN_BY>()?;
        let ticket = Self { nonce: *nonce, begun_by: *begun_by };
        let mut expected = [0; 32];
        expected
            .iter_mut()
            .zip(ticket.mac(key, owner).0)
            .take(SEAL)
            .for_each(|(to, from)| *to = from);
        let mut given = [0; 32];
        given.iter_mut().zip(seal).for_each(|(to, from)| *to = *from);
        (seal.len() == SEAL && Tag(expected) == Tag(given)).then_some(ticket)
    }

    /// Whether the token of this `jti` began the upload.
    pub fn was_begun_by(&self, key: &MacKey, jti: &str) -> bool {
        self.begun_by == begun_by(key, jti)
    }

    fn mac(&self, key: &MacKey, owner: Owner<'_>) -> Tag {
        key.tag(&[
            b"upload",
            &owner.place.registry.registry.bytes(),
            owner.place.repository.as_str().as_bytes(),
            &owner.principal.bytes(),
            &self.nonce,
            &self.begun_by,
        ])
    }
}

fn begun_by(key: &MacKey, jti: &str) -> [u8; BEGUN_BY] {
    let tag = key.tag(&[b"begun-by", jti.as_bytes()]);
    tag.0.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use naru_access::{InRegistry, RegistryId, TenantId};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn place(registry: u128, repository: &str) -> InRepository {
        let registry = RegistryId(Uuid::from_u128(registry));
        let registry = InRegistry { tenant: TenantId(Uuid::nil()), registry };
        InRepository { registry, repository: repository.parse().unwrap() }
    }

    /// CVE-2026-32589 (Quay): an upload of one repository used with another, or by another user.
    #[test]
    fn an_upload_id_is_nobody_elses_and_of_no_other_repository() {
        let key = MacKey::new(&[3; 32]);
        let (here, alice) = (place(1, "team/app"), PrincipalId(Uuid::from_u128(5)));
        let owner = Owner { place: &here, principal: alice };
        let ticket = Ticket::begin(&key, [9; 16], Some("jti-1"));
        let id = ticket.seal(&key, owner);
        assert_eq!(Ticket::open(&key, owner, &id), Some(ticket));
        let bob = PrincipalId(Uuid::from_u128(6));
        let (other, elsewhere) = (place(1, "team/other"), place(2, "team/app"));
        assert_eq!(Ticket::open(&key, Owner { place: &here, principal: bob }, &id), None);
        assert_eq!(Ticket::open(&key, Owner { place: &other, principal: alice }, &id), None);
        assert_eq!(Ticket::open(&key, Owner { place: &elsewhere, principal: alice }, &id), None);
        assert_eq!(Ticket::open(&MacKey::new(&[4; 32]), owner, &id), None);
        assert!(ticket.was_begun_by(&key, "jti-1") && !ticket.was_begun_by(&key, "jti-2"));
    }

    proptest! {
        #[test]
        fn no_text_is_an_id_by_chance(text: String) {
            let (here, key) = (place(1, "a"), MacKey::new(&[3; 32]));
            let owner = Owner { place: &here, principal: PrincipalId(Uuid::nil()) };
            prop_assert_eq!(Ticket::open(&key, owner, &text), None);
        }
    }
}
