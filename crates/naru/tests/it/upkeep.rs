//! `naru gc` and `naru verify`, as a person and a script run them.

use naru_oci::Digest;

use crate::support::{World, filters};

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// Pushes a large blob and a small one with an image that names both, and a blob that nobody names.
fn pushed(world: &World) {
    let push = |content: &[u8]| {
        let digest = Digest::sha256(content);
        let path = format!("/v2/team/app/blobs/uploads/?digest={digest}");
        assert_eq!(world.send("POST", &path, "application/octet-stream", content), 201);
        digest
    };
    let (config, layer) = (push(b"{}"), push(&vec![7; 100_000]));
    push(b"nobody names this");
    let described = |media_type: &str, digest: &Digest| {
        format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":1}}"#)
    };
    let text = format!(
        r#"{{"schemaVersion":2,"config":{},"layers":[{}]}}"#,
        described("application/vnd.oci.image.config.v1+json", &config),
        described("application/vnd.oci.image.layer.v1.tar", &layer),
    );
    assert_eq!(world.send("PUT", "/v2/team/app/manifests/v1", IMAGE, text.as_bytes()), 201);
}

fn the_file(world: &World) -> std::path::PathBuf {
    let shards = std::fs::read_dir(world.data().join("blobs")).unwrap();
    let files = shards.flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap());
    let [file] = files.map(|file| file.unwrap().path()).collect::<Vec<_>>().try_into().unwrap();
    file
}

#[test]
fn what_nobody_needs_goes_and_is_told() {
    let world = World::new();
    pushed(&world);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("gc"), @r"
        exit 0
        DRY RUN                    no
        BLOBS CHECKED              3
        TAKEN OUT OF A REPOSITORY  0
        BLOBS REMOVED              0
        FILES REMOVED              0
        FREED                      0 B
        NOT SHOWN                  0
        INTERRUPTED                no
        ----
        ");
        insta::assert_snapshot!(world.shown("gc --lease 0s --dry-run"), @r"
        exit 0
        REASON                REPOSITORY  DIGEST
                              FILE        SIZE
        no manifest names it  team/app    sha256:3b8a66dd4d6f
                              -           17 B

        DRY RUN                    yes
        BLOBS CHECKED              3
        TAKEN OUT OF A REPOSITORY  1
        BLOBS REMOVED              1
        FILES REMOVED              0
        FREED                      17 B
        NOT SHOWN                  0
        INTERRUPTED                no
        ----
        ");
        insta::assert_snapshot!(world.shown_in("ko_KR.UTF-8", "gc --lease 0s --dry-run"), @r"
        exit 0
        이유                      리포지토리  다이제스트
                                  파일        크기
        참조하는 매니페스트 없음  team/app    sha256:3b8a66dd4d6f
                                  -           17 B

        미리 보기            예
        확인한 Blob          3
        리포지토리에서 제외  1
        제거한 Blob          1
        제거한 파일          0
        확보한 공간          17 B
        표시하지 않은 항목   0
        중단됨               아니요
        ----
        ");
    });
    let report = world.json("gc --lease 0s");
    assert_eq!((&report["dryRun"], &report["bytes"]), (&false.into(), &17.into()));
    assert_eq!(report["collected"][0]["repository"], "team/app");
    assert_eq!(world.json("gc --lease 0s")["collected"], serde_json::json!([]));
    let yaml = world.shown("gc --lease 0s -o yaml");
    assert!(
        yaml.contains("\ndryRun: false\n") || yaml.starts_with("exit 0\ndryRun: false\n"),
        "{yaml}"
    );
    let (code, error) = world.failed_json("gc --lease soon");
    assert_eq!((code, &error["error"]["code"]), (2, &"request-invalid".into()));
}

