//! `naru repository` and `naru manifest`, on what was pushed over HTTP.

use std::io::Write as _;
use std::process::Stdio;

use naru_testkit::image;
use serde_json::{Value, json};

use crate::support::{World, filters};

/// A server with two repositories; in one of them three tags on two manifests.
fn world() -> World {
    let world = World::new();
    for (tag, seed) in [("v1", "one"), ("V2", "two"), ("latest", "two")] {
        world.push("team/app", tag, &image(seed));
    }
    world.push("base", "v1", &image("base"));
    world
}

fn digest(seed: &str) -> String {
    image(seed).digest().to_string()
}

#[test]
fn repositories_and_tags_are_listed_and_shown() {
    let world = world();
    assert_eq!(world.json("repository list"), json!(["base", "team/app"]));
    assert_eq!(world.json("repository list --top 1"), json!(["base"]));
    assert_eq!(world.json("repository list -n Registry"), json!(["base", "team/app"]));
    let tags =
        |more: &str| world.json(&format!("repository show-tags --repository team/app{more}"));
    assert_eq!(tags(""), json!(["latest", "v1", "V2"]));
    assert_eq!(tags(" --orderby time_asc"), json!(["v1", "V2", "latest"]));
    assert_eq!(tags(" --orderby time_desc --top 2"), json!(["latest", "V2"]));
    let detail = &tags(" --detail")[1];
    assert_eq!((&detail["name"], &detail["digest"]), (&json!("v1"), &json!(digest("one"))));
    let shown = world.json("repository show --repository team/app");
    assert_eq!(shown["imageName"], "team/app");
    assert_eq!((&shown["manifestCount"], &shown["tagCount"]), (&json!(2), &json!(3)));
    assert_eq!(world.json("repository show -t team/app:v1"), *detail);
    let manifest = world.json(&format!("repository show --image team/app@{}", digest("two")));
    assert_eq!(manifest["tags"], json!(["latest", "V2"]));
    assert!(manifest.as_object().unwrap()["architecture"].is_null(), "known to be unknown");
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("repository list"), @r"
        exit 0
        NAME
        base
        team/app
        ----
        ");
        insta::assert_snapshot!(world.shown("repository show-tags --repository team/app"), @r"
        exit 0
        NAME
        latest
        v1
        V2
        ----
        ");
        insta::assert_snapshot!(world.shown("repository show-tags --repository team/app --detail"), @r"
        exit 0
        TAG     UPDATED               LOCKED
        DIGEST
        latest  [time]  -
        sha256:92865e73c5d622ac326f46397b2fdda97ad0b1ed0c7b355d3789c064f00b73d0
        v1      [time]  -
        sha256:2302096459dabf0a03ddf8252f3b67efcfc133113d79880efff9af1faebfe862
        V2      [time]  -
        sha256:92865e73c5d622ac326f46397b2fdda97ad0b1ed0c7b355d3789c064f00b73d0
        ----
        ");
        insta::assert_snapshot!(world.shown("repository show --repository team/app"), @r"
        exit 0
        NAME       team/app
        REGISTRY   registry
        TAGS       3
        MANIFESTS  2
        LOCKED     -
        CREATED    [time]
        UPDATED    [time]
        ----
        ");
        insta::assert_snapshot!(world.shown_in("ko_KR.UTF-8", "repository show --image team/app:v1"), @r"
        exit 0
        태그             v1
        다이제스트       sha256:2302096459dabf0a03ddf8252f3b67efcfc133113d79880efff9af1faebfe862
        잠금             -
        만든 날짜        [time]
        업데이트한 날짜  [time]
        ----
        ");
    });
}

#[test]
fn manifests_are_listed_and_shown_as_they_were_pushed() {
    let world = world();
    let listed = world.json("manifest list-metadata team/app");
    assert_eq!(listed, world.json("manifest list-metadata -n team/app"));
    let mut digests: Vec<_> = listed.as_array().unwrap().iter().map(|one| &one["digest"]).collect();
    digests.sort_by_key(|digest| digest.as_str().unwrap().to_owned());
    let mut both = [digest("one"), digest("two")];
    both.sort();
    assert_eq!(digests, both.iter().map(String::as_str).collect::<Vec<_>>());
    let latest = world.json("manifest list-metadata team/app --orderby time_desc --top 1");
    assert_eq!(latest[0]["digest"], digest("two"));
    let pushed: Value = serde_json::from_slice(&image("one").manifest).unwrap();
    assert_eq!(world.json("manifest show team/app:v1"), pushed);
    // The login server may stand before it, and blanks of the manifest stay in it.
    let spaced = [b" ".as_slice(), &image("one").manifest, b"\n\n"].concat();
    world.put_manifest("team/app", "spaced", &spaced);
    let id = format!("{}/team/app:spaced", world.server().address());
    let raw = world.naru(&["manifest", "show", &id, "--raw"]).output().unwrap();
    assert_eq!(raw.stdout, spaced);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("manifest list-metadata team/app --orderby time_asc --top 2"), @r"
        exit 0
        TAGS       SIZE  UPDATED               LOCKED
        DIGEST
        v1         314   [time]  -
        sha256:2302096459dabf0a03ddf8252f3b67efcfc133113d79880efff9af1faebfe862
        latest V2  314   [time]  -
        sha256:92865e73c5d622ac326f46397b2fdda97ad0b1ed0c7b355d3789c064f00b73d0
        ----
        ");
        insta::assert_snapshot!(world.shown_in("ko_KR.UTF-8", "manifest list-metadata base"), @r"
        exit 0
        태그  크기  업데이트한 날짜       잠금
        다이제스트
        v1    315   [time]  -
        sha256:ae44cb35bd3a531a29963bf5366da8b8180cc681bd65fce4b66a4878f293d69a
        ----
        ");
        insta::assert_snapshot!(world.shown("manifest show team/app:v1"), @r"
        exit 0
        MEDIA TYPE     application/vnd.oci.image.manifest.v1+json
        ARTIFACT TYPE  -
        CONFIG         sha256:e24cc1721278d029b8329f371d147d2eb8d4df22291ed46f8d7e2d2073e66981  14
        LAYERS         sha256:0abe9fa5b550ac2d22d69478d5dc338f9f1b162ae6a251465902ad09be897dd9  300
        MANIFESTS      -
        SUBJECT        -
        ----
        ");
        insta::assert_snapshot!(world.shown(&format!("manifest show-metadata team/app@{}", digest("two"))), @r"
        exit 0
        DIGEST            sha256:92865e73c5d622ac326f46397b2fdda97ad0b1ed0c7b355d3789c064f00b73d0
        TAGS              latest
                          V2
        MEDIA TYPE        application/vnd.oci.image.manifest.v1+json
        ARTIFACT TYPE     application/vnd.oci.image.config.v1+json
        CONFIG TYPE       application/vnd.oci.image.config.v1+json
        ARCHITECTURE      -
        OPERATING SYSTEM  -
        SIZE              314
        LOCKED            -
        CREATED           [time]
        UPDATED           [time]
        ----
        ");
    });
}

#[test]
fn what_refers_to_a_manifest_is_listed() {
    let world = world();
    let mut signature: Value = serde_json::from_slice(&image("one").manifest).unwrap();
    signature["subject"] = json!({
        "mediaType": naru_testkit::MANIFEST, "digest": digest("one"), "size": 1,
    });
    signature["artifactType"] = json!("application/example.signature");
    world.put_manifest("team/app", "signature", signature.to_string().as_bytes());
    let referrers = world.json("manifest list-referrers team/app:v1");
    assert_eq!(referrers[0]["artifactType"], "application/example.signature");
    let none = "manifest list-referrers -n team/app:v1 --artifact-type application/other";
    assert_eq!(world.json(none), json!([]));
    let of_nothing = format!("manifest list-referrers team/app@{}", digest("none"));
    assert_eq!(world.json(&of_nothing), json!([]), "it need not be there");
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("manifest list-referrers team/app:v1"), @r"
        exit 0
        ARTIFACT TYPE                  SIZE
        DIGEST
        application/example.signature  603
        sha256:41a9af9c6feaafcb12d68f4fc71a136bdb432ecdce59e864b990edb6f416934c
        ----
        ");
    });
}

#[test]
fn a_lock_is_set_shown_told_of_and_lifted() {
    let world = world();
    let locked = world.json("repository update --image team/app:latest --write-enabled false");
    assert_eq!(locked["changeableAttributes"]["writeEnabled"], false);
    assert_eq!(
        world.send(
            "PUT",
            "/v2/team/app/manifests/latest",
            naru_testkit::MANIFEST,
            &image("two").manifest
        ),
        405
    );
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("repository show --image team/app:latest"), @r"
        exit 0
        TAG      latest
        DIGEST   sha256:92865e73c5d622ac326f46397b2fdda97ad0b1ed0c7b355d3789c064f00b73d0
        LOCKED   write
        CREATED  [time]
        UPDATED  [time]
        ----
        ");
        // By another tag of the same manifest, and with the repository: it is that tag that stands
        // in the way, and the hint names it.
        insta::assert_snapshot!(world.shown("repository delete --image team/app:V2 --yes"), @r"
        exit 1
        ----
        error: the tag `team/app:latest` is locked
        hint: lift the lock: naru repository update --image team/app:latest --delete-enabled true --write-enabled true
        ");
        insta::assert_snapshot!(world.shown_in("ko_KR.UTF-8", "repository delete --repository team/app --yes"), @r"
        exit 1
        ----
        오류: 잠겨 있습니다(태그): `team/app:latest`
        도움말: 다음 명령으로 잠금을 해제하세요: naru repository update --image team/app:latest --delete-enabled true --write-enabled true
        ");
    });
    let (code, error) = world.failed_json("repository untag --image team/app:latest");
    assert_eq!((code, &error["error"]["code"]), (1, &json!("registry-locked")));
    let hint = error["error"]["hint"].as_str().unwrap();
    let command = hint.split_once("naru ").unwrap().1;
    world.json(command);
    world.json("repository untag --image team/app:latest");
    let read = format!("manifest update-metadata team/app@{} --read-enabled false", digest("one"));
    world.json(&read);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("manifest show team/app:v1"), @r"
        exit 1
        ----
        error: the manifest `team/app@sha256:2302096459dabf0a03ddf8252f3b67efcfc133113d79880efff9af1faebfe862` is locked
        hint: lift the lock: naru repository update --image team/app@sha256:2302096459dabf0a03ddf8252f3b67efcfc133113d79880efff9af1faebfe862 --read-enabled true
        ");
    });
    world.json("repository update --repository base --list-enabled false");
    assert_eq!(world.json("repository list"), json!(["team/app"]));
    assert_eq!(world.json("repository show --repository base")["tagCount"], 1);
}

