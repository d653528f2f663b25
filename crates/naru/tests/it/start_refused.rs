//! A server that does not start says what is in the way and what to do, in both languages, and
//! leaves everything as it was.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{PASSWORD, Server, World, filters};

/// Somebody else than root.
const NOBODY: u32 = 65_534;

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// Runs a start that does not happen, in both languages.
fn refused(world: &World, change: impl Fn(&mut Command)) -> String {
    let said = ["C.UTF-8", "ko_KR.UTF-8"].map(|lang| {
        let mut command = world.naru(&SERVE);
        change(command.env("LANG", lang));
        let Output { status, stdout, stderr } = command.output().unwrap();
        assert_eq!((status.code(), stdout.len()), (Some(1), 0), "{lang}");
        String::from_utf8(stderr).unwrap()
    });
    said.join("").replace(&world.data().display().to_string(), "DATA")
}

/// A data directory in which a server once ran.
fn used() -> World {
    let mut world = World::new();
    assert_eq!(world.take_server().terminate().0, Some(0));
    world
}

fn starts(world: &World) {
    let server = Server::start(world.naru(&SERVE));
    assert_eq!(server.terminate().0, Some(0));
}

/// A file system that is there for a test alone. `None`, said aloud, where only root could have it.
struct Mount(std::path::PathBuf);

