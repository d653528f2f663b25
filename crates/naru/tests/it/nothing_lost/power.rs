//! A loss of power: what was not synced is gone.
//!
//! SIGKILL leaves what the kernel still holds; here the file system stops in the midst of its work,
//! by `EXT4_IOC_SHUTDOWN` without a flush of its log, and is mounted anew. What comes back is what
//! was synced, and whatever the kernel had written of its own accord, as after a real one. A disk
//! that loses what it says it has flushed is beyond this: `durability.rs` of the store goes through
//! the order of each sync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::failing::{strace_is_there, under_strace};
use super::run::Run;
use super::{seed, set};

/// The number of `EXT4_IOC_SHUTDOWN`, and its flag that the log is not flushed before.
const SHUTDOWN: &str = r#"open(my $f, "<", $ARGV[0]) or die "open: $!";
    my $flags = pack("L", 2); ioctl($f, 0x8004587D, $flags) or die "ioctl: $!";"#;

/// A file system in a file.
struct Disk {
    image: PathBuf,
    mounted_at: PathBuf,
}

impl Disk {
    /// `None`, said aloud, where only root could have one.
    fn new(home: &Path) -> Option<Self> {
        let disk = Self { image: home.join("image"), mounted_at: home.join("disk") };
        std::fs::File::create(&disk.image).unwrap().set_len(512 << 20).unwrap();
        std::fs::create_dir(&disk.mounted_at).unwrap();
        let made = did(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&disk.image));
        if made.and_then(|()| disk.mount()).and_then(|()| disk.cut()).is_ok() {
            disk.again();
            return Some(disk);
        }
        println!("SKIPPED: this user cannot mount a file system of its own and have it stop");
        None
    }

    fn mount(&self) -> Result<(), String> {
        did(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.mounted_at))
    }

    /// From here on nothing reaches the disk any more.
    fn cut(&self) -> Result<(), String> {
        did(Command::new("perl").args(["-e", SHUTDOWN]).arg(&self.mounted_at))
    }

    /// The power is back.
    fn again(&self) {
        did(Command::new("umount").arg(&self.mounted_at)).unwrap();
        self.mount().unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _unmounted = did(Command::new("umount").arg("-l").arg(&self.mounted_at));
    }
}

fn did(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let told = || String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {}", told())) }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_goes() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(home.path()) else { return };
    let seed = seed();
    let mut run = Run::new(home.path(), disk.mounted_at.join("data"), seed).with_strays();
    for _ in 0..set("NARU_CUTS", 3) {
        run.round_until_cut(|server| {
            disk.cut().unwrap();
            drop(server);
            disk.again();
        });
    }
    println!("{}", run.finish());
}

#[test]
fn a_registry_that_does_not_sync_is_found_out() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(home.path()) else { return };
    if !strace_is_there() {
        return;
    }
    let mut run = Run::new(home.path(), disk.mounted_at.join("data"), seed()).with_strays();
    let pretended =
        |command| under_strace(&command, "fsync,fdatasync", "inject=fsync,fdatasync:retval=0");
    // What a first start makes is there for certain: it is the journal that is to find out.
    run.round_until_cut(|server| {
        drop(server);
        disk.cut().unwrap();
        disk.again();
    });
    let found_out = catch_unwind(AssertUnwindSafe(|| {
        for _ in 0..10 {
            run.round_under(pretended, |server| {
                disk.cut().unwrap();
                drop(server);
                disk.again();
            });
        }
    }));
    assert!(found_out.is_err(), "syncs that are none are as good as syncs");
}

#[test]
fn the_double_forgets_what_was_not_synced() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(home.path()) else { return };
    let (synced, not_synced) = (disk.mounted_at.join("synced"), disk.mounted_at.join("not"));
    std::fs::write(&synced, "kept").unwrap();
    std::fs::File::open(&synced).unwrap().sync_all().unwrap();
    std::fs::write(&not_synced, "lost").unwrap();
    disk.cut().unwrap();
    assert!(std::fs::write(disk.mounted_at.join("after"), "").is_err());
    disk.again();
    assert_eq!(std::fs::read_to_string(&synced).unwrap(), "kept");
    assert!(!not_synced.exists());
}