#[test]
fn what_is_deleted_is_said_and_a_tag_alone_is_taken_off() {
    let world = world();
    let untagged = world.json("repository untag -t team/app:v1");
    assert_eq!(untagged, json!({ "name": "team/app:v1", "deleted": true }));
    assert_eq!(
        world.json(&format!("manifest show-metadata team/app@{}", digest("one")))["tags"],
        json!([])
    );
    // A tag that lists do not show goes too, and is named.
    world.json("repository update --image team/app:V2 --list-enabled false");
    let deleted = world.json("repository delete --image team/app:latest --yes");
    let both = json!({ "manifestsDeleted": [digest("two")], "tagsDeleted": ["latest", "V2"] });
    assert_eq!(deleted, both);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown(&format!("manifest delete -n team/app@{} -y", digest("one"))), @r"
        exit 0
        DELETED MANIFESTS  sha256:2302096459dabf0a03ddf8252f3b67efcfc133113d79880efff9af1faebfe862
        DELETED TAGS       -
        ----
        ");
        insta::assert_snapshot!(world.shown("repository delete --repository base -y"), @r"
        exit 0
        DELETED MANIFESTS  sha256:ae44cb35bd3a531a29963bf5366da8b8180cc681bd65fce4b66a4878f293d69a
        DELETED TAGS       v1
        ----
        ");
    });
    assert_eq!(world.json("repository list"), json!(["team/app"]), "it ends by its own deletion");
    let events = world.json("events repository --since 1h");
    let told: Vec<_> = events
        .as_array()
        .unwrap()
        .iter()
        .take(5)
        .map(|event| {
            let [operation, repository, tag, identity] =
                ["OperationName", "Repository", "Tag", "Identity"]
                    .map(|key| event[key].as_str().unwrap_or("-").to_owned());
            format!("{operation} {repository} {tag} {identity}")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    Delete base - local
    Delete team/app - local
    Delete team/app latest local
    Update team/app V2 local
    Untag team/app v1 local
    ");
}

#[test]
fn nothing_is_deleted_without_a_yes() {
    let world = world();
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("repository delete --repository base"), @r"
        exit 2
        ----
        error: this deletes for good, and there is no terminal to ask on
        hint: say `--yes` to do it without being asked
        ");
        insta::assert_snapshot!(world.shown_in("ko_KR.UTF-8", "manifest delete base:v1"), @r"
        exit 2
        ----
        오류: 삭제하면 되돌릴 수 없지만, 확인을 받을 터미널이 없습니다
        도움말: 확인 없이 삭제하려면 `--yes`를 지정하세요
        ");
    });
    assert_eq!(world.json("repository list"), json!(["base", "team/app"]));
}