#[test]
fn what_is_whole_is_exit_0() {
    let world = World::new();
    pushed(&world);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("verify"), @r"
        exit 0
        CLEAN         yes
        BLOBS         3
        SIZE          97.6 KiB
        MANIFESTS     1
        FILES         1
        FAULTS        0
        REMARKS       0
        NOT SHOWN     0
        RESUMED FROM  -
        INTERRUPTED   no
        ----
        ");
    });
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    let world = World::new();
    pushed(&world);
    let file = the_file(&world);
    std::fs::write(&file, "broken").unwrap();
    let stray = world.data().join("blobs/ab").join("ab".repeat(16));
    std::fs::write(&stray, "stray").unwrap();
    let mut filters = filters();
    filters.add_filter(r"[0-9a-f]{2}/[0-9a-f]{32}", "[file]");
    filters.bind(|| {
        insta::assert_snapshot!(world.shown("verify"), @r"
        exit 1
        FAULT         blob-damaged
        MEANING       the bytes of this blob are not those of its digest
        DIGEST        sha256:2c4b101169bf328cd4a882e640a8b57eb3acf76518b3d105869905cf629e791c
        NAMED BY      -
        FILE          [file]
        FOUND         6 B != 100000 B
        REPOSITORIES  registry/team/app  v1
        WHAT TO DO    it is served to nobody any more: push an image that has it again, and the registry asks for it and has it whole; or put the file back from a backup and run `naru verify` again; and have the disk checked

        FAULT         file-stray
        MEANING       no row names this file
        DIGEST        -
        NAMED BY      -
        FILE          [file]
        FOUND         5 B
        REPOSITORIES  -
        WHAT TO DO    `naru gc` removes it when it is older than the lease; a file with a name of another kind is not the store's: move it away

        CLEAN         no
        BLOBS         3
        SIZE          97.6 KiB
        MANIFESTS     1
        FILES         2
        FAULTS        2
        REMARKS       0
        NOT SHOWN     0
        RESUMED FROM  -
        INTERRUPTED   no
        ----
        ");
        insta::assert_snapshot!(world.shown_in("ko_KR.UTF-8", "verify --resume"), @r"
        exit 1
        문제                 blob-damaged
        설명                 이 Blob의 내용이 다이제스트와 다릅니다
        다이제스트           sha256:2c4b101169bf328cd4a882e640a8b57eb3acf76518b3d105869905cf629e791c
        참조하는 매니페스트  -
        파일                 [file]
        확인된 값            6 B != 100000 B
        리포지토리           registry/team/app  v1
        조치                 이 Blob은 더 이상 제공되지 않습니다. 이 Blob이 들어 있는 이미지를 다시 푸시하면 새로 올라와 복구됩니다. 또는 백업에서 파일을 복원한 다음 `naru verify`를 다시 실행하세요. 디스크도 점검하세요

        문제                 file-stray
        설명                 이 파일은 기록에 없습니다
        다이제스트           -
        참조하는 매니페스트  -
        파일                 [file]
        확인된 값            5 B
        리포지토리           -
        조치                 임대 기간이 지나면 `naru gc`가 제거합니다. 이름의 형식이 다른 파일은 저장소의 파일이 아니므로 다른 곳으로 옮기세요

        이상 없음              아니요
        Blob                   3
        크기                   97.6 KiB
        매니페스트             1
        파일                   2
        문제                   2
        참고                   0
        표시하지 않은 항목     0
        이어서 한 검증의 시작  -
        중단됨                 아니요
        ----
        ");
    });
}

#[test]
fn what_is_wrong_is_exit_1_for_a_script_too() {
    let world = World::new();
    pushed(&world);
    let file = the_file(&world);
    std::fs::write(&file, "broken").unwrap();
    let output = world.naru(&["verify", "-o", "json"]).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(1), 0));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["clean"], &report["faultCount"]), (&false.into(), &1.into()));
    assert_eq!(report["faults"][0]["repositories"][0]["tags"], serde_json::json!(["v1"]));
    std::fs::remove_file(file).unwrap();
    let report = world.shown("verify -o yaml");
    assert!(report.starts_with("exit 1") && report.contains("code: blob-missing"), "{report}");
}

#[test]
fn without_a_server_it_says_how() {
    let world = World::empty();
    for line in ["gc", "verify"] {
        let told = world.shown(line);
        assert!(told.starts_with("exit 5") && told.contains("serve"), "{told}");
    }
}
