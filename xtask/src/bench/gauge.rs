//! What a server costs its machine, as the kernel counts it.

use std::fs;
use std::time::Duration;

use crate::failure::Failure;

/// The time that all threads of a process have run so far.
pub(super) fn cpu(process: u32) -> Result<Duration, Failure> {
    let reading = || Failure::machine(format!("read what process {process} has used"));
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).map_err(reading())? {
        let file = thread.map_err(reading())?.path().join("schedstat");
        // A thread may have ended in between.
        let text = fs::read_to_string(file).unwrap_or_default();
        sum += text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(sum))
}

/// A field of a process's status that counts kibibytes, as in `VmRSS` and `VmHWM`; in bytes.
pub(super) fn memory(process: u32, field: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .map_err(Failure::machine(format!("read the status of process {process}")))?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
        .and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes
        .map(|count| count * 1024)
        .ok_or_else(|| Failure::unexpected(format!("`{field}` in the status"), status))
}

/// The middle of several.
pub(super) fn median<T: Copy + Ord>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen_from_outside() {
        let own = std::process::id();
        assert!(cpu(own).unwrap() > Duration::ZERO);
        // In this order: other tests may take more meanwhile.
        let resident = memory(own, "VmRSS").unwrap();
        assert!(memory(own, "VmHWM").unwrap() >= resident);
        assert!(memory(own, "VmNone").is_err());
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3, 1, 2]), Some(2));
        assert_eq!(median::<u8>([]), None);
    }
}