/// What a command says on a terminal of its own (`script` of util-linux makes one), with an answer
/// typed there.
fn typed(world: &World, line: &str, answer: &str) -> String {
    let command =
        format!("{} --data-dir {} {line}", env!("CARGO_BIN_EXE_naru"), world.data().display());
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).env("LANG", "C.UTF-8");
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = script.spawn().unwrap();
    child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    format!(
        "exit {}\n{}",
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap().replace('\r', "")
    )
}

#[test]
fn on_a_terminal_it_is_asked_for_by_name() {
    let world = world();
    let no = typed(&world, "repository delete --image team/app:latest", "n\n");
    let two = digest("two");
    assert!(
        no.contains(&format!(
            "the manifest {two} of `team/app` is deleted with all its tags: latest, V2"
        )),
        "{no}"
    );
    assert!(no.starts_with("exit 1\n") && no.contains("nothing was deleted"), "{no}");
    let yes = typed(&world, "repository delete --repository team/app", "y\n");
    assert!(
        yes.contains(
            "the repository `team/app` is deleted with all that is in it: 2 manifests, 3 tags"
        ),
        "{yes}"
    );
    assert!(yes.starts_with("exit 0\n"), "{yes}");
    assert_eq!(world.json("repository list"), json!(["base"]));
}

