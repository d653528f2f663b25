//! Sizes as people write them: `64KiB`, `4MiB`, `200GiB`, or a number of bytes.

/// The units, and how many bytes each has.
const UNITS: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];

/// Reads a size of one byte and more.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) =
        UNITS.into_iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)))?;
    let number = number.trim_end();
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.then(|| number.parse().ok())??;
    number.checked_mul(unit).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_or_without_a_unit() {
        assert_eq!(bytes("64KiB"), Some(65_536));
        assert_eq!(bytes("200 GiB"), Some(214_748_364_800));
        assert_eq!(bytes("1000"), Some(1000));
        for bad in ["", "0", "KiB", "4 MB", "-1", "1.5GiB", "99999999999TiB"] {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }
}
