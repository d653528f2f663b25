//! Byte ranges: of a read (RFC 9110 §14) and of an uploaded chunk (OCI distribution, "Pushing a
//! blob in chunks").

use std::str::FromStr;

/// Why a range header cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Not of the form that is due.
    #[error("the range is not of the form `first-last`")]
    Form,
    /// It names nothing that is there.
    #[error("the range lies outside the content, or ends before it starts")]
    Unsatisfiable,
}

/// The bytes that a GET asks for: `first..=last`, both inside the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte, from 0.
    pub first: u64,
    /// The last byte, included.
    pub last: u64,
}

impl ByteRange {
    /// Reads a `Range` header against content of `size` bytes.
    ///
    /// `Ok(None)` means: answer with the whole content (another unit, several ranges or a form
    /// that is none, which RFC 9110 lets a server ignore).
    pub fn resolve(header: &str, size: u64) -> Result<Option<Self>, RangeError> {
        let Some(spec) = header.trim().strip_prefix("bytes=") else {
            return Ok(None);
        };
        let Some((first, last)) = spec.split_once('-').filter(|_| !spec.contains(',')) else {
            return Ok(None);
        };
        let (first, last) = (first.trim(), last.trim());
        let number = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
        let range = if first.is_empty() {
            let Some(suffix) = number(last) else {
                return Ok(None);
            };
            Self { first: size.saturating_sub(suffix), last: size.saturating_sub(1) }
        } else {
            let Some(first) = number(first) else {
                return Ok(None);
            };
            let last = match (last.is_empty(), number(last)) {
                (true, _) => u64::MAX,
                (false, Some(last)) => last,
                (false, None) => return Ok(None),
            };
            if last < first {
                return Err(RangeError::Unsatisfiable);
            }
            Self { first, last: last.min(size.saturating_sub(1)) }
        };
        if range.first >= size { Err(RangeError::Unsatisfiable) } else { Ok(Some(range)) }
    }

    /// How many bytes it covers.
    #[expect(clippy::len_without_is_empty, reason = "a range covers at least one byte")]
    pub const fn len(&self) -> u64 {
        self.last - self.first + 1
    }
}

/// The `Content-Range` of a chunk that is uploaded: `first-last`, without a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRange {
    /// Where the chunk starts, from 0.
    pub first: u64,
    /// Its last byte, included.
    pub last: u64,
}

impl FromStr for ChunkRange {
    type Err = RangeError;

    /// `0-99`; also the general form `bytes 0-99/*`, which some clients send.
    fn from_str(header: &str) -> Result<Self, RangeError> {
        let spec = header.trim();
        let spec = spec.strip_prefix("bytes ").unwrap_or(spec);
        let (spec, whole) = spec.split_once('/').unwrap_or((spec, "*"));
        let (first, last) = spec.split_once('-').ok_or(RangeError::Form)?;
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u64>().ok().filter(|_| digits).ok_or(RangeError::Form)
        };
        let range = Self { first: number(first)?, last: number(last)? };
        // RFC 9110 §14.4: the whole is not known yet, or reaches beyond the range.
        if whole != "*" && number(whole)? <= range.last {
            return Err(RangeError::Unsatisfiable);
        }
        if range.last < range.first { Err(RangeError::Unsatisfiable) } else { Ok(range) }
    }
}

impl ChunkRange {
    /// How many bytes the chunk says it has.
    #[expect(clippy::len_without_is_empty, reason = "a range covers at least one byte")]
    pub const fn len(&self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_of_a_read() {
        let whole = |first, last| Ok(Some(ByteRange { first, last }));
        for (header, size, expected) in [
            ("bytes=0-4194303", 10, whole(0, 9)),
            ("bytes=2-5", 10, whole(2, 5)),
            ("bytes=5-", 10, whole(5, 9)),
            ("bytes=-3", 10, whole(7, 9)),
            ("bytes=-30", 10, whole(0, 9)),
            ("bytes=-0", 10, Err(RangeError::Unsatisfiable)),
            ("bytes=500-0", 1000, Err(RangeError::Unsatisfiable)),
            ("bytes=10-", 10, Err(RangeError::Unsatisfiable)),
            ("bytes=0-", 0, Err(RangeError::Unsatisfiable)),
            ("bytes=-1", 0, Err(RangeError::Unsatisfiable)),
            ("bytes=0-1,3-4", 10, Ok(None)),
            ("items=0-1", 10, Ok(None)),
            ("bytes=a-b", 10, Ok(None)),
            ("bytes=+1-2", 10, Ok(None)),
            ("bytes=", 10, Ok(None)),
        ] {
            assert_eq!(ByteRange::resolve(header, size), expected, "{header} of {size}");
        }
    }

    #[test]
    fn ranges_of_a_chunk() {
        assert_eq!("0-99".parse(), Ok(ChunkRange { first: 0, last: 99 }));
        assert_eq!("bytes 5-9/*".parse(), Ok(ChunkRange { first: 5, last: 9 }));
        assert_eq!("5-9/10".parse(), Ok(ChunkRange { first: 5, last: 9 }));
        for outside in ["9-5", "5-9/9"] {
            assert_eq!(outside.parse::<ChunkRange>(), Err(RangeError::Unsatisfiable), "{outside}");
        }
        for bad in ["", "5", "-5", "5-", "a-b", "+1-2", "1-2-3", "0-9/", "0-9/x", "0-9/*x"] {
            assert_eq!(bad.parse::<ChunkRange>(), Err(RangeError::Form), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_range_never_leaves_the_content(header: String, size: u64) {
            if let Ok(Some(range)) = ByteRange::resolve(&format!("bytes={header}"), size) {
                prop_assert!(range.first <= range.last && range.last < size);
            }
        }

        #[test]
        fn numeric_ranges_never_leave_the_content(first: u64, last: u64, size: u64) {
            if let Ok(Some(range)) = ByteRange::resolve(&format!("bytes={first}-{last}"), size) {
                prop_assert!(range.first == first && range.last < size && range.len() <= size);
            }
        }
    }
}