#[test]
fn what_is_no_image_is_said() {
    let world = world();
    let mut told = Vec::new();
    for line in [
        "repository show --image team/app",
        "repository show --image Team/App:v1",
        "repository show --image team/app@sha256:short",
        "repository show --repository team/app:v1",
        "repository show --repository /",
        "repository update --repository base",
        &format!("repository untag --image team/app@{}", digest("one")),
    ] {
        told.push(format!("{line}\n{}", world.shown(line)));
    }
    filters().bind(|| {
        insta::assert_snapshot!(told.join("\n"), @r"
    repository show --image team/app
    exit 2
    ----
    error: `team/app` is not an image: REPOSITORY:TAG or REPOSITORY@DIGEST
    hint: did you mean `team/app:latest`?

    repository show --image Team/App:v1
    exit 2
    ----
    error: `Team/App:v1` is not an image: REPOSITORY:TAG or REPOSITORY@DIGEST
    hint: did you mean `team/app:v1`?

    repository show --image team/app@sha256:short
    exit 2
    ----
    error: `team/app@sha256:short` is not an image: REPOSITORY:TAG or REPOSITORY@DIGEST

    repository show --repository team/app:v1
    exit 2
    ----
    error: `team/app:v1` is not a repository name
    hint: did you mean `team/app`?

    repository show --repository /
    exit 2
    ----
    error: `/` is not a repository name

    repository update --repository base
    exit 2
    ----
    error: nothing to change was given

    repository untag --image team/app@sha256:2302096459dabf0a03ddf8252f3b67efcfc133113d79880efff9af1faebfe862
    exit 2
    ----
    error: only a tag is taken off: REPOSITORY:TAG
    ");
    });
}

#[test]
fn what_is_not_there_is_said_with_where_to_look() {
    let world = world();
    let gone = digest("none");
    let mut told = Vec::new();
    for line in [
        "repository show --repository none",
        "repository show --image team/app:none",
        "manifest show none:v1",
        &format!("manifest delete team/app@{gone} --yes"),
        "repository show-tags --repository base -n elsewhere",
    ] {
        told.push(format!("{line}\n{}", world.shown(line)));
    }
    filters().bind(|| insta::assert_snapshot!(told.join("\n"), @r"
    repository show --repository none
    exit 3
    ----
    error: there is no repository `none`
    hint: see what there is: naru repository list

    repository show --image team/app:none
    exit 3
    ----
    error: there is no tag `team/app:none`
    hint: see what there is: naru repository show-tags --repository team/app

    manifest show none:v1
    exit 3
    ----
    error: there is no repository `none`
    hint: see what there is: naru repository list

    manifest delete team/app@sha256:b99c849ad73fcf5ccede62f59cf8bcaa6d68eb900e0e3bf79e27e7ab81369fab --yes
    exit 3
    ----
    error: there is no manifest `team/app@sha256:b99c849ad73fcf5ccede62f59cf8bcaa6d68eb900e0e3bf79e27e7ab81369fab`
    hint: see what there is: naru manifest list-metadata team/app

    repository show-tags --repository base -n elsewhere
    exit 3
    ----
    error: there is no registry `elsewhere`
    hint: see what there is: naru registry list
    "));
}

#[test]
fn one_thing_is_to_be_named() {
    let world = World::empty();
    for line in [
        "repository show",
        "repository show --repository a --image a:b",
        "manifest show",
        "repository show-tags",
    ] {
        assert!(world.shown(line).starts_with("exit 2\n"), "{line}");
    }
}
