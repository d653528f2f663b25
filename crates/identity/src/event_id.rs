//! Correlation ids that lead to a row which counts: the row's number, encrypted, in the form of a
//! random GUID.
//!
//! A refusal that is counted has no row of its own to keep its id in. So its id *is* the way to
//! the row, and only whoever has the key can tell it from any other. What is encrypted is 122
//! bits, all that a GUID of version 4 (RFC 9562 §5.4) has free: AES-256 over the GUID's 128 bits,
//! again and again until the six fixed bits are what they must be ("cycle walking", Black and
//! Rogaway 2002), which takes 64 rounds on average. Forty of the bits are zero, so that a GUID
//! that was made in another way is known to be none of these.

use std::fmt;

use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
};
use uuid::Uuid;

use crate::mac::MacKey;

const TABLE_BITS: u32 = 2;
const ROW_BITS: u32 = 46;
const ORDINAL_BITS: u32 = 34;

/// The bits of a GUID of version 4 that say so.
const FIXED: u128 = (0xf << 76) | (0b11 << 62);
const VERSION_4: u128 = (0x4 << 76) | (0b10 << 62);

/// What such an id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The table, by a number below 4.
    pub table: u8,
    /// The row.
    pub row: u64,
    /// The how-manieth in it.
    pub ordinal: u64,
}

/// The key of these ids.
pub struct EventIds {
    encrypting: EncryptingKey,
    decrypting: DecryptingKey,
}

impl fmt::Debug for EventIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventIds([redacted])")
    }
}

impl EventIds {
    /// The ids of a key; none where the library refuses the cipher.
    pub fn new(key: &MacKey) -> Option<Self> {
        let bytes = key.tag(&[b"event-ids"]).0;
        let unbound = || UnboundCipherKey::new(&AES_256, &bytes).ok();
        Some(Self {
            encrypting: EncryptingKey::ecb(unbound()?).ok()?,
            decrypting: DecryptingKey::ecb(unbound()?).ok()?,
        })
    }

    /// The id of one that was counted; none for numbers beyond all reason.
    pub fn seal(&self, counted: Counted) -> Option<Uuid> {
        let Counted { table, row, ordinal } = counted;
        let fits = u32::from(table) < 1 << TABLE_BITS
            && row < 1 << ROW_BITS
            && ordinal < 1 << ORDINAL_BITS;
        let bits = (u128::from(table) << (ROW_BITS + ORDINAL_BITS))
            | (u128::from(row) << ORDINAL_BITS)
            | u128::from(ordinal);
        let mut block = fits.then(|| spread_out(bits))?;
        loop {
            let mut bytes = block.to_be_bytes();
            self.encrypting.encrypt(&mut bytes).ok()?;
            block = u128::from_be_bytes(bytes);
            if block & FIXED == VERSION_4 {
                return Some(Uuid::from_u128(block));
            }
        }
    }

    /// What an id stands for; none where it is not one of these.
    pub fn open(&self, id: Uuid) -> Option<Counted> {
        let mut block = id.as_u128();
        if block & FIXED != VERSION_4 {
            return None;
        }
        loop {
            let mut bytes = block.to_be_bytes();
            self.decrypting.decrypt(&mut bytes, DecryptionContext::None).ok()?;
            block = u128::from_be_bytes(bytes);
            if block & FIXED == VERSION_4 {
                break;
            }
        }
        let bits = drawn_together(block);
        if bits >> (TABLE_BITS + ROW_BITS + ORDINAL_BITS) != 0 {
            return None;
        }
        let low = |bits: u128, count: u32| u64::try_from(bits & ((1 << count) - 1)).ok();
        Some(Counted {
            table: u8::try_from(bits >> (ROW_BITS + ORDINAL_BITS)).ok()?,
            row: low(bits >> ORDINAL_BITS, ROW_BITS)?,
            ordinal: low(bits, ORDINAL_BITS)?,
        })
    }
}

/// 122 bits around the fixed ones.
const fn spread_out(bits: u128) -> u128 {
    let (high, middle, low) = (bits >> 74, (bits >> 62) & 0xfff, bits & ((1 << 62) - 1));
    (high << 80) | (middle << 64) | low | VERSION_4
}

/// The 122 bits around the fixed ones.
const fn drawn_together(block: u128) -> u128 {
    let (high, middle, low) = (block >> 80, (block >> 64) & 0xfff, block & ((1 << 62) - 1));
    (high << 74) | (middle << 62) | low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids() -> EventIds {
        EventIds::new(&MacKey::new(&[5; 32])).unwrap()
    }

    #[test]
    fn an_id_looks_like_any_other_and_says_nothing_without_the_key() {
        let counted = |ordinal| Counted { table: 1, row: 77, ordinal };
        let (one, next) = (ids().seal(counted(12)).unwrap(), ids().seal(counted(13)).unwrap());
        assert_eq!((one.get_version_num(), one.get_variant()), (4, uuid::Variant::RFC4122));
        assert!((one.as_u128() ^ next.as_u128()).count_ones() > 20, "{one} {next}");
        let other = EventIds::new(&MacKey::new(&[6; 32])).unwrap();
        assert_eq!(other.open(one), None);
        assert!(!format!("{:?}", ids()).contains('5'));
    }

    #[test]
    fn numbers_beyond_all_reason_have_no_id() {
        let none = |counted| assert_eq!(ids().seal(counted), None);
        none(Counted { table: 4, row: 1, ordinal: 1 });
        none(Counted { table: 0, row: 1 << ROW_BITS, ordinal: 1 });
        none(Counted { table: 0, row: 1, ordinal: 1 << ORDINAL_BITS });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_sealed_is_opened(table in 0_u8..4, row in 0..1_u64 << ROW_BITS, ordinal in 0..1_u64 << ORDINAL_BITS) {
            let counted = Counted { table, row, ordinal };
            prop_assert_eq!(ids().open(ids().seal(counted).unwrap()), Some(counted));
        }

        #[test]
        fn no_other_guid_is_one_of_these(bits: u128) {
            let guid = Uuid::from_u128(bits & !FIXED | VERSION_4);
            prop_assert_eq!(ids().open(guid), None);
            prop_assert_eq!(ids().open(Uuid::from_u128(bits & !FIXED)), None);
        }

        #[test]
        fn bits_are_kept(bits in 0..1_u128 << 122) {
            prop_assert_eq!(spread_out(bits) & FIXED, VERSION_4);
            prop_assert_eq!(drawn_together(spread_out(bits)), bits);
        }
    }
}
