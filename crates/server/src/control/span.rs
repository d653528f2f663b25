//! Spans of time as people write them: `90d`, `1h`, `30m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Fault;

/// A span of time, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(SignedDuration);

/// The units, and how many seconds each has.
const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];

/// The longest span: a hundred years.
const LONGEST: i64 = 100 * 366 * 86_400;

impl Span {
    /// So many days.
    pub fn of_days(days: u32) -> Result<Self, Fault> {
        format!("{days}d").parse()
    }

    /// A duration that may be none, as in `0s`.
    pub fn or_nothing(text: &str) -> Result<SignedDuration, Fault> {
        let number = text.strip_suffix(|unit| UNITS.iter().any(|(known, _)| *known == unit));
        match number {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|digit| digit == b'0') => {
                Ok(SignedDuration::ZERO)
            }
            _ => text.parse().map(|Self(duration)| duration),
        }
    }

    /// It as a duration.
    pub fn duration(self) -> Duration {
        self.0.unsigned_abs()
    }

    /// The time so much later.
    pub(super) fn after(self, now: Timestamp) -> Result<Timestamp, Fault> {
        now.checked_add(self.0).map_err(|_| Fault::Span { given: self.to_string() })
    }

    /// The time so much earlier.
    pub(super) fn before(self, now: Timestamp) -> Result<Timestamp, Fault> {
        now.checked_sub(self.0).map_err(|_| Fault::Span { given: self.to_string() })
    }
}

impl FromStr for Span {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let read = || {
            let (unit, seconds) = UNITS.into_iter().find(|(unit, _)| text.ends_with(*unit))?;
            let number = text.strip_suffix(unit)?;
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let number: i64 = digits.then(|| number.parse().ok())??;
            number.checked_mul(seconds).filter(|seconds| (1..=LONGEST).contains(seconds))
        };
        let seconds = read().ok_or_else(|| Fault::Span { given: text.to_owned() })?;
        Ok(Self(SignedDuration::from_secs(seconds)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let whole = |(_, unit): &&(char, i64)| seconds % unit == 0;
        let (unit, size) = UNITS.iter().rev().find(whole).copied().unwrap_or(('s', 1));
        write!(f, "{}{unit}", seconds / size)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|fault: Fault| de::Error::custom(fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written_alike() {
        for text in ["1s", "30m", "1h", "90d", "2w", "365d"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for bad in
            ["", "h", "1", "-1h", "+1h", "1.5h", "0d", "1y", "99999999999999999999s", "40000d"]
        {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
        for none in ["0s", "0h", "00d"] {
            assert_eq!(Span::or_nothing(none), Ok(SignedDuration::ZERO));
        }
        assert_eq!(Span::or_nothing("2h"), Ok(SignedDuration::from_hours(2)));
        for bad in ["", "0", "s", "-0s", "0x", "1"] {
            assert!(Span::or_nothing(bad).is_err(), "{bad}");
        }
    }
}