impl Mount {
    fn new(at: &Path, options: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at.to_owned()));
        }
        println!("SKIPPED: a file system cannot be mounted by this user");
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let done = Command::new("mount").args(["-o", &options]).arg(&self.0).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_directory_of_another_user_is_named_with_whom_to_start_as() {
    let world = used();
    let root = fs::metadata(world.home.path()).unwrap().uid() == 0;
    if root {
        fs::set_permissions(world.home.path(), Permissions::from_mode(0o755)).unwrap();
    } else {
        fs::set_permissions(world.data().join("naru.lock"), Permissions::from_mode(0o0)).unwrap();
    }
    let shown = refused(&world, |command| {
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
    });
    insta::assert_snapshot!(shown, @r"
    error: the data directory DATA cannot be used: permission is denied to this user
    hint: start naru as the user that owns DATA, or give the directory to this one: chown
    오류: 데이터 디렉터리를 사용할 수 없습니다: DATA: 이 사용자에게 권한이 없습니다
    도움말: 소유자로 naru를 시작하거나, chown으로 소유자를 변경하세요: DATA
    ");
}

#[test]
fn a_read_only_disk_is_named() {
    let world = World::empty();
    let Some(mount) = Mount::new(&world.data(), "size=16m,mode=700") else { return };
    starts(&world);
    mount.remount("ro");
    insta::assert_snapshot!(refused(&world, |_| {}), @r"
    error: the data directory DATA cannot be used: the disk is read-only
    hint: mount the disk of DATA so that it can be written
    오류: 데이터 디렉터리를 사용할 수 없습니다: DATA: 읽기 전용 디스크입니다
    도움말: 디스크를 쓸 수 있도록 다시 탑재하세요: DATA
    ");
    mount.remount("rw");
    starts(&world);
}

#[test]
fn a_full_disk_is_named_and_a_start_with_room_goes_on() {
    let world = World::empty();
    let Some(_mount) = Mount::new(&world.data(), "size=1m,mode=700") else { return };
    let filler = world.data().join("filler");
    let fill = || {
        let mut file = OpenOptions::new().create(true).append(true).open(&filler).unwrap();
        let mut written = 0;
        while file.write_all(&[0; 512]).is_ok() {
            written += 512;
        }
        assert!(written > 0);
    };
    fill();
    let shown = refused(&world, |_| {});
    insta::assert_snapshot!(shown, @r"
    error: the data directory DATA cannot be used: the disk is full
    hint: make room there, and start again: it goes on where it was
    오류: 데이터 디렉터리를 사용할 수 없습니다: DATA: 디스크가 가득 찼습니다
    도움말: 공간을 확보한 뒤 다시 시작하세요. 중단된 곳부터 계속합니다
    ");
    fs::remove_file(&filler).unwrap();
    starts(&world);
}

#[test]
fn a_file_in_the_place_of_the_directory_is_named() {
    let world = World::empty();
    fs::write(world.data(), "").unwrap();
    insta::assert_snapshot!(refused(&world, |_| {}), @r"
    error: the data directory DATA cannot be used: it is no directory
    hint: choose another directory with `--data-dir`
    오류: 데이터 디렉터리를 사용할 수 없습니다: DATA: 디렉터리가 아닙니다
    도움말: `--data-dir`로 다른 디렉터리를 지정하세요
    ");
}

#[test]
fn addresses_that_cannot_be_had_are_named() {
    let world = World::empty();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let shown = ["192.0.2.1:5000", &address].map(|address| {
        refused(&world, |command| {
            command.env("NARU_SERVER_LISTEN", address).args(["--listen", address]);
        })
    });
    filters().bind(|| {
        insta::assert_snapshot!(shown.join(""), @r"
    error: cannot listen on 192.0.2.1:5000: this machine has no such address
    hint: listen on an address of this machine, or on all: `--listen 0.0.0.0:5000`
    오류: 이 주소에서 수신할 수 없습니다: 192.0.2.1:5000: 이 컴퓨터에 없는 주소입니다
    도움말: 이 컴퓨터의 주소나 모든 주소를 지정하세요: `--listen 0.0.0.0:5000`
    error: cannot listen on 127.0.0.1:[port]: the address is in use
    hint: something else listens there: choose another address with `--listen`
    오류: 이 주소에서 수신할 수 없습니다: 127.0.0.1:[port]: 사용 중인 주소입니다
    도움말: 다른 프로그램이 이 주소를 쓰고 있습니다. `--listen`으로 다른 주소를 지정하세요
    ");
    });
    // Nothing was made that would count as a first start.
    assert!(!world.data().join("naru.db").exists());
}

#[test]
fn keys_that_others_may_read_and_keys_that_are_none_are_named_and_left_alone() {
    let world = used();
    let keys = world.data().join("keys.json");
    let right = fs::read(&keys).unwrap();
    fs::set_permissions(&keys, Permissions::from_mode(0o644)).unwrap();
    let exposed = refused(&world, |_| {});
    fs::set_permissions(&keys, Permissions::from_mode(0o600)).unwrap();
    fs::write(&keys, "{}").unwrap();
    let broken = refused(&world, |_| {});
    assert_eq!(fs::read(&keys).unwrap(), b"{}");
    insta::assert_snapshot!(exposed + &broken, @r"
    error: the key file DATA/keys.json may be read by others than its owner
    hint: chmod 600 DATA/keys.json
    오류: 소유자가 아닌 사용자도 키 파일을 읽을 수 있습니다: DATA/keys.json
    도움말: chmod 600 DATA/keys.json
    error: the key file DATA/keys.json does not hold the keys that it should
    hint: put the file back from a backup; without its keys stored passwords and tokens do not hold
    오류: 키 파일의 내용이 올바르지 않습니다: DATA/keys.json
    도움말: 백업에서 파일을 복원하세요. 이 키가 없으면 저장된 암호와 토큰을 쓸 수 없습니다
    ");
    fs::write(&keys, right).unwrap();
    starts(&world);
}

#[test]
fn a_newer_database_is_left_alone_and_so_is_another_programs() {
    let world = used();
    let database = || rusqlite::Connection::open(world.data().join("naru.db")).unwrap();
    let read =
        |name: &str| database().pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    let with = |name: &str, value: i64| {
        let right = read(name);
        database().pragma_update(None, name, value).unwrap();
        let shown = refused(&world, |_| {});
        assert_eq!(read(name), value, "it was changed");
        database().pragma_update(None, name, right).unwrap();
        shown
    };
    let newer = with("user_version", 99);
    let foreign = with("application_id", 7);
    let mut settings = filters();
    settings.add_filter(r"(up to|버전) \d+(:|까지)", "$1 [known]$2");
    settings.bind(|| {
        insta::assert_snapshot!(newer + &foreign, @r"
        error: the database has version 99, and this naru knows versions up to [known]: nothing was changed
        hint: start the version that wrote it, or a newer one
        오류: 데이터베이스 버전은 99이고, 이 naru는 버전 [known]까지 지원합니다. 아무것도 변경하지 않았습니다
        도움말: 이 데이터베이스를 쓴 버전이나 더 새로운 버전을 시작하세요
        error: the database in the data directory is another program's
        hint: choose another directory with `--data-dir`
        오류: 데이터 디렉터리의 데이터베이스는 다른 프로그램의 것입니다
        도움말: `--data-dir`로 다른 디렉터리를 지정하세요
        ");
    });
    starts(&world);
}

#[test]
fn a_lock_that_is_held_is_named_in_korean_too() {
    let world = World::new();
    let mut settings = filters();
    settings.add_filter(r"(process |프로세스 )\d+", "$1[number]");
    settings.bind(|| {
        insta::assert_snapshot!(refused(&world, |_| {}), @r"
    error: another naru serves from DATA already (process [number])
    hint: stop it first, or choose another directory with `--data-dir`
    오류: 다른 naru(프로세스 [number])가 이미 이 디렉터리에서 실행 중입니다: DATA
    도움말: 먼저 그 프로그램을 중지하거나, `--data-dir`로 다른 디렉터리를 지정하세요
    ");
    });
    assert_eq!(world.login("owner", PASSWORD), 200);
}

#[test]
fn a_password_of_the_owner_that_cannot_be_one_is_named_without_being_shown() {
    let world = World::empty();
    let shown = refused(&world, |command| {
        command.env("NARU_OWNER_PASSWORD", "short");
    });
    assert!(!shown.contains("short"), "{shown}");
    insta::assert_snapshot!(shown, @r"
    error: the owner's password in `NARU_OWNER_PASSWORD` cannot be used: a password has 8 to 1024 characters
    hint: give another one in `NARU_OWNER_PASSWORD`, or none: then the output says how to set it
    오류: `NARU_OWNER_PASSWORD`의 암호를 사용할 수 없습니다. 암호는 8~1024자여야 합니다
    도움말: `NARU_OWNER_PASSWORD`에 다른 암호를 지정하거나 비워 두세요. 비워 두면 설정 방법이 표시됩니다
    ");
}
